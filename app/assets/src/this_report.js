/** The report that this page is about, and its operations on this device. */
import { device } from "./device.js";

let turns = Promise.resolve();

function meta() {
  return document.querySelector('meta[name="report"]');
}

/** {report, reportName} for new operations. */
export function thisReport() {
  const { content = "", dataset = {} } = meta() ?? {};
  return { report: content, reportName: dataset.name ?? "" };
}

/** Its operations on this device, oldest first. */
export function ownOperations() {
  return device().list({ report: thisReport().report });
}

/**
 * Lay over the page what it does not show by `overlay(operations, bases)`, then call `listener` for
 * each event of an operation of this report. Everything runs one after the other, in all parts of
 * the page: an event that comes meanwhile waits.
 */
export function followOwn(listener, overlay) {
  inTurn(async () => {
    // In this order: what is settled in between is in both.
    const operations = await ownOperations();
    const bases = await device().basesOf(thisReport().report);
    const newer = bases.filter(({ at }) => isNewerThanPage(at));
    return overlay(operations, newer.sort((one, other) => (one.at < other.at ? -1 : 1)));
  });
  device().subscribe((event) => {
    if (event.operation?.report === thisReport().report) inTurn(() => listener(event));
  });
}

function inTurn(work) {
  turns = turns.then(work).catch(console.error);
}

/** When the server drew this page, as ISO time; empty if unknown. */
export function drawnAt() {
  return document.querySelector('meta[name="drawn-at"]')?.content ?? "";
}

/** Whether `at` of the server is later than this page. */
function isNewerThanPage(at) {
  return new Date(at) > new Date(drawnAt());
}

/** The question that an element belongs to. */
export function fieldOf(element) {
  return element.closest("[data-field]")?.dataset.field ?? "";
}

/** Tell what depends on the report's content that it changed. */
export function contentChanged() {
  document.body.dispatchEvent(new CustomEvent("content-changed"));
}

/**
 * Send again what the server turned away for a reason that may have passed (a suspended company, a
 * full report). Its page comes from the server, so this happens once for each time it is opened.
 */
export function retriesParked({ clientId, state, verdict, status, kind }) {
  const mayPass = !verdict || (kind === "photo" && verdict === "refused");
  if (state !== "parked" || !status || !mayPass || document.documentElement.dataset.keptAt) return false;
  device().retry(clientId);
  return true;
}
