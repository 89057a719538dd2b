/**
 * The fill page: every field is a form that saves itself through htmx.
 *
 * A save carries a client id, new for new words and the same for each re-sending of the same
 * words, so the server applies it once however often it arrives. While a save's outcome is
 * unknown (the connection broke) it is sent again before anything newer, with the row version it
 * was made on: else our own lost answer would look like somebody else's change. What is typed is
 * kept on the device until the server has acknowledged it. Answers replace only the field's
 * status, never its inputs.
 */
import htmx from "htmx.org";
import { waited } from "./backoff.js";
import { csrfToken } from "./csrf.js";
import { entriesOf, putEntries, signatureOf } from "./entries.js";
import { uuid } from "./ids.js";
import { watchLeaving } from "./leaving.js";
import { loggedInAgain, renewToken } from "./session.js";
import { forget, keep, keepOnDevice, kept } from "./store.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

const FORM = "form[data-field-form]";
const states = new Map();
let started = false;
let lastTouched = null;

export function start() {
  for (const form of document.querySelectorAll(FORM)) {
    if (!states.has(form)) states.set(form, { acked: signatureOf(form), save: null, choice: [], tries: 0 });
  }
  if (started) return;
  started = true;
  document.addEventListener("input", ({ target }) => touched(target.closest(FORM)));
  document.addEventListener("change", ({ target }) => touched(target.closest(FORM)));
  document.addEventListener("click", answerConflict);
  document.addEventListener("click", clearChoice);
  document.addEventListener("click", chooseReading);
  document.addEventListener("htmx:before:request", beforeSave);
  document.addEventListener("htmx:finally:request", afterSave);
  document.addEventListener("laudo:session-back", flush);
  watchLeaving({ unsaved, flush });
  restore();
  showKept();
  keepOnDevice();
}

/** Where nothing is taken just now (web/refused_forms.py), what is kept here is shown, and stays. */
async function showKept() {
  const forms = [...document.querySelectorAll("form[data-refused-field]")];
  const byKey = new Map(forms.map((form) => [form.dataset.refusedField, form]));
  for (const draft of await kept("saves", ({ key }) => byKey.has(key))) {
    putEntries(byKey.get(draft.key), draft.entries);
    mark(byKey.get(draft.key), "unsaved");
  }
}

/** Forms whose words the server has not acknowledged. */
function unsaved() {
  return [...states.keys()].filter((form) => form.isConnected && isDirty(form));
}

function isDirty(form) {
  const state = states.get(form);
  return Boolean(state.save) || hasNews(form, state);
}

/** Whether the form holds words or a choice that no save has carried yet. */
function hasNews(form, state) {
  return state.choice.length > 0 || signatureOf(form) !== state.acked;
}

/** Save now what waits for its delay. */
function flush() {
  for (const form of unsaved()) send(form);
}

function send(form) {
  if (form.isConnected) htmx.trigger(form, "submit");
}

function touched(form) {
  if (!form || !isDirty(form)) return;
  lastTouched = form;
  if (statusOf(form).dataset.state !== "conflict") mark(form, "unsaved");
  keepDraft(form);
}

function beforeSave(event) {
  const { ctx } = event.detail;
  const form = ctx.sourceElement;
  if (!form.matches(FORM)) return;
  const state = states.get(form);
  const nothingNew = !state.save && !hasNews(form, state);
  if (nothingNew || statusOf(form).dataset.state === "conflict") return event.preventDefault();
  state.save ??= {
    clientId: uuid(),
    clientAt: new Date().toISOString(),
    rowVersion: versionOf(form).value,
    entries: [...entriesOf(form), ...state.choice],
    choice: state.choice,
    signature: signatureOf(form),
  };
  ctx.request.body = bodyOf(state.save);
  // htmx chose the target when the save was triggered; an answer may have replaced it since, and
  // an answer to this save would then be dropped, its row version with it.
  ctx.target = statusOf(form);
  ctx.isSave = true;
  mark(form, "saving");
  keepDraft(form);
}

function bodyOf(save) {
  const body = new URLSearchParams(save.entries);
  body.set("csrf_token", csrfToken());
  body.set("client_id", save.clientId);
  body.set("client_at", save.clientAt);
  body.set("row_version", save.rowVersion);
  return body;
}

async function afterSave({ detail: { ctx } }) {
  if (!ctx.isSave) return;
  const form = ctx.sourceElement.closest(FORM) ?? ctx.request.form;
  const status = ctx.response?.status ?? 0;
  if (status >= 200 && status < 300) acknowledged(form);
  else if (status === 409 || status === 422) settled(form);
  else if (status === 401) mark(form, "retrying"); // session.js asks; laudo:session-back sends
  else if (status === 400 && (await renewed(form))) send(form);
  else if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) {
    settled(form);
    mark(form, "refused", ctx.text);
  } else await later(form);
  bringIntoSight(form);
}

/** What the server asks back may open below the bar at the foot of a phone. */
function bringIntoSight(form) {
  if (form !== lastTouched) return;
  statusOf(form)?.querySelector(".read-as:has([data-choose]), .conflict")?.scrollIntoView({ block: "nearest" });
}

function renewed(form) {
  mark(form, "retrying");
  return renewToken();
}

function acknowledged(form) {
  const state = states.get(form);
  state.acked = state.save.signature;
  if (state.choice === state.save.choice) state.choice = [];
  state.save = null;
  state.tries = 0;
  if (!isDirty(form)) return forget("saves", keyOf(form));
  mark(form, "unsaved");
  keepDraft(form);
  htmx.trigger(form, "change");
}

/** The server has judged this save; only new words or a decision send another. */
function settled(form) {
  const state = states.get(form);
  state.save = null;
  state.tries = 0;
  keepDraft(form);
}

async function later(form) {
  const state = states.get(form);
  mark(form, "retrying");
  if (state.isWaiting) return;
  state.tries += 1;
  state.isWaiting = true;
  await waited(state.tries);
  state.isWaiting = false;
  if (state.save) send(form);
}

/** Conflict: "keep mine" saves over the newer answer, "take the other" lets go of ours. */
async function answerConflict(event) {
  const mine = event.target.closest("[data-keep-mine]");
  const theirs = event.target.closest("[data-take-theirs]");
  const form = (mine ?? theirs)?.closest(FORM);
  if (!form) return;
  event.preventDefault();
  if (theirs) return takeTheirs(form, theirs);
  states.get(form).save = null;
  versionOf(form).value = mine.dataset.keepMine;
  statusOf(form).dataset.state = "unsaved";
  send(form);
}

/** Ours goes into the history first; only then is it let go of here. */
async function takeTheirs(form, button) {
  button.disabled = true;
  const taken = await setAside(form, button).catch(() => false);
  if (!taken) {
    button.disabled = false;
    return toast("error", word("no_connection"));
  }
  await forget("saves", keyOf(form));
  states.delete(form);
  history.replaceState(null, "", button.dataset.takeTheirs);
  location.reload();
}

async function setAside(form, button) {
  const body = new URLSearchParams([...entriesOf(form), ...states.get(form).choice]);
  body.set("csrf_token", csrfToken());
  body.set("row_version", versionOf(form).value);
  const headers = { "X-Requested-With": "fetch" };
  const options = { method: "POST", body, headers, redirect: "manual" };
  const response = await fetch(button.formAction, options);
  if (response.status === 401) await loggedInAgain();
  else if (response.status !== 400 || !(await renewToken())) {
    return response.type === "opaqueredirect";
  }
  return setAside(form, button);
}

/** One tap says which of two numbers a text means; the same words are saved with it. */
function chooseReading(event) {
  const button = event.target.closest("[data-choose]");
  const form = button?.closest(FORM);
  if (!form) return;
  event.preventDefault();
  const state = states.get(form);
  const others = state.choice.filter(([name]) => name !== button.name);
  state.choice = [...others, [button.name, button.value]];
  mark(form, "unsaved");
  keepDraft(form);
  send(form);
}

function clearChoice({ target }) {
  const form = target.closest("[data-clear]")?.closest(FORM);
  if (!form) return;
  for (const input of form.querySelectorAll('[name="value"]')) input.checked = false;
  form.dispatchEvent(new Event("change", { bubbles: true }));
}

function keepDraft(form) {
  const { save, choice } = states.get(form);
  const draft = { entries: entriesOf(form), rowVersion: versionOf(form).value, save, choice };
  return keep("saves", { key: keyOf(form), at: Date.now(), ...draft });
}

async function restore() {
  const byKey = new Map([...states.keys()].map((form) => [keyOf(form), form]));
  let count = 0;
  for (const draft of await kept("saves", ({ key }) => byKey.has(key))) {
    const form = byKey.get(draft.key);
    putEntries(form, draft.entries);
    states.get(form).save = draft.save;
    states.get(form).choice = draft.save?.choice ?? draft.choice ?? [];
    if (!isDirty(form)) {
      forget("saves", draft.key);
      continue;
    }
    count += 1;
    versionOf(form).value = draft.rowVersion;
    mark(form, "unsaved");
    send(form);
  }
  if (count) toast("info", word("restored"));
}

function mark(form, state, words = word(state)) {
  const status = statusOf(form);
  status.dataset.state = state;
  status.querySelector("[data-save-words]")?.replaceChildren(words);
  // The tick or warning was the server's word on an earlier save.
  status.querySelector(".save-mark .icon")?.remove();
}

function keyOf(form) {
  return form.getAttribute("action");
}

function statusOf(form) {
  return form.querySelector("[data-field-status]");
}

function versionOf(form) {
  return form.querySelector('input[name="row_version"]');
}
