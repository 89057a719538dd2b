/**
 * On the page of a closed report: the words and photos for it that never left this device. The
 * form that would send them is gone, so they are shown here to be copied and downloaded.
 */
import { forget, kept } from "./store.js";

const HIDDEN = new Set(["csrf_token", "row_version", "client_id", "client_at"]);
let started = false;

export async function start() {
  if (started) return;
  started = true;
  const place = document.querySelector("[data-leftovers]");
  const under = place.dataset.leftovers;
  const saves = await kept("saves", ({ key }) => key.startsWith(under));
  const photos = await kept("photos", ({ url }) => url.startsWith(under));
  if (!saves.length && !photos.length) return;
  const list = place.querySelector("ul");
  for (const { key, entries } of saves) list.append(row(place, key, wordsOf(entries)));
  for (const photo of photos) list.append(withFile(row(place, photo.url, photo.file.name), photo.file));
  place.querySelector("[data-leftovers-discard]").addEventListener("click", async () => {
    for (const { key } of saves) await forget("saves", key);
    for (const { key } of photos) await forget("photos", key);
    place.hidden = true;
  });
  place.hidden = false;
}

function row(place, address, words) {
  const made = place.querySelector("template").content.firstElementChild.cloneNode(true);
  made.querySelector(".row-title").textContent = questionAt(address);
  made.querySelector("[data-leftovers-words]").textContent = words;
  return made;
}

/** Such an address holds /fields/<id>; the page shows the question of that field. */
function questionAt(address) {
  const id = address.split("/fields/")[1]?.split("/")[0] ?? "";
  return document.querySelector(`#field-${CSS.escape(id)} .read-question`)?.innerText ?? id;
}

function wordsOf(entries) {
  const said = entries.filter(([name, value]) => !HIDDEN.has(name) && value.trim());
  return said.map(([, value]) => value).join(" · ");
}

function withFile(made, file) {
  const link = made.querySelector("a");
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.hidden = false;
  return made;
}
