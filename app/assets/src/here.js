/**
 * Buttons that fill in where this device is: data-position-for="#latitude #longitude", and how
 * accurate that is into data-position-said="#element". A map hears of it by laudo:position.
 */
import { positionNow } from "./position.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

export function watchHere() {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-position-for]");
    if (!button || button.disabled) return;
    button.disabled = true;
    const found = await positionNow();
    button.disabled = false;
    if (!found) return toast("warning", word("no_position"));
    const [latitude, longitude] = button.dataset.positionFor.split(" ");
    document.querySelector(latitude).value = found.latitude;
    document.querySelector(longitude).value = found.longitude;
    const said = document.querySelector(button.dataset.positionSaid);
    if (said) said.textContent = word("position_accuracy").replace("{metres}", Math.ceil(found.accuracy));
    button.dispatchEvent(new CustomEvent("laudo:position", { bubbles: true, detail: found }));
  });
}
