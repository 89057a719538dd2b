/**
 * The outbox of the person for whom this page was drawn. Every page starts its sender, so that what
 * waits on this device is sent wherever the person goes.
 */
import { account } from "./csrf.js";
import { createOutbox } from "./outbox/index.js";
import { hasAnotherAccount, loggedInAgain } from "./session.js";
import { toast } from "./toasts.js";
import { startUnsentBar } from "./unsent_bar.js";
import { word } from "./words.js";

let outbox = null;
let keeping = 0;
// A kept page is shown because the server did not answer.
let away = Boolean(document.documentElement.dataset.keptAt);

/** Null on pages that nobody is logged in to. */
export function device() {
  outbox ??= account() ? createOutbox({ account: account(), storage: storage() }) : null;
  return outbox;
}

/** Null where the person forbids it. */
function storage() {
  try {
    return localStorage;
  } catch {
    return null;
  }
}

/** Whether the last attempt to reach the server failed. */
export function isAway() {
  return away;
}

export function watchOutbox() {
  if (!device()) return;
  const wake = () => {
    if (!document.hidden) outbox.send();
  };
  for (const name of ["online", "focus"]) addEventListener(name, wake);
  addEventListener("pagehide", outbox.leave);
  addEventListener("pageshow", outbox.enter);
  document.addEventListener("visibilitychange", wake);
  outbox.subscribe(onEvent);
  startUnsentBar(outbox);
  // Before a part of the page reads what is here.
  outbox.enter();
  wake();
}

/** Keep an operation; the person is told if the device has no room for it. */
export async function keep(operation, bytes = null) {
  const kept = await untilKept(device().add({ ...wordsOf(operation), ...operation }, bytes));
  if (!kept.isKept) offerFile(toast("warning", word("storage_full")));
  return kept;
}

/** Who leaves the page meanwhile, waits for `work`. */
export async function untilKept(work) {
  keeping += 1;
  try {
    return await work;
  } finally {
    keeping -= 1;
  }
}

/** Whether something that was entered is not on the device yet. */
export function isKeeping() {
  return keeping > 0;
}

/** What has no room would be lost on the way to the page that saves the file. */
function offerFile(shown) {
  const button = document.createElement("button");
  Object.assign(button, { className: "btn", type: "button", textContent: word("save_file") });
  button.onclick = () => exportWork().catch(() => toast("error", word("failed")));
  shown.querySelector("[data-toast-words]").after(button);
}

/** What the queue shows of it, where the page with the question is not at hand. */
function wordsOf({ kind, field }) {
  const card = field && document.getElementById(`field-${field}`);
  if (!card) return {};
  const chosen = kind === "answer" ? card.querySelectorAll("input:checked, option:checked") : [];
  return { question: textOf(card.querySelector(".field-label")), shown: [...chosen].map(labelOf).join(", ") };
}

function labelOf(chosen) {
  return textOf(chosen.matches("option") ? chosen : chosen.labels[0]);
}

/** Without marks, words for screen readers and the second language. */
function textOf(element) {
  const copy = element?.cloneNode(true);
  for (const mark of copy?.querySelectorAll(".required-mark, .visually-hidden, .second-language") ?? []) mark.remove();
  return copy?.textContent.trim().replace(/\s+/g, " ") ?? "";
}

async function onEvent({ type, status }) {
  if (type === "settled") outbox.keepRest();
  if (["settled", "parked"].includes(type)) away = false;
  if (type === "status") away = status === "away";
  if (type !== "status" || document.hidden) return;
  if (status === "another account") return hasAnotherAccount();
  if (status !== "logged out") return;
  await loggedInAgain();
  outbox.send();
}

/** What the log-out needs (kept/sign_out.js): the queue as a file, and its end. */
export async function exportWork() {
  const zip = await device().exportZip();
  const link = document.createElement("a");
  link.href = URL.createObjectURL(zip);
  link.download = `laudo-${new Date().toISOString().slice(0, 19).replaceAll(":", "")}.zip`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  return true;
}

export async function eraseWork() {
  for (const { clientId } of await device().list()) await outbox.discard(clientId);
}
