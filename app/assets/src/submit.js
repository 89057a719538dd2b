/**
 * Submitting from this device: the report is closed here at once and queued; the server checks it
 * when everything before has arrived. If something is missing, it is open again, and what is
 * missing stands at its top.
 */
import { device, isAway, keep } from "./device.js";
import { followOwn, ownOperations, thisReport } from "./this_report.js";

let started = false;

export function start() {
  if (started || !device()) return;
  started = true;
  document.addEventListener("click", ({ target }) => {
    if (target.closest?.("[data-submit-here]")) keep({ ...thisReport(), kind: "submit" });
    if (target.closest?.("[data-submit-undo]")) reopen();
  });
  device().subscribe(offer);
  followOwn(onEvent, overlay);
}

function onEvent({ type, operation, verdict, sentence }) {
  if (operation.kind !== "submit") return;
  if (type === "settled") return location.assign(verdict.redirect || `/reports/${operation.report}`);
  show(type === "gone" ? null : operation, sentence, type === "added");
}

/** The review page needs the server; without it, the fill page can submit. */
function offer() {
  const isHere = isAway() || !navigator.onLine;
  for (const button of document.querySelectorAll("[data-submit-here]")) button.hidden = !isHere;
  for (const link of document.querySelectorAll("[data-submit-there]")) link.hidden = isHere;
}

function overlay(operations) {
  show(operations.find(({ kind }) => kind === "submit") ?? null);
  offer();
}

async function reopen() {
  for (const { kind, clientId } of await ownOperations()) if (kind === "submit") device().discard(clientId);
}

/** Closed while it waits; open, with what is missing, once the server has refused it. */
function show(operation, sentence = "", isNew = false) {
  const place = document.querySelector("[data-submit-place]");
  if (!place) return;
  const isRefused = operation?.state === "parked";
  const isClosed = Boolean(operation) && !isRefused;
  place.hidden = !operation;
  place.querySelector("[data-submit-queued]").hidden = !isClosed;
  place.querySelector("[data-submit-refused]").hidden = !isRefused;
  place.querySelector("[data-submit-sentence]").textContent = operation?.sentence || sentence;
  if (isRefused) drawMissing(place.querySelector("[data-submit-missing]"), operation.fragment);
  // What was handed to the server may be accepted there any moment.
  place.querySelector("[data-submit-undo]").hidden = !["waiting", "early"].includes(operation?.state);
  for (const part of document.querySelectorAll("[data-closes-with-submit]")) part.inert = isClosed;
  // The button is at the other end of the page.
  if (isRefused || isNew) place.scrollIntoView();
}

function drawMissing(place, html) {
  const page = new DOMParser().parseFromString(html ?? "", "text/html");
  place.replaceChildren(...document.adoptNode(page.body).childNodes);
}
