/**
 * Signing on the pad. A signature goes into the outbox with its picture, its strokes and what the
 * signer saw of the report. Until the server has it, its place shows the drawing and says where it
 * is; the server refuses it if the report is another than the one that was signed.
 */
import htmx from "htmx.org";
import { device, keep } from "./device.js";
import { drawn, startPad } from "./pad.js";
import { contentChanged, followOwn, thisReport } from "./this_report.js";
import { word } from "./words.js";

const pads = new Map();
let isWatching = false;

export function start() {
  for (const form of document.querySelectorAll("form[data-signature]")) {
    if (!pads.has(form)) makePad(form);
  }
  if (isWatching || !device()) return;
  isWatching = true;
  document.addEventListener("click", discardHere);
  followOwn(onEvent, overlay);
}

function makePad(form) {
  const pad = startPad(form, () => complain(form, ""));
  pads.set(form, pad);
  form.addEventListener("submit", (event) => sign(event, form, pad));
  addEventListener("beforeunload", (event) => {
    if (form.isConnected && !form.hidden && !pad.isEmpty()) event.preventDefault();
  });
}

async function sign(event, form, pad) {
  event.preventDefault();
  const file = form.querySelector("[data-signature-file]").files[0];
  if (pad.isEmpty() && !file) return complain(form, word("signature_empty"));
  const button = form.querySelector('[type="submit"]');
  button.disabled = true;
  try {
    const { image, entries } = file ? await chosen(file) : await ofPad(pad);
    await keep({ ...thisReport(), kind: "signature", payload: payloadOf(form, entries) }, image);
  } catch {
    complain(form, word("signature_failed"));
  } finally {
    button.disabled = false;
  }
}

function payloadOf(form, entries) {
  return [
    ["role_id", form.dataset.signature],
    ["signer_name", form.elements.signer_name.value],
    ...entries,
    ["seen", JSON.stringify(seen())],
  ];
}

async function chosen(file) {
  return { image: await file.arrayBuffer(), entries: [["image_type", file.type]] };
}

async function ofPad(pad) {
  const { png, strokes } = await drawn(pad);
  return { image: await png.arrayBuffer(), entries: [["strokes", JSON.stringify(strokes)]] };
}

/** The answers and photos on this page; the outbox names its own unsent answers in them. */
function seen() {
  const fields = {};
  const photos = {};
  const captions = {};
  // As the server drew them: what is typed below them counts when it is saved, and is in the outbox.
  const reasons = { reason: {}, position_reason: {} };
  for (const card of document.querySelectorAll("[data-field]")) {
    const key = `${card.dataset.field}|`;
    const version = card.querySelector("form[data-field-form] input[name=row_version]");
    if (version) fields[key] = Number(version.value);
    const shown = [...card.querySelectorAll("[data-photo], [data-photo-local]")].filter(({ hidden }) => !hidden);
    if (shown.length) photos[key] = shown.map(idOf);
    for (const photo of shown) {
      const caption = photo.querySelector("input[name=caption]")?.value.trim();
      if (caption) captions[idOf(photo)] = caption;
      for (const [kind, drawn] of Object.entries(reasons)) {
        const reason = photo.querySelector(`[data-operation=${kind}] textarea`)?.defaultValue;
        if (reason) drawn[idOf(photo)] = reason;
      }
    }
  }
  return { fields, photos, captions, ...reasons };
}

const idOf = ({ dataset }) => dataset.photo ?? dataset.photoLocal;

function placeOf(role) {
  return document.querySelector(`#signature-${CSS.escape(role)}`);
}

const roleOf = ({ payload }) => Object.fromEntries(payload).role_id;

async function onEvent({ type, operation, verdict, sentence }) {
  if (!["signature", "withdrawal"].includes(operation.kind)) return;
  const place = placeOf(roleOf(operation));
  if (!place) return;
  if (type === "settled") return settled(place, verdict);
  if (type === "gone") return showPad(place);
  await showHere(place, operation, type === "waiting" ? sentence || word("not_sent") : "");
}

async function settled(place, { fragment }) {
  await htmx.swap({ text: fragment, target: place, sourceElement: place, swap: "outerHTML" });
  contentChanged();
}

/** What is on this device only, in place of the pad: who signed, the drawing, what goes on. */
async function showHere(place, operation, sentence = "") {
  const { clientId, kind, state } = operation;
  let card = place.querySelector("[data-signature-local]");
  if (card?.dataset.signatureLocal !== clientId) {
    card?.remove();
    card = document.getElementById("signature-template").content.firstElementChild.cloneNode(true);
    card.dataset.signatureLocal = clientId;
    card.prepend(place.querySelector(".field-label").cloneNode(true));
    if (kind === "signature") drawIn(card, operation, await device().bytesOf(clientId));
    place.append(card);
  }
  for (const other of place.children) other.hidden = other !== card;
  Object.assign(card.dataset, { state, where: "phone" });
  place.dataset.where = "phone";
  card.querySelector("[data-signature-words]").textContent = wordsFor(operation, sentence);
}

function wordsFor({ clientId, kind, state, sentence, isOutdated }, waiting) {
  if (isOutdated) return word("signature_outdated");
  if (device().isOnlyHere(clientId)) return word("unkept");
  if (state === "parked") return sentence || word("signature_failed");
  return waiting || word(kind === "signature" ? "signature_on_device" : "withdrawal_on_device");
}

function drawIn(card, { payload }, bytes) {
  const { signer_name: name, image_type: type = "image/png" } = Object.fromEntries(payload);
  card.querySelector("[data-signature-name]").textContent = name;
  if (!bytes) return;
  const image = card.querySelector("img");
  image.src = URL.createObjectURL(new Blob([bytes], { type }));
  image.hidden = false;
  image.addEventListener("load", () => URL.revokeObjectURL(image.src));
}

function showPad(place) {
  place.querySelector("[data-signature-local]")?.remove();
  for (const other of place.children) other.hidden = false;
  place.dataset.where = "server";
}

/** "Discard and sign again". */
function discardHere({ target }) {
  const card = target.closest?.("[data-signature-discard]")?.closest("[data-signature-local]");
  if (card) device().discard(card.dataset.signatureLocal);
}

async function overlay(operations, bases) {
  for (const { kind, fragment, role } of bases) {
    const place = ["signature", "withdrawal"].includes(kind) && placeOf(role);
    if (place && fragment) await settled(place, { fragment });
  }
  for (const operation of operations) await onEvent({ type: "added", operation });
}

function complain(form, sentence) {
  const place = form.querySelector("[data-signature-error]");
  place.textContent = sentence;
  place.hidden = !sentence;
}
