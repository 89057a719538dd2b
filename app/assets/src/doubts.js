/**
 * Says on a photo's card that it looks blurred or dark, while the person still stands before the
 * thing. The photo is kept either way. Loaded with the first photo that is added.
 */
import { greyOf, judge } from "./sharpness.js";
import { word } from "./words.js";

// From the photo's id on this device, later that of its placement, to the name of the sentence. The
// server's cards replace each other and know nothing of it.
const doubts = new Map();

document.addEventListener("click", clicked);
document.addEventListener("htmx:after:swap", paint);

export async function look(clientId, bytes) {
  const picture = await greyOf(bytes).catch(() => null);
  if (!picture) return;
  const { isDark, isBlurred } = judge(picture.grey, picture.width, picture.height);
  if (!isDark && !isBlurred) return;
  doubts.set(clientId, isDark ? "photo_dark" : "photo_blurred");
  paint();
}

/** The server's card of the photo, which replaces ours, names its placement. */
export function follow(clientId, fragment) {
  const [, placement] = /data-photo="([^"]+)"/.exec(fragment) ?? [];
  if (!placement || !doubts.has(clientId)) return;
  doubts.set(placement, doubts.get(clientId));
  doubts.delete(clientId);
  paint();
}

function cardOf(id) {
  const name = CSS.escape(id);
  return document.querySelector(`[data-photo="${name}"], [data-photo-local="${name}"]`);
}

function paint() {
  for (const [id, key] of doubts) {
    const card = cardOf(id);
    if (card && !card.querySelector("[data-photo-doubt]")) card.append(draw(id, key));
  }
}

function draw(id, key) {
  const template = document.getElementById("photo-doubt-template");
  const doubt = template.content.firstElementChild.cloneNode(true);
  doubt.dataset.photoDoubt = id;
  doubt.querySelector("[data-doubt-words]").textContent = word(key);
  return doubt;
}

function clicked({ target }) {
  const doubt = target.closest?.("[data-photo-doubt]");
  if (!doubt) return;
  if (target.closest("[data-doubt-again]")) {
    doubt.closest("[data-photos]").querySelector("[data-photo-form] [data-source=camera]").click();
  } else if (!target.closest("[data-doubt-keep]")) {
    return;
  }
  doubts.delete(doubt.dataset.photoDoubt);
  doubt.remove();
}
