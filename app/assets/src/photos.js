/**
 * Photos of a field: the bytes of each chosen file are in the outbox before anything is sent. The
 * card says where the photo is; a refused one keeps its card with the server's reason, and never
 * stops the others.
 */
import { device, keep, untilKept } from "./device.js";
import { finish, drawCard, localCard, show } from "./photo_card.js";
import { photoPayload } from "./outbox/payloads.js";
import { positionNow } from "./position.js";
import { contentChanged, fieldOf, followOwn, retriesParked, thisReport } from "./this_report.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

// A little longer than the device may take to find its position.
const POSITION_MS = 9000;
let started = false;

export function start() {
  if (started || !device()) return;
  started = true;
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-photo-input]")) return;
    const files = [...target.files];
    target.value = "";
    untilKept(add(target.closest("[data-photos]"), files, target.dataset.source));
  });
  document.addEventListener("click", clicked);
  document.addEventListener("htmx:before:request", keepTyped);
  // A swap without a response is the page's own: it follows what the person did.
  document.addEventListener("htmx:before:swap", (event) => event.detail.ctx.response && keepTyped(event));
  followOwn(onEvent, overlay);
}

function clicked({ target }) {
  const repeated = target.closest?.("[data-photo-leave]")?.closest("li");
  if (repeated) device().discard(repeated.querySelector("[name=client_id]").value);
  repeated?.remove();
  const card = target.closest?.("[data-photo-local]");
  if (!card) return;
  if (target.closest("[data-photo-retry]")) device().retry(card.dataset.photoLocal);
  if (target.closest("[data-photo-remove]")) device().discard(card.dataset.photoLocal);
}

/**
 * A polling card waits while a person types in it, and drops the answer to a poll that was already
 * on its way: it would overwrite the text.
 */
function keepTyped(event) {
  const card = event.detail.ctx.sourceElement;
  if (!card?.matches(".photo-card")) return;
  if (isTyped(card) || card.contains(document.activeElement)) event.preventDefault();
}

/** Whether a caption or reason has text that the server has not acknowledged. */
function isTyped(card) {
  const texts = [...card.querySelectorAll("input[name=caption], textarea[name=reason]")];
  return texts.some(({ value, defaultValue }) => value !== defaultValue);
}

async function add(block, files, source) {
  const position = positionNow();
  const clientAt = new Date().toISOString();
  // The server refuses photos over the limit. Their cards stay: the picture may exist only here.
  for (const file of files) {
    const bytes = await file.arrayBuffer().catch(() => null);
    if (!bytes) toast("error", word("photo_unread"));
    else await addOne(block, { file, source, bytes, clientAt, position });
  }
}

async function addOne(block, { file, source, bytes, clientAt, position }) {
  const refusal = tooLarge(file, Number(block.dataset.maxBytes));
  const { operation } = await keep({
    ...thisReport(),
    kind: "photo",
    field: fieldOf(block),
    payload: photoPayload({ name: file.name, source }),
    clientAt,
    hold: POSITION_MS,
    ...refusal,
  }, bytes);
  if (!refusal) locate(operation, position);
  doubts().then(({ look }) => look(operation.clientId, bytes));
}

/** What looks at pictures, loaded with the first one; a connection may be missing for it. */
let loading = null;
function doubts() {
  return (loading ??= import("./doubts.js").catch(() => ({ look() {}, follow() {} })));
}

/** The next photo does not wait for the position of this one. */
async function locate(operation, position) {
  device().amend(operation, Object.entries((await position) ?? {}));
}

/** Checked here, because the connection is worth more than a refusal. */
function tooLarge({ name, size }, most) {
  if (!most || size <= most) return null;
  const megabytes = (bytes) => (bytes / 1_048_576).toFixed(1);
  const sentence = word("photo_too_large")
    .replace("{name}", name)
    .replace("{size}", megabytes(size))
    .replace("{most}", megabytes(most));
  return { state: "parked", sentence };
}

async function onEvent(event) {
  const { type, operation } = event;
  if (operation.kind !== "photo") return;
  if (type === "gone") return localCard(operation.clientId)?.remove();
  const card = localCard(operation.clientId) ?? (type === "added" ? place(operation) : null);
  if (!card) return;
  if (type === "settled") return taken(card, event);
  showWhere(card, event);
}

function showWhere(card, { type, operation, sentence, percent }) {
  // The report has this picture already: the server's card asks whether it belongs here as well.
  if (operation.verdict === "conflict" && operation.fragment) return finish(card, operation.fragment);
  if (operation.state === "parked") return show(card, "refused", operation.sentence || word("photo_refused"));
  if (type === "progress") return show(card, "sending", undefined, percent);
  if (type === "sending") return show(card, "sending");
  if (device().isOnlyHere(operation.clientId)) return show(card, "unkept");
  if (type === "waiting") return show(card, "retrying", sentence || word("not_sent"));
  show(card, "waiting");
}

function place(operation) {
  const list = document.querySelector(`#field-${CSS.escape(operation.field)} [data-photo-list]`);
  if (!list) return null;
  const card = drawCard(operation.clientId, () => device().bytesOf(operation.clientId));
  card.ariaLabel = new Map(operation.payload).get("file_name");
  list.append(card);
  return card;
}

async function taken(card, { operation, verdict }) {
  await finish(card, verdict.fragment);
  if (loading) (await loading).follow(operation.clientId, verdict.fragment);
  contentChanged();
}

/** Photos that the server has since this page was drawn, and those that are on this device only. */
async function overlay(operations, bases) {
  for (const base of bases) if (base.placement) await overlayKnown(base);
  for (const operation of operations) {
    if (operation.kind !== "photo" || localCard(operation.clientId) || retriesParked(operation)) continue;
    const card = place(operation);
    if (card) showWhere(card, { operation });
  }
}

/** The newest card that the server drew of one photo. */
async function overlayKnown({ kind, field, placement, fragment }) {
  const list = document.querySelector(`#field-${CSS.escape(field)} [data-photo-list]`);
  const known = document.querySelector(`[data-photo="${CSS.escape(placement)}"]`);
  if (kind === "removal") return known?.remove();
  if (!list || !fragment || kind === "move") return;
  const card = known ?? list.appendChild(document.createElement("li"));
  await finish(card, fragment);
}
