/** The offline page: what waits to be sent, what is kept, how much room is left. */
import { ask, hasWorkers } from "./link.js";
import { startQueue } from "./queue.js";
import { isToStay, room, sizeOf } from "./room.js";

const PATH = "/offline";

export async function startOfflinePage(page, summary) {
  const place = document.querySelector("[data-offline-page]");
  sayWhy(place);
  document.addEventListener("laudo:kept", ({ detail }) => showKept(place, page, detail));
  document.addEventListener("click", ({ target }) => forget(target, page));
  if (summary) showKept(place, page, summary);
  if (page.outbox) await startQueue(place.querySelector("[data-queue]"), page);
  await showRoom(place);
}

/** The worker also shows this page instead of one that is not kept. */
function sayWhy(place) {
  const isInstead = location.pathname !== PATH;
  const isSignOut = location.pathname === "/logout";
  find(place, "instead").hidden = !isInstead || isSignOut;
  find(place, "still-logged-in").hidden = !isSignOut;
  find(place, "no-worker").hidden = hasWorkers();
  find(place, "insecure").hidden = hasWorkers() || isSecureContext;
  for (const again of place.querySelectorAll("[data-again]")) {
    again.addEventListener("click", () => location.reload());
  }
}

function showKept(place, page, { reports, bytes, shared }) {
  if (!page.account) return;
  const list = find(place, "list");
  const template = find(place, "row");
  list.replaceChildren(...reports.map((one) => row(template, page, one)));
  list.hidden = !reports.length;
  find(place, "none").hidden = Boolean(reports.length);
  find(place, "remove-all").hidden = !reports.length;
  const sums = find(place, "sums");
  if (shared === undefined) return;
  sums.textContent = sums.dataset.words.replace("{pages}", sizeOf(bytes)).replace("{shared}", sizeOf(shared));
  sums.hidden = false;
}

function row(template, page, { report, name, at, bytes, why }) {
  const made = template.content.firstElementChild.cloneNode(true);
  const link = made.querySelector("a");
  link.href = `/reports/${report}/fill`;
  link.textContent = name || report.slice(0, 8);
  const said = made.querySelector("[data-row-words]");
  said.textContent = said.textContent.replace("{at}", page.momentOf(at)).replace("{size}", sizeOf(bytes));
  made.querySelector(`[data-why="${why}"]`).hidden = false;
  const button = made.querySelector("[data-forget]");
  button.dataset.forget = report;
  button.setAttribute("aria-label", `${button.title}: ${link.textContent}`);
  return made;
}

async function forget(target, page) {
  const button = target.closest?.("[data-forget]");
  if (!button) return;
  button.disabled = true;
  const left = await ask("forget", { account: page.account, report: button.dataset.forget || null });
  button.disabled = false;
  if (left) document.dispatchEvent(new CustomEvent("laudo:kept", { detail: left }));
}

async function showRoom(place) {
  const stays = await isToStay();
  find(place, stays === null ? "stays-unknown" : stays ? "stays" : "may-go").hidden = false;
  const found = await room();
  const words = find(place, "room");
  find(place, "room-unknown").hidden = Boolean(found);
  if (!found) return;
  words.textContent = words.dataset.words.replace("{used}", sizeOf(found.used)).replace("{free}", sizeOf(found.free));
  words.hidden = false;
  find(place, "room-short").hidden = !found.isShort;
}

function find(place, name) {
  return place.querySelector(`[data-off="${name}"]`);
}
