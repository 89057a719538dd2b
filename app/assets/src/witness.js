/**
 * The page of a witness on a bad line. Each act is sent in the background and only its own part of
 * the page is drawn anew, so that nothing else that was typed or drawn is touched. What is typed and
 * drawn is kept on the device until the server has it. Without this script the forms post as usual.
 */
import { drawn, fit, startPad } from "./pad.js";

const page = document.querySelector("[data-witness]");
const DRAFTS = `witness ${page?.dataset.witness} `;
// The server takes forms of people without an account up to 64 kB.
const MOST_BYTES = 58_000;
const IMAGE_WIDTH = 900;
let pad = null;

function keptOf(name) {
  try {
    return localStorage.getItem(DRAFTS + name);
  } catch {
    return null;
  }
}

function keep(name, value) {
  try {
    if (value) localStorage.setItem(DRAFTS + name, value);
    else localStorage.removeItem(DRAFTS + name);
  } catch {
    // Storage may be full or refused. The page itself still has what was typed.
  }
}

function restore(root) {
  for (const input of root.querySelectorAll("[data-draft]")) {
    const draft = keptOf(input.dataset.draft);
    if (draft === null || input.value === draft) continue;
    input.value = draft;
    const closed = input.closest("details");
    if (closed) closed.open = true;
  }
}

function forget(form) {
  for (const input of form.querySelectorAll("[data-draft]")) keep(input.dataset.draft, "");
  if (form.matches("[data-sign]")) keep("strokes", "");
}

function startSigning() {
  const form = page.querySelector("form[data-sign]");
  pad = null;
  if (!form) return;
  form.querySelector("[data-closed-with-js]")?.removeAttribute("open");
  const kept = keptOf("strokes");
  pad = startPad(form, (drawing) => {
    complain(form, "");
    keep("strokes", drawing.isEmpty() ? "" : JSON.stringify(drawing.toData()));
  });
  if (!kept) return;
  fit(pad.canvas, pad);
  try {
    pad.fromData(JSON.parse(kept));
  } catch {
    return;
  }
  keep("strokes", kept);
  for (const button of form.querySelectorAll("[data-signature-undo], [data-signature-clear]")) button.disabled = false;
}

async function act(event) {
  const form = event.target.closest("form[data-act]");
  if (!form) return;
  event.preventDefault();
  const button = form.querySelector('[type="submit"]');
  if (button.disabled) return;
  button.disabled = true;
  complain(form, "");
  try {
    const body = await bodyOf(form);
    if (body) await settle(form, await send(form, body));
  } catch {
    complain(form, navigator.onLine ? page.dataset.wordFailed : page.dataset.wordOffline);
  } finally {
    button.disabled = false;
  }
}

async function bodyOf(form) {
  const body = new FormData(form);
  if (!form.matches("[data-sign]")) return body;
  const file = form.querySelector("[data-signature-file]").files[0];
  body.set("client_at", new Date().toISOString());
  if (file) {
    body.set("image", await smaller(file), "signature.png");
    return body;
  }
  body.delete("image");
  if (pad.isEmpty()) {
    complain(form, page.dataset.wordEmpty);
    return null;
  }
  const { png, strokes } = await drawn(pad);
  body.set("image", png, "signature.png");
  body.set("strokes", new Blob([thinned(strokes, MOST_BYTES - png.size)]), "strokes.json");
  return body;
}

/** The strokes as text, with fewer points if they would not fit. */
function thinned({ width, height, strokes }, most) {
  const begin = strokes[0]?.[0]?.[2] ?? 0;
  let lines = strokes.map((points) => points.map(([x, y, time]) => [round(x), round(y), time - begin]));
  for (;;) {
    const text = JSON.stringify({ width, height, strokes: lines });
    if (text.length <= most || lines.every(({ length }) => length <= 2)) return text;
    lines = lines.map((points) => points.filter((_, at) => at % 2 === 0 || at === points.length - 1));
  }
}

const round = (number) => Math.round(number * 10) / 10;

/** A chosen image, made small enough for a bad line. */
async function smaller(file) {
  const bitmap = await createImageBitmap(file);
  for (let width = Math.min(IMAGE_WIDTH, bitmap.width); ; width = Math.round(width * 0.7)) {
    const canvas = document.createElement("canvas");
    canvas.width = width;
    canvas.height = Math.max(1, Math.round((bitmap.height * width) / bitmap.width));
    const context = canvas.getContext("2d");
    context.fillStyle = "#fff";
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
    const image = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
    if (image.size <= MOST_BYTES || width < 100) return image;
  }
}

/** Send the form once; if the token of its session is too old, once more with a new one. */
async function send(form, body) {
  const answer = await fetch(form.action, { method: "POST", body });
  if (answer.status !== 400) return answer;
  const token = parse(await (await fetch(location.pathname)).text()).querySelector('input[name="csrf_token"]')?.value;
  if (!token) return answer;
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
  body.set("csrf_token", token);
  return fetch(form.action, { method: "POST", body });
}

const parse = (text) => new DOMParser().parseFromString(text, "text/html");

async function settle(form, answer) {
  const fresh = parse(await answer.text());
  if (answer.ok) {
    forget(form);
    if (form.matches("[data-sign]")) drawAnew(fresh, "#signature");
    else drawAnew(fresh, `#${CSS.escape(form.closest("[data-item]").id)}`);
    return drawAnew(fresh, "[data-bar]");
  }
  const same = fresh.querySelector(`form[action="${CSS.escape(form.getAttribute("action"))}"] [data-error]`);
  const sentence = same?.textContent || fresh.querySelector("[data-sentence]")?.textContent;
  if (answer.status === 409 && fresh.querySelector("[data-items]")) showChanged(fresh);
  complain(form, sentence?.trim() || page.dataset.wordFailed);
}

/** Put a part of a newer page into this one. */
function drawAnew(fresh, selector) {
  const [old, next] = [page.querySelector(selector), fresh.querySelector(selector)];
  if (!old || !next) return;
  old.replaceWith(next);
  if (selector === "#signature") startSigning();
  else restore(next);
}

/** The report changed: show it as it is now. The drawing stays, and the next try signs what is shown. */
function showChanged(fresh) {
  drawAnew(fresh, "[data-items]");
  drawAnew(fresh, "[data-bar]");
  const [here, there] = [page, fresh].map((root) => root.querySelector('input[name="content"]'));
  if (here && there) here.value = there.value;
}

function complain(form, sentence) {
  const place = form.querySelector("[data-error]");
  place.textContent = sentence;
  place.hidden = !sentence;
}

if (page) {
  restore(page);
  startSigning();
  page.addEventListener("submit", act);
  page.addEventListener("input", ({ target }) => {
    if (target.dataset.draft) keep(target.dataset.draft, target.value);
  });
}
