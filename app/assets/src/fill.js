/**
 * The fill page: what is entered in a field becomes an operation of the outbox at once, with or
 * without a connection. The outbox sends it; its events say where it is. Answers of the server
 * replace only the field's status, never its inputs.
 */
import { device, isAway, keep } from "./device.js";
import { choicesOf, conflictsOf, contentOf, entriesOf, putEntries, signatureOf } from "./entries.js";
import { FORM, drawStatus, formOf, mark, statusOf, versionOf } from "./field_form.js";
import { watchLeaving } from "./leaving.js";
import { contentChanged, fieldOf, followOwn, retriesParked, thisReport } from "./this_report.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

// How long the outbox waits for more before it sends: while typing, after a choice.
const TYPING_MS = 800;
const CHANGED_MS = 50;
const KINDS = new Set(["answer", "settle"]);
// form -> {entered: content of the newest operation or of the server, held: an operation that
// waits for more, choice}
const states = new Map();
// Client id -> {kind, state} of this report's operations, for what cannot wait for a promise.
const underway = new Map();
let started = false;
let isPutting = false;
let lastTouched = null;

export function start() {
  for (const form of document.querySelectorAll(FORM)) {
    if (!states.has(form)) states.set(form, { entered: signatureOf(form), held: null, choice: [] });
  }
  if (started || !device()) return;
  started = true;
  document.addEventListener("input", ({ target }) => entered(target.closest(FORM), TYPING_MS));
  document.addEventListener("change", ({ target }) => entered(target.closest(FORM), CHANGED_MS));
  document.addEventListener("submit", submitted);
  for (const listener of [settleConflict, clearChoice, chooseReading]) document.addEventListener("click", listener);
  followOwn(onEvent, overlay);
  watchLeaving({ isUnsaved, isOnlyHere, flush });
}

/** Keep what the form holds, if that is new; more may follow within `hold` milliseconds. */
async function entered(form, hold) {
  if (!form || isPutting) return;
  const state = states.get(form);
  if (signatureOf(form) === state.entered) return hold < TYPING_MS && release(state);
  lastTouched = form;
  await keepAnswer(form, hold);
}

/** Nothing more follows what was typed: it need not wait. */
function release(state) {
  if (state.held) device().amend(state.held, []);
  state.held = null;
}

async function keepAnswer(form, hold) {
  const state = states.get(form);
  state.entered = signatureOf(form);
  if (statusOf(form).dataset.state !== "conflict") mark(form, "unsaved");
  const { operation, isKept } = await keep({
    ...thisReport(),
    kind: "answer",
    field: fieldOf(form),
    payload: [...entriesOf(form), ...state.choice, ...conflictsOf(form)],
    baseVersion: versionOf(form),
    hold,
  });
  state.held = hold < TYPING_MS ? null : operation;
  if (!isKept) mark(form, "unkept");
}

/** The Enter key, or a button of the form. */
function submitted(event) {
  const form = event.target;
  if (!form.matches(FORM)) return;
  event.preventDefault();
  entered(form, 0);
}

/** Send now what waits for more. */
function flush() {
  for (const state of states.values()) release(state);
}

/** Whether answers are on their way that the next page would not show yet. */
function isUnsaved() {
  return !isAway() && [...underway.values()].some(({ kind, state }) => KINDS.has(kind) && state !== "parked");
}

/** Whether something would be lost with this tab, because the device has no room for it. */
function isOnlyHere() {
  return [...underway.keys()].some((clientId) => device().isOnlyHere(clientId));
}

function track({ type, operation: { clientId, kind, state } }) {
  if (["settled", "gone"].includes(type)) underway.delete(clientId);
  else underway.set(clientId, { kind, state });
}

async function onEvent(event) {
  track(event);
  const { type, operation, isFromAnotherTab } = event;
  const form = KINDS.has(operation.kind) && formOf(operation.field);
  if (!form) return;
  if (type === "added" && isFromAnotherTab) adopt(form, operation);
  if (type === "sending") markUnlessNewer(form, operation, "saving");
  if (type === "waiting") waits(form, event);
  if (type === "settled") await settled(form, event);
  if (type === "parked") await parked(form, event);
}

function markUnlessNewer(form, operation, state) {
  if (signatureOf(form) === JSON.stringify(contentOf(operation.payload))) mark(form, state);
}

function waits(form, { operation, sentence }) {
  if (device().isOnlyHere(operation.clientId)) mark(form, "unkept");
  else mark(form, "retrying", sentence || word("retrying"));
}

/** Another tab of this device has newer content; typing in this one goes first. */
function adopt(form, { payload }) {
  const state = states.get(form);
  if (form.contains(document.activeElement) || signatureOf(form) !== state.entered) return;
  put(form, payload);
  mark(form, "unsaved");
}

/** Put content into the inputs that is known to the outbox, or to the server. */
function put(form, payload) {
  isPutting = true;
  putEntries(form, contentOf(payload));
  isPutting = false;
  states.get(form).entered = signatureOf(form);
}

async function settled(form, { operation, verdict, isFromAnotherTab }) {
  if (operation.kind === "settle") return decided(form, operation, isFromAnotherTab);
  const state = states.get(form);
  const content = JSON.stringify(contentOf(operation.payload));
  const sent = choicesOf(operation.payload).map(String);
  state.choice = state.choice.filter((choice) => !sent.includes(String(choice)));
  await show(form, verdict.fragment, "server");
  if (content !== signatureOf(form)) mark(form, "unsaved");
  bringIntoSight(form);
  contentChanged();
}

/** The other value counts now, or this one: the page shows it after it is drawn again. */
function decided(form, operation, isFromAnotherTab) {
  if (isFromAnotherTab || document.hidden) return;
  const address = new URL(location.href);
  address.searchParams.set("at", operation.field);
  address.hash = `field-${operation.field}`;
  history.replaceState(null, "", address);
  location.reload();
}

async function parked(form, { operation, isFromAnotherTab }) {
  if (operation.verdict && operation.fragment) await show(form, operation.fragment, "phone");
  else mark(form, "refused", operation.sentence || word("refused"));
  bringIntoSight(form);
  // A choice holds nothing that was typed: the person chooses again, from what is shown now.
  if (operation.kind !== "settle" || isFromAnotherTab) return;
  toast("warning", operation.sentence || word("refused"));
  device().discard(operation.clientId);
}

async function show(form, html, where) {
  if (html) await drawStatus(form, html);
  statusOf(form).dataset.where = where;
}

/** A question of the server may open below the bar at the bottom of a phone: scroll to it. */
function bringIntoSight(form) {
  if (form !== lastTouched) return;
  statusOf(form)?.querySelector(".read-as:has([data-choose]), .conflict")?.scrollIntoView({ block: "nearest" });
}

/** One tap decides which of two values counts. */
function settleConflict(event) {
  const button = event.target.closest("[data-settle]");
  const form = button?.closest(FORM);
  if (!form) return;
  event.preventDefault();
  for (const one of button.closest(".conflict").querySelectorAll("[data-settle]")) one.disabled = true;
  keep({
    ...thisReport(),
    kind: "settle",
    field: fieldOf(form),
    payload: [["conflict", button.dataset.conflictId], ["keep", button.dataset.settle], ["typed", button.dataset.typed]],
    baseVersion: Number(button.dataset.version),
  });
}

/** One tap chooses between two numbers; the same text is sent with the choice. */
function chooseReading(event) {
  const button = event.target.closest("[data-choose]");
  const form = button?.closest(FORM);
  if (!form) return;
  event.preventDefault();
  const state = states.get(form);
  const others = state.choice.filter(([name]) => name !== button.name);
  state.choice = [...others, [button.name, button.value]];
  keepAnswer(form, 0);
}

function clearChoice({ target }) {
  const form = target.closest("[data-clear]")?.closest(FORM);
  if (!form) return;
  for (const input of form.querySelectorAll('[name="value"]')) input.checked = false;
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

/** What the server acknowledged after it drew this page, then what is unsent. */
async function overlay(operations, bases) {
  for (const base of bases) await overlayBase(base);
  let count = 0;
  for (const operation of operations) {
    track({ operation });
    if (await overlayOperation(operation)) count += 1;
  }
  showClosed(operations);
  if (count) toast("info", word("restored"));
}

async function overlayBase({ kind, field, entries, fragment }) {
  const form = KINDS.has(kind) && formOf(field);
  if (!form || signatureOf(form) !== states.get(form).entered) return;
  if (entries) put(form, entries);
  await show(form, fragment, "server");
}

async function overlayOperation(operation) {
  const { kind, field, state, verdict, fragment, conflict, clientId, payload, sentence } = operation;
  const form = kind === "answer" && formOf(field);
  if (!form) return false;
  if (verdict === "conflict" && (await isOnPage(form, conflict, clientId))) return false;
  put(form, payload);
  states.get(form).choice = choicesOf(payload);
  if (state !== "parked" || retriesParked(operation)) mark(form, "unsaved");
  else if (fragment) await show(form, fragment, "phone");
  else mark(form, "refused", sentence || word("refused"));
  return true;
}

/** Whether the server itself shows this conflict, or shows that it is decided. */
async function isOnPage(form, conflict, clientId) {
  if (document.documentElement.dataset.keptAt) return false;
  if (!statusOf(form).querySelector(`[data-conflict="${CSS.escape(conflict ?? "")}"]`)) await device().discard(clientId);
  return true;
}

/** If the form is closed for now (web/refused_forms.py), show what is kept here, and keep it. */
function showClosed(operations) {
  const kept = new Map(operations.filter(({ kind }) => kind === "answer").map((one) => [one.field, one]));
  for (const form of document.querySelectorAll("form[data-refused-field]")) {
    const operation = kept.get(fieldOf(form));
    if (!operation) continue;
    putEntries(form, contentOf(operation.payload));
    mark(form, "unsaved");
  }
}
