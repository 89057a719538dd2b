/** Has the worker keep reports: the person's own by itself, and any when asked. */
import { ask } from "./link.js";
import { waitingWork } from "./waiting.js";

const LIST = "/offline/reports.json";
const MOST_BY_ITSELF = 20;
const EVERY_MS = 5 * 60 * 1000;
const LAST = "laudo:kept";

/**
 * Keep the newest of the person's reports, unless that was done a moment ago or costs too much. A
 * report that was just started does not wait: the person may go where there is no connection.
 */
export async function keepByItself({ account }, summary) {
  const stamp = `${LAST}:${account}`;
  const isRecent = Date.now() - Number(localStorage.getItem(stamp)) < EVERY_MS;
  if (!account || isCostly() || (isRecent && !isNewHere(summary))) return null;
  const listed = await ownReports(account);
  if (!listed) return null;
  // The worker goes on when the person leaves this page.
  localStorage.setItem(stamp, String(Date.now()));
  return keep(account, listed.slice(0, MOST_BY_ITSELF), { listed: listed.map(({ id }) => id) });
}

/** Keep all of the person's reports; null if that could not be done. */
export async function keepAll({ account }) {
  const listed = await ownReports(account);
  if (!listed) return null;
  return keep(account, listed, { isAsked: true, listed: listed.map(({ id }) => id) });
}

/** Keep one report now, as its button describes it. */
export function keepOne({ account }, { takeOffline: id, name, pages }) {
  const report = { id, name, pages: pages.split(" "), changed: new Date().toISOString() };
  return keep(account, [report], { isAsked: true });
}

async function keep(account, reports, how) {
  const { reports: waiting } = await waitingWork(account);
  const shell = document.querySelector('meta[name="shell"]').content;
  return ask("keep", { account, reports, shell, spared: [...waiting.keys()], ...how });
}

/** The person's open reports; null for anybody else and without an answer. */
async function ownReports(account) {
  const response = await fetch(LIST, { headers: { "X-Requested-With": "fetch" } }).catch(() => null);
  if (!response?.ok) return null;
  const { account: theirs, reports } = await response.json();
  return theirs === account ? reports : null;
}

/** Whether this page is of a report that the device keeps only because it was opened. */
function isNewHere(summary) {
  const here = document.querySelector('meta[name="report"]')?.content;
  return Boolean(here) && !summary?.reports.some(({ report, why }) => report === here && why !== "visit");
}

function isCostly() {
  const { saveData, effectiveType = "" } = navigator.connection ?? {};
  return saveData || effectiveType.endsWith("2g");
}
