/**
 * The queue on the offline page: each unsent entry with its state, to retry, open or discard, and
 * the whole as a file. Only facts are read for it; pictures are made one by one as they come into
 * view, so that never more than one photo is in memory.
 */
import { pictures } from "./pictures.js";

const REST_MS = 300;
const MOST_CHARACTERS = 120;
const CONTENTS = /^(value|cell:.*|caption|reason|signer_name|comment|na_reason|file_name)$/;
// They are about the whole report, and are shown on its review page.
const OF_REPORT = ["signature", "withdrawal", "submit"];
const NEEDS_PERSON = ["conflict", "told", "outdated", "refused", "stuck", "unkept"];
const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000]];

/** `page` has outbox, account, exportWork and momentOf. */
export async function startQueue(place, page) {
  const rows = new Map();
  const show = pictures(page.outbox.bytesOf);
  let timer = null;
  const draw = async () => {
    timer = null;
    drawAll(place, await page.outbox.list(), { page, rows, show });
  };
  page.outbox.subscribe(({ type }) => {
    if (type !== "progress") timer ??= setTimeout(draw, REST_MS);
  });
  place.addEventListener("click", (event) => pressed(event, place, page));
  await draw();
  if (location.hash === `#${place.id}`) place.scrollIntoView();
}

function drawAll(place, operations, { page, rows, show }) {
  const list = place.querySelector("[data-queue-list]");
  const ids = new Set(operations.map(({ clientId }) => clientId));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  for (const one of operations) {
    const row = rows.get(one.clientId) ?? newRow(place, one, show);
    rows.set(one.clientId, row);
    fill(row, one, { place, page, state: stateOf(one, operations, page.outbox) });
    list.append(row);
  }
  place.querySelector("[data-queue-none]").hidden = Boolean(operations.length);
  place.querySelector("[data-queue-some]").hidden = !operations.length;
  if (operations.length) sum(place, operations, page);
}

function sum(place, operations, { momentOf }) {
  const sums = place.querySelector("[data-queue-sums]");
  sums.textContent = sums.dataset.words
    .replace("{count}", operations.length)
    .replace("{reports}", new Set(operations.map(({ report }) => report)).size)
    .replace("{since}", momentOf(Math.min(...operations.map(({ at }) => at))));
}

function newRow(place, one, show) {
  const row = place.querySelector("[data-queue-row]").content.firstElementChild.cloneNode(true);
  row.dataset.clientId = one.clientId;
  const glyph = ["photo", "signature"].includes(one.kind) ? one.kind : "other";
  row.querySelector(`[data-glyph="${glyph}"]`).hidden = false;
  if (glyph !== "other") show(row.querySelector(".queue-picture"), one);
  return row;
}

function fill(row, one, { place, page, state }) {
  const kind = word(place, `kind ${one.kind}`);
  const title = one.question || capital(kind);
  const link = row.querySelector("a");
  link.textContent = title;
  link.href = addressOf(one);
  const content = contentOf(place, one);
  text(row, "content", content);
  const about = [one.reportName, one.question && kind, page.momentOf(one.clientAt), agoOf(one.at)];
  text(row, "about", about.filter(Boolean).join(" · "));
  text(row, "state", word(place, state).replace("{sentence}", () => one.sentence));
  row.dataset.state = NEEDS_PERSON.includes(state) ? "stuck" : "waiting";
  row.querySelector("[data-queue-retry]").hidden = !(["refused", "stuck"].includes(state) || isRepeated(one));
  for (const button of row.querySelectorAll("button")) {
    const names = [title, content, one.reportName].filter(Boolean).join(", ");
    button.setAttribute("aria-label", `${button.textContent.trim()}: ${names}`);
  }
}

/** A key of the page's words. */
function stateOf(one, operations, outbox) {
  if (one.state === "parked") return parkedOf(one);
  if (outbox.isOnlyHere(one.clientId)) return "unkept";
  if (one.state === "sending") return "sending";
  if (one.state === "sent-unknown") return "unknown";
  if (one.state === "early") return one.needs === "reading" ? "reading" : "after";
  return operations.some((other) => comesBefore(other, one)) ? "after" : "waiting";
}

function parkedOf({ verdict, sentence, conflict, isOutdated }) {
  if (isOutdated) return "outdated";
  if (verdict === "conflict") return conflict ? "conflict" : "told";
  return sentence ? "refused" : "stuck";
}

/** A photo that the report has already, at a question. */
function isRepeated({ kind, verdict }) {
  return kind === "photo" && verdict === "conflict";
}

function comesBefore(other, one) {
  if (other.report !== one.report || other.seq >= one.seq || other.state === "parked") return false;
  return OF_REPORT.includes(one.kind) || other.things.some((thing) => one.things.includes(thing));
}

function addressOf({ kind, report, field }) {
  if (OF_REPORT.includes(kind)) return `/reports/${report}/review`;
  return `/reports/${report}/fill${field ? `#field-${encodeURIComponent(field)}` : ""}`;
}

function contentOf(place, { payload, shown }) {
  const entered = payload.filter(([name, value]) => CONTENTS.test(name) && value);
  const others = shown ? entered.filter(([name]) => name !== "value") : entered;
  const words = [shown, ...others.map(([, value]) => word(place, `value ${value}`, value))].filter(Boolean).join(" · ");
  return words.length > MOST_CHARACTERS ? `${words.slice(0, MOST_CHARACTERS)}…` : words;
}

function agoOf(at) {
  const passed = Date.now() - at;
  const [unit, size] = UNITS.find(([, length]) => passed >= length) ?? UNITS.at(-1);
  const format = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  return format.format(-Math.max(0, Math.floor(passed / size)), unit);
}

async function pressed({ target }, place, page) {
  const button = target.closest("button");
  if (!button) return;
  const clientId = button.closest("[data-client-id]")?.dataset.clientId;
  if (button.matches("[data-queue-send]")) page.outbox.send();
  if (button.matches("[data-queue-retry]")) page.outbox.retry(clientId);
  if (button.matches("[data-queue-export]")) await busy(button, () => page.exportWork(page.account));
  if (button.matches("[data-queue-discard]")) discard(place, page.outbox, clientId);
}

async function busy(button, work) {
  button.disabled = true;
  await work().finally(() => {
    button.disabled = false;
  });
}

async function discard(place, outbox, clientId) {
  const one = await outbox.find(clientId);
  if (one && (await isSure(place, one))) await outbox.discard(clientId);
}

function isSure(place, one) {
  const dialog = place.querySelector("[data-queue-sure]").content.firstElementChild.cloneNode(true);
  const row = place.querySelector(`[data-client-id="${one.clientId}"]`);
  const names = [row?.querySelector("a").textContent, row?.querySelector("[data-queue-content]").textContent];
  dialog.querySelector("[data-sure-name]").textContent = names.filter(Boolean).join(": ");
  const said = whatStays(one);
  for (const part of dialog.querySelectorAll("[data-sure]")) part.hidden = part.dataset.sure !== said;
  place.append(dialog);
  dialog.returnValue = "keep";
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "discard");
    });
  });
}

/** What is left of an entry that is discarded here: a key of the question's sentences. */
function whatStays(one) {
  if (isRepeated(one)) return "repeated";
  if (one.state === "parked" && one.conflict) return "conflict";
  return ["sending", "sent-unknown"].includes(one.state) ? "sent" : "only";
}

function word(place, key, otherwise = key) {
  const words = place.querySelector("[data-queue-words]").content;
  return words.querySelector(`[data-word="${CSS.escape(key)}"]`)?.textContent ?? otherwise;
}

function text(row, name, words) {
  const part = row.querySelector(`[data-queue-${name}]`);
  part.textContent = words;
  part.hidden = !words;
}

function capital(words) {
  return words.charAt(0).toLocaleUpperCase() + words.slice(1);
}
