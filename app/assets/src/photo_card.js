/** The card of a photo that is still on this device (components/_photo_template.html). */
import htmx from "htmx.org";
import { word } from "./words.js";

export function localCard(clientId) {
  return document.querySelector(`[data-photo-local="${CSS.escape(clientId)}"]`);
}

// card -> what reads its bytes. Hundreds of pictures may wait: only those in sight are read.
const unread = new WeakMap();
const sight = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) look(target);
  },
  { rootMargin: "300px" },
);

/** A card with a preview, or with an icon if the browser cannot show the picture (HEIC). */
export function drawCard(clientId, read) {
  const template = document.getElementById("photo-template");
  const card = template.content.firstElementChild.cloneNode(true);
  card.dataset.photoLocal = clientId;
  unread.set(card, read);
  sight.observe(card);
  return card;
}

async function look(card) {
  sight.unobserve(card);
  const bytes = await unread.get(card)();
  if (bytes) preview(card.querySelector("img"), bytes);
}

function preview(image, bytes) {
  const url = URL.createObjectURL(new Blob([bytes]));
  const isOver = () => URL.revokeObjectURL(url);
  image.addEventListener("load", () => {
    image.hidden = false;
    isOver();
  });
  image.addEventListener("error", isOver);
  image.src = url;
}

/** `state` is waiting, sending, retrying, refused or unkept; `percent` moves the bar. */
export function show(card, state, words = word(`photo_${state}`), percent = null) {
  card.dataset.state = state;
  card.querySelector("[data-photo-words]").textContent = words;
  if (percent !== null) card.querySelector("progress").value = percent;
  card.querySelector("[data-photo-retry]").hidden = state !== "refused";
}

/** Replace our card by the server's; out-of-band parts of the answer go to their own places. */
export function finish(card, html) {
  return htmx.swap({ text: html, target: card, sourceElement: card, swap: "outerHTML" });
}
