/**
 * Shows and hides fields, and puts calculated values into them, as soon as an answer changes; also
 * without a connection, because it reads only what the page has. The server computes the same when
 * it draws the page (docs/logic.md). Fields are known by their id and, inside a repeated group, by the
 * key of their block.
 */
import { Logic } from "./evaluating.js";

// What the fill page lends (parts.js): FORM, formOf, entriesOf, readingOf.
let page = null;
let checklist = null;
let affected = [];
// The answers on the page by field id, read again when their form changes.
const answers = new Map();
let isWaiting = false;

export function start(lent) {
  const place = document.querySelector("template[data-logic]");
  if (!place) return;
  if (!page) listen();
  page = lent;
  checklist = JSON.parse(place.dataset.logic);
  affected = Object.keys(checklist.fields).filter((id) => isAffected(checklist.fields[id]));
  answers.clear();
  update();
}

function listen() {
  for (const type of ["input", "change"]) document.addEventListener(type, changed);
}

function isAffected({ section, shown_when, required_when, fails_when, calculation }) {
  return Boolean(shown_when || required_when || fails_when || calculation || checklist.sections[section]?.shown_when);
}

/** Several changes in one task, such as those of a form that is filled again, are one update. */
function changed({ target }) {
  const form = target.closest(page.FORM);
  if (!form) return;
  answers.delete(form.closest("[data-field]").dataset.field);
  if (isWaiting) return;
  isWaiting = true;
  queueMicrotask(() => {
    isWaiting = false;
    update();
  });
}

function update() {
  const logic = new Logic(checklist, answerOf);
  const sections = new Set();
  for (const id of affected) {
    const field = document.getElementById(`field-${id}`);
    if (!field) continue;
    draw(field, id, logic);
    sections.add(field.closest("details.section"));
  }
  for (const section of sections) section.hidden = !section.querySelector("article.field:not([hidden])");
}

function draw(field, id, logic) {
  const { required_when, fails_when, calculation } = checklist.fields[id];
  field.hidden = !logic.isShown(id);
  if (required_when) field.dataset.required = logic.isRequired(id);
  if (fails_when) field.querySelector("[data-fails]").hidden = !logic.fails(id);
  if (calculation) drawCalculated(field.querySelector("[data-calculated]"), id, logic);
}

function drawCalculated(output, id, logic) {
  const value = logic.calculated(id);
  output.querySelector("[data-empty]").hidden = value !== null;
  for (const choice of output.querySelectorAll("[data-choice]")) choice.hidden = choice.dataset.choice !== value;
  const place = output.querySelector("[data-value]");
  if (place) place.replaceChildren(...wordsOf(value, output.dataset.calculated, place.dataset.unit));
  const judged = value === null ? "" : logic.isBad(id) ? "out_of_limits" : "in_limits";
  for (const mark of output.querySelectorAll("[data-limits]")) mark.hidden = mark.dataset.limits !== judged;
}

function wordsOf(value, gives, unit) {
  if (value === null) return [];
  if (gives === "date") return [dayWords(value)];
  if (gives !== "number") return [value];
  const number = document.createElement("strong");
  number.className = "num";
  number.append(value.decimal.replace("-", "−").replace(".", decimalMark()));
  if (unit) {
    const after = document.createElement("span");
    after.className = "unit";
    after.append(unit);
    number.append(after);
  }
  return [number];
}

function decimalMark() {
  const parts = new Intl.NumberFormat(document.documentElement.lang).formatToParts(0.5);
  return parts.find(({ type }) => type === "decimal").value;
}

function dayWords(day) {
  const format = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeZone: "UTC" });
  return format.format(new Date(`${day}T00:00Z`));
}

/** The answer that the page holds, in the form of the server's (app/definition/answers.py). */
function answerOf(id) {
  if (!answers.has(id)) answers.set(id, read(id));
  return answers.get(id);
}

function read(id) {
  const form = page.formOf(id);
  if (!form) return undefined;
  const entries = page.entriesOf(form);
  const na_reason = entries.find(([name]) => name === "na_reason")?.[1] ?? "";
  const { kind } = checklist.fields[id];
  // As the form says: a reason sets the answer aside.
  if (na_reason.trim() && kind !== "verdict") return { value: null, na_reason };
  return { value: valueOf(form, kind, entries), na_reason };
}

function valueOf(form, kind, entries) {
  if (kind === "table") return cellsOf(form);
  if (kind === "number") return page.readingOf(form.elements.namedItem("value"));
  const values = entries.filter(([name]) => name === "value").map(([, value]) => value);
  if (kind === "select_many") return values.length ? values : null;
  const value = (values.at(-1) ?? "").normalize("NFC").trim();
  return (kind === "time" ? value.slice(0, 5) : value) || null;
}

function cellsOf(form) {
  const cells = {};
  for (const input of form.querySelectorAll('input[name^="cell:"]')) {
    const reading = page.readingOf(input);
    if (reading) cells[input.name.slice("cell:".length)] = reading;
  }
  return cells;
}
