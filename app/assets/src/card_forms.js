/**
 * The forms of photo cards, of a signature's withdrawal and of the submit: each is an operation of
 * the outbox (data-operation names its kind). Captions and reasons are kept while they are typed.
 */
import htmx from "htmx.org";
import { device, keep } from "./device.js";
import { contentChanged, fieldOf, followOwn, thisReport } from "./this_report.js";
import { word } from "./words.js";

const FORM = "form[data-operation]";
const TYPED = new Set(["caption"]);
const HERE = new Set(["caption", "reason", "position_reason", "move", "removal", "again"]);
const TYPING_MS = 800;
const PROTOCOL = new Set(["csrf_token", "client_id", "rest"]);
let started = false;

export function start() {
  if (started || !device()) return;
  started = true;
  document.addEventListener("submit", submitted);
  document.addEventListener("input", ({ target }) => typed(target, TYPING_MS));
  document.addEventListener("change", ({ target }) => typed(target, 0));
  followOwn(onEvent, overlay);
}

function submitted(event) {
  const form = event.target;
  if (event.defaultPrevented || !form.matches(FORM)) return;
  event.preventDefault();
  keepForm(form, { submitter: event.submitter });
}

function typed(target, hold) {
  const form = target.closest?.(FORM);
  if (form && TYPED.has(form.dataset.operation)) keepForm(form, { hold });
}

async function keepForm(form, { submitter = null, hold = 0 } = {}) {
  const kind = form.dataset.operation;
  const card = form.closest(".photo-card");
  const entries = [...new FormData(form, submitter)].filter(([name]) => !PROTOCOL.has(name));
  const own = { ...thisReport(), kind, payload: [...placeOf(card), ...entries], hold };
  if (card) Object.assign(own, { field: fieldOf(form), baseVersion: versionOf(card) });
  if (form.dataset.role) own.payload.push(["role_id", form.dataset.role]);
  if (kind === "again") device().discard(form.elements.client_id.value);
  if (kind === "move") movedHere(card, Number(new Map(entries).get("step")));
  if (card) mark(card, "phone", word("on_device"));
  const { isKept } = await keep(own);
  if (card && !isKept) mark(card, "phone", word("unkept"));
}

/** The photo by its placement, or by the operation that has yet to place it. */
function placeOf(card) {
  if (!card) return [];
  const { photo, photoLocal, again } = card.dataset;
  return photoLocal ? [["photo", photoLocal]] : [["placement", again ?? photo]];
}

function versionOf(card) {
  return card.dataset.version ? Number(card.dataset.version) : null;
}

function cardOf({ kind, payload }) {
  const { placement, photo } = Object.fromEntries(payload);
  if (kind === "again") return document.querySelector(`[data-again="${CSS.escape(placement)}"]`);
  const name = placement ? `[data-photo="${CSS.escape(placement)}"]` : `[data-photo-local="${CSS.escape(photo ?? "")}"]`;
  return document.querySelector(name);
}

/** Show the new order at once; the server's cards replace it. */
function movedHere(card, step) {
  if (step < 0) card.previousElementSibling?.before(card);
  else card.nextElementSibling?.after(card);
}

async function onEvent({ type, operation, verdict, sentence }) {
  if (!HERE.has(operation.kind)) return;
  const card = cardOf(operation);
  if (!card) return;
  if (type === "settled") return settled(card, operation, verdict);
  if (type === "parked") return refused(card, operation);
  const isUnkept = device().isOnlyHere(operation.clientId);
  if (type === "waiting") mark(card, "phone", isUnkept ? word("unkept") : sentence || word("not_sent"));
  if (operation.kind === "removal") card.hidden = type !== "gone";
}

async function settled(card, { kind }, { fragment }) {
  const typed = textsOf(card);
  if (kind === "removal") card.replaceChildren();
  await htmx.swap({ text: fragment, target: card, sourceElement: card, swap: kind === "removal" ? "delete" : "outerHTML" });
  restoreTexts(card.id, typed);
  contentChanged();
}

/** Text of the card's other boxes that is newer than what the server drew. */
function textsOf(card) {
  const boxes = [...card.querySelectorAll("input[name=caption], textarea[name=reason]")];
  return boxes.filter((box) => box === document.activeElement).map(({ name, value }) => [name, value]);
}

function restoreTexts(id, typed) {
  const card = id && document.getElementById(id);
  for (const [name, value] of card ? typed : []) {
    const box = card.querySelector(`[name="${name}"]`);
    if (!box) continue;
    box.value = value;
    box.focus();
  }
}

async function refused(card, operation) {
  card.hidden = false;
  if (operation.fragment) await htmx.swap({ text: operation.fragment, target: card, sourceElement: card, swap: "outerHTML" });
  const now = cardOf(operation);
  if (now) mark(now, "phone", operation.sentence || word("refused"));
}

function mark(card, where, words) {
  card.dataset.where = where;
  const place = card.querySelector("[data-card-words]");
  // The card of a photo on this device says so itself.
  const isSaid = card.dataset.photoLocal && words === word("on_device");
  if (place) Object.assign(place, { textContent: words, hidden: !words || isSaid });
}

/** What this device changed on the cards and has not sent. */
function overlay(operations) {
  for (const operation of operations) {
    const card = HERE.has(operation.kind) && cardOf(operation);
    if (card) overlayOne(card, operation);
  }
}

function overlayOne(card, { kind, payload, state, sentence }) {
  const values = Object.fromEntries(payload);
  if (kind === "removal") card.hidden = state !== "parked";
  if (kind === "move") movedHere(card, Number(values.step));
  const box = card.querySelector(`${FORM}[data-operation="${kind}"] :is(input[name=caption], textarea)`);
  if (box) box.value = values.caption ?? values.reason ?? box.value;
  mark(card, "phone", state === "parked" ? sentence || word("refused") : word("on_device"));
}
