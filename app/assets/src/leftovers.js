/**
 * The page of a closed report shows what was never sent from this device. Its forms are gone, so it
 * can only be copied, downloaded and discarded.
 */
import { device } from "./device.js";
import { contentOf } from "./entries.js";

let started = false;

export async function start() {
  if (started || !device()) return;
  started = true;
  const place = document.querySelector("[data-leftovers]");
  const operations = await device().list({ report: place.dataset.leftovers });
  if (!operations.length) return;
  const list = place.querySelector("ul");
  for (const operation of operations) list.append(await row(place, operation));
  place.querySelector("[data-leftovers-discard]").addEventListener("click", async () => {
    for (const { clientId } of operations) await device().discard(clientId);
    place.hidden = true;
  });
  place.hidden = false;
}

async function row(place, operation) {
  const made = place.querySelector("template").content.firstElementChild.cloneNode(true);
  const { file_name: name = "" } = Object.fromEntries(operation.payload);
  made.querySelector(".row-title").textContent = questionOf(operation) || name;
  made.querySelector("[data-leftovers-words]").textContent = name || wordsOf(operation);
  const bytes = await device().bytesOf(operation.clientId);
  if (bytes) offerFile(made.querySelector("a"), bytes, name || "signature.png");
  return made;
}

function questionOf({ field }) {
  return document.querySelector(`#field-${CSS.escape(field)} .read-question`)?.innerText ?? field;
}

const FACTS = new Set(["placement", "photo", "seen", "strokes", "role_id", "step"]);

function wordsOf({ payload }) {
  const said = contentOf(payload).filter(([name, value]) => !FACTS.has(name) && value.trim());
  return said.map(([, value]) => value).join(" · ");
}

function offerFile(link, bytes, name) {
  link.href = URL.createObjectURL(new Blob([bytes]));
  link.download = name;
  link.hidden = false;
}
