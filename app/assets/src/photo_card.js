/** The card of a photo that is still on this device (components/_photo_template.html). */
import htmx from "htmx.org";

/** A card with a preview of `file`; browsers that cannot draw it (HEIC) keep the icon. */
export function localCard(file, { onRetry, onRemove }) {
  const template = document.getElementById("photo-template");
  const card = template.content.firstElementChild.cloneNode(true);
  const image = card.querySelector("img");
  const url = URL.createObjectURL(file);
  image.addEventListener("load", () => {
    image.hidden = false;
    URL.revokeObjectURL(url);
  });
  image.addEventListener("error", () => URL.revokeObjectURL(url));
  image.src = url;
  card.querySelector("[data-photo-retry]").addEventListener("click", onRetry);
  card.querySelector("[data-photo-remove]").addEventListener("click", onRemove);
  return card;
}

/** `state` is waiting, sending, retrying or refused; `percent` moves the bar. */
export function show(card, state, words, percent = 0) {
  card.dataset.state = state;
  card.querySelector("[data-photo-words]").textContent = words;
  card.querySelector("progress").value = percent;
  card.querySelector("[data-photo-retry]").hidden = !["retrying", "refused"].includes(state);
  card.querySelector("[data-photo-remove]").hidden = state !== "refused";
}

/** Put the server's card in the place of ours; parts of the answer for elsewhere go there. */
export function finish(card, html) {
  return htmx.swap({ text: html, target: card, sourceElement: card, swap: "outerHTML" });
}
