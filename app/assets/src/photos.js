/**
 * Photos of a field: each chosen file is kept on the device, hashed, and uploaded alone with its
 * place and time, until the server has acknowledged it. A file that is refused keeps its picture
 * and the server's reason; it never stops the others.
 */
import { waited } from "./backoff.js";
import { uuid } from "./ids.js";
import { finish, localCard, show } from "./photo_card.js";
import { sha256Of, upload } from "./photo_upload.js";
import { positionNow } from "./position.js";
import { loggedInAgain, renewToken } from "./session.js";
import { forget, keep, keepOnDevice, kept } from "./store.js";
import { word } from "./words.js";

// What the form around a file takes of the largest request.
const FORM_BYTES = 16_384;
const waiting = [];
let isSending = false;
let unsent = 0;
let started = false;

export function start() {
  if (started) return;
  started = true;
  document.addEventListener("change", ({ target }) => {
    if (!target.matches("[data-photo-input]")) return;
    const files = [...target.files];
    target.value = "";
    add(target.closest("[data-photos]"), files, target.dataset.source);
  });
  document.addEventListener("click", ({ target }) => {
    target.closest?.("[data-photo-leave]")?.closest("li").remove();
  });
  document.addEventListener("htmx:before:request", keepTyped);
  addEventListener("beforeunload", (event) => {
    const typed = [...document.querySelectorAll(".photo-card")].some(isTyped);
    if (unsent || typed) event.preventDefault();
  });
  restore();
}

/** A card that asks for itself waits while somebody writes in it: the answer would take the words. */
function keepTyped(event) {
  const card = event.detail.ctx.sourceElement;
  if (!card.matches(".photo-card")) return;
  if (isTyped(card) || card.contains(document.activeElement)) event.preventDefault();
}

/** Whether a caption or a reason holds words that the server has not acknowledged. */
function isTyped(card) {
  const texts = [...card.querySelectorAll("input[name=caption], textarea[name=reason]")];
  return texts.some(({ value, defaultValue }) => value !== defaultValue);
}

async function add(block, files, source) {
  keepOnDevice();
  const list = block.querySelector("[data-photo-list]");
  const position = positionNow();
  const clientAt = new Date().toISOString();
  // What is one too many is refused by the server and keeps its picture here: it may be the only one.
  for (const file of files) {
    const photo = { key: uuid(), url: block.dataset.uploadUrl, file, source, clientAt };
    Object.assign(photo, { at: Date.now(), position: null, located: position });
    place(photo, list);
    await keep("photos", recordOf(photo));
    enqueue(photo);
  }
}

async function restore() {
  const blocks = [...document.querySelectorAll("[data-photos]")];
  const byUrl = new Map(blocks.map((block) => [block.dataset.uploadUrl, block]));
  for (const photo of await kept("photos", ({ url }) => byUrl.has(url))) {
    place(photo, byUrl.get(photo.url).querySelector("[data-photo-list]"));
    enqueue(photo);
  }
}

function place(photo, list) {
  unsent += 1;
  photo.tries = 0;
  photo.card = localCard(photo.file, {
    onRetry: () => enqueue(photo),
    onRemove: () => {
      unsent -= 1;
      forget("photos", photo.key);
      photo.card.remove();
    },
  });
  list.append(photo.card);
}

function enqueue(photo) {
  if (waiting.includes(photo) || photo.isSending || !photo.card.isConnected) return;
  show(photo.card, "waiting", word("photo_waiting"));
  waiting.push(photo);
  sendNext();
}

async function sendNext() {
  if (isSending) return;
  isSending = true;
  for (let photo = waiting.shift(); photo; photo = waiting.shift()) {
    photo.isSending = true;
    const answer = await send(photo).catch(() => ({ status: 0 }));
    photo.isSending = false;
    settle(photo, answer);
  }
  isSending = false;
}

async function send(photo) {
  const most = Number(photo.card.closest("[data-photos]").dataset.maxBytes);
  // Told here: a server that refuses while the bytes still come looks like a broken connection.
  if (most && photo.file.size > most - FORM_BYTES) return { status: 413, text: tooLarge(photo, most) };
  show(photo.card, "sending", word("photo_reading"));
  photo.sha256 ??= await sha256Of(photo.file);
  if (photo.located) {
    photo.position = await photo.located;
    delete photo.located;
    await keep("photos", recordOf(photo));
  }
  show(photo.card, "sending", word("photo_sending"));
  return upload(photo, (percent) => show(photo.card, "sending", word("photo_sending"), percent));
}

async function settle(photo, { status, text }) {
  if (status >= 200 && status < 300) {
    unsent -= 1;
    await forget("photos", photo.key);
    await finish(photo.card, text);
    document.body.dispatchEvent(new CustomEvent("content-changed"));
  } else if (status === 401) {
    show(photo.card, "waiting", word("photo_waiting"));
    await loggedInAgain();
    enqueue(photo);
  } else if (status === 400 && (await renewToken())) {
    enqueue(photo);
  } else if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) {
    show(photo.card, "refused", text || word("photo_refused"));
  } else {
    photo.tries += 1;
    // A full storage, or one that fails, says so itself; every other failure is told in one word.
    show(photo.card, "retrying", (status === 507 || status === 503) && text ? text : word("photo_retrying"));
    await waited(photo.tries);
    enqueue(photo);
  }
}

function tooLarge({ file }, most) {
  const megabytes = (bytes) => (bytes / 1_048_576).toFixed(1);
  return word("photo_too_large")
    .replace("{name}", file.name)
    .replace("{size}", megabytes(file.size))
    .replace("{most}", megabytes(most));
}

/** What is stored: without the card and the promises of this page. */
function recordOf({ key, url, file, source, clientAt, at, position, sha256 }) {
  return { key, url, file, source, clientAt, at, position, sha256 };
}
