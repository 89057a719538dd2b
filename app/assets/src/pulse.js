/**
 * What others change in the report while this page is open: every few seconds the cards that are
 * untouched here are replaced, and say who changed them. A card with text of this device keeps it.
 */
import htmx from "htmx.org";
import { signatureOf } from "./entries.js";
import { FORM, formOf, versionOf } from "./field_form.js";
import { drawnAt, ownOperations, thisReport } from "./this_report.js";
import { word } from "./words.js";

const EVERY_MS = 8000;
const PATIENCE_MS = 6000;
let since = null;
let isAsking = false;

export function start() {
  if (since !== null || !drawnAt() || !thisReport().report) return;
  since = drawnAt();
  setInterval(beat, EVERY_MS);
}

async function beat() {
  if (document.hidden || isAsking) return;
  isAsking = true;
  const found = await ask().catch(() => null);
  isAsking = false;
  if (!found) return;
  if (found.closed) return location.reload();
  await apply(found);
  since = found.at;
}

async function ask() {
  const url = `/reports/${thisReport().report}/pulse?since=${encodeURIComponent(since)}`;
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const response = await fetch(url, { headers: { "X-Requested-With": "fetch" }, cache: "no-store", signal });
  return response.ok ? response.json() : null;
}

async function apply({ fields, progress }) {
  const unsent = new Set((await ownOperations()).map(({ field }) => field));
  const changed = fields.filter((one) => isNews(one) && !unsent.has(one.field_id));
  for (const one of changed) await replaceCard(one);
  const body = document.body;
  if (progress) await htmx.swap({ text: progress, target: body, sourceElement: body, swap: "none" });
}

/** Other than what is shown and not older, and nobody is typing there. */
function isNews({ field_id: field, row_version: version, card }) {
  const [form, old] = [formOf(field), document.getElementById(`field-${field}`)];
  if (!form || versionOf(form) > version || old.contains(document.activeElement)) return false;
  return facts(new DOMParser().parseFromString(card, "text/html")) !== facts(old);
}

/** What a card shows of the server: its answer, the values that wait for a choice, its photos. */
function facts(card) {
  const shown = card.querySelectorAll("input[name=row_version], [data-conflict], [data-photo]");
  return JSON.stringify([...shown].map(({ value, dataset }) => [value, dataset.conflict, dataset.photo, dataset.version]));
}

async function replaceCard({ field_id: field, by, card }) {
  const old = document.getElementById(`field-${field}`);
  const before = signatureOf(old.querySelector(FORM));
  await htmx.swap({ text: card, target: old, sourceElement: old, swap: "outerHTML" });
  const form = formOf(field);
  if (!form || signatureOf(form) === before) return;
  const note = document.createElement("p");
  note.className = "changed-by";
  note.setAttribute("role", "status");
  note.textContent = word("changed_by").replace("{name}", by);
  form.append(note);
}
