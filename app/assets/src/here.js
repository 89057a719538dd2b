/**
 * Buttons that fill in the device's position: data-position-for="#latitude #longitude", and its
  * accuracy into data-position-said="#element". Maps get the event laudo:position. Or both into one
  * box, data-position-into="#box", with the events of typing.
 */
import { positionNow } from "./position.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

export function watchHere() {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-position-for], [data-position-into]");
    if (!button || button.disabled) return;
    button.disabled = true;
    const found = await positionNow();
    button.disabled = false;
    if (!found) return toast("warning", word("no_position"));
    if (button.dataset.positionInto) return typeInto(document.querySelector(button.dataset.positionInto), found);
    const [latitude, longitude] = button.dataset.positionFor.split(" ");
    document.querySelector(latitude).value = found.latitude;
    document.querySelector(longitude).value = found.longitude;
    const said = document.querySelector(button.dataset.positionSaid);
    if (said) said.textContent = word("position_accuracy").replace("{metres}", Math.ceil(found.accuracy));
    button.dispatchEvent(new CustomEvent("laudo:position", { bubbles: true, detail: found }));
  });
}

function typeInto(box, { latitude, longitude }) {
  box.value = `${latitude}, ${longitude}`;
  box.dispatchEvent(new Event("change", { bubbles: true }));
}
