/**
 * Signing on the pad. The drawing goes as a PNG file part with its strokes beside it, and stays on
 * the screen until the server has taken it.
 */
import htmx from "htmx.org";
import SignaturePad from "signature_pad";
import { csrfToken } from "./csrf.js";
import { uuid } from "./ids.js";
import { loggedInAgain, renewToken } from "./session.js";
import { word } from "./words.js";

// Ink on paper in both themes: the PDF prints it on white.
const INK = "#0b1f3a";
const MAX_RATIO = 2;
const started = new WeakSet();

export function start() {
  for (const form of document.querySelectorAll("form[data-signature]")) {
    if (started.has(form)) continue;
    started.add(form);
    startPad(form);
  }
}

function startPad(form) {
  const canvas = form.querySelector("canvas");
  const pad = new SignaturePad(canvas, { penColor: INK, minWidth: 0.8, maxWidth: 2.8 });
  const undo = form.querySelector("[data-signature-undo]");
  const clear = form.querySelector("[data-signature-clear]");
  const changed = () => {
    undo.disabled = clear.disabled = pad.isEmpty();
    form.dataset.clientId = uuid();
    complain(form, "");
  };
  pad.addEventListener("endStroke", changed);
  // Another name or another file is another signature, whatever became of the one before.
  form.addEventListener("input", changed);
  undo.addEventListener("click", () => {
    pad.fromData(pad.toData().slice(0, -1));
    changed();
  });
  clear.addEventListener("click", () => {
    pad.clear();
    changed();
  });
  changed();
  new ResizeObserver(() => fit(canvas, pad)).observe(canvas.parentElement);
  form.addEventListener("submit", (event) => sign(event, form, pad));
  addEventListener("beforeunload", (event) => {
    if (form.isConnected && !pad.isEmpty()) event.preventDefault();
  });
}

/** Match the canvas to its place and the screen; what is drawn grows or shrinks with it. */
function fit(canvas, pad) {
  const { clientWidth, clientHeight } = canvas.parentElement;
  const before = Number(canvas.dataset.width);
  if (!clientWidth || clientWidth === before) return;
  const strokes = pad.toData();
  const scale = before ? clientWidth / before : 1;
  const ratio = Math.min(MAX_RATIO, Math.max(1, devicePixelRatio));
  canvas.width = clientWidth * ratio;
  canvas.height = clientHeight * ratio;
  canvas.dataset.width = clientWidth;
  canvas.getContext("2d").scale(ratio, ratio);
  for (const { points } of strokes) {
    for (const point of points) {
      point.x *= scale;
      point.y *= scale;
    }
  }
  pad.clear();
  pad.fromData(strokes);
}

async function sign(event, form, pad) {
  event.preventDefault();
  const hasImage = form.querySelector("[data-signature-file]").files.length > 0;
  if (pad.isEmpty() && !hasImage) return complain(form, word("signature_empty"));
  const button = form.querySelector('[type="submit"]');
  button.disabled = true;
  try {
    const next = await post(form, hasImage ? new FormData(form) : await drawn(form, pad));
    if (next) goOn(next, pad);
  } catch {
    complain(form, word("signature_failed"));
  } finally {
    button.disabled = false;
  }
}

/** The form with the drawing as its image, and the strokes that made it. */
async function drawn(form, pad) {
  const body = new FormData(form);
  const png = await new Promise((resolve) => pad.canvas.toBlob(resolve, "image/png"));
  const strokes = pad.toData().map(({ points }) => points.map(({ x, y, time }) => [x, y, time]));
  const json = JSON.stringify({ width: pad.canvas.clientWidth, height: pad.canvas.clientHeight, strokes });
  body.set("image", png, "signature.png");
  body.set("strokes", new Blob([json], { type: "application/json" }), "strokes.json");
  return body;
}

async function post(form, body) {
  body.set("client_id", form.dataset.clientId);
  body.set("client_at", new Date().toISOString());
  body.set("csrf_token", csrfToken());
  const headers = { "HX-Request": "true", "X-CSRFToken": csrfToken() };
  const response = await fetch(form.action, { method: "POST", headers, body });
  const text = await response.text();
  if (response.ok) return taken(form, response, text);
  if (response.status === 401) await loggedInAgain();
  else if (response.status !== 400 || !(await renewToken())) {
    const isSentence = response.headers.get("Content-Type")?.startsWith("text/plain");
    return complain(form, isSentence ? text : word("signature_failed"));
  }
  return post(form, body);
}

/** The address to go on to, or nothing where the page goes on. */
function taken(form, response, text) {
  const next = response.headers.get("HX-Redirect");
  if (next) return next;
  const target = form.closest("[data-signature-place]") ?? form;
  htmx.swap({ text, target, sourceElement: target, swap: "outerHTML" });
  return null;
}

function goOn(next, pad) {
  pad.clear();
  location.assign(next);
}

function complain(form, sentence) {
  const place = form.querySelector("[data-signature-error]");
  place.textContent = sentence;
  place.hidden = !sentence;
}
