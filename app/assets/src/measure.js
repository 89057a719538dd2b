/**
 * Judges readings while they are typed, by the rules of app/definition/measured.py and judging.py.
  * The server judges again on saving; these marks help the person with the instrument.
 */
import { word } from "./words.js";

const START = "(?<bound>>=|<=|=>|=<|[<>≤≥])?\\s*(?<sign>[+\\-−–])?\\s*";
const NUMBER = `^${START}(?<digits>[0-9.,]|[0-9.,][0-9., '’]*[0-9.,])(?:\\s?[eE](?<exponent>[+\\-−]?\\d{1,4}))?`;
const PLAIN = new RegExp(`${NUMBER}$`);
const WITH_UNIT = new RegExp(`${NUMBER}\\s?(?<unit>[^0-9\\s.,'’+\\-−–][^0-9]*[23]?)$`);
const PARTED = new RegExp(`^${START}(?<whole>\\d+)(?<letter>\\p{L})(?<part>\\d+)(?<unit>.*)$`, "u");
const GROUPED = /^[1-9]\d{0,2}(?:([., '])\d{3})(?:\1\d{3})*$/;
const OPPOSITE = { "−": /^[-−–]/, ">": /^[>≥]/, "<": /^[<≤]/ };
let started = false;
let touched = null;
// What the server read if a person may read it differently: form -> input name -> its data.
let readAs = new Map();

export function start() {
  readAs = new Map();
  for (const note of document.querySelectorAll("[data-read-as]")) {
    const form = note.closest("form");
    if (!readAs.has(form)) readAs.set(form, new Map());
    readAs.get(form).set(note.dataset.readAs, note.dataset);
  }
  for (const reading of document.querySelectorAll("[data-reading]")) judge(reading);
  if (started) return;
  started = true;
  document.addEventListener("input", ({ target }) => {
    const reading = target.closest("[data-reading]");
    if (reading) judge(reading);
  });
  document.addEventListener("focusin", ({ target }) => {
    if (!target.matches("[data-reading] input")) return;
    touched = target;
    const keys = target.closest("form")?.querySelector("[data-reading-keys]");
    if (keys && matchMedia("(pointer: coarse)").matches) keys.hidden = false;
  });
  // The key must not take the focus, or the phone's keyboard would close.
  document.addEventListener("pointerdown", (event) => {
    if (event.target.closest("[data-sign]")) event.preventDefault();
  });
  document.addEventListener("click", ({ target }) => {
    const key = target.closest("[data-sign]");
    if (key && touched) putSign(touched, key.dataset.sign);
  });
}

function judge(reading) {
  const input = reading.querySelector("input");
  const judged = verdict(input.value, reading.dataset.min, reading.dataset.max, {
    ...unitOf(reading),
    read: readAs.get(input.form)?.get(input.name),
  });
  reading.dataset.judged = judged;
  const out = judged === "out_of_limits";
  input.toggleAttribute("aria-invalid", false);
  if (out || judged === "no_number") input.setAttribute("aria-invalid", "true");
  input.title = judged === "none" || judged === "in_limits" ? "" : word(judged);
}

/**
 * "in_limits", "out_of_limits", "no_number", or "none" if there is nothing to judge. `unit` and
  * `suffixes` are the question's; `read` is the server's reading: {text, decimal}.
 */
export function verdict(text, min, max, { unit = "", suffixes = "", read = null } = {}) {
  if (!text.trim()) return "none";
  const found = parse(text, unit, suffixes);
  if (!found) return "no_number";
  if (min === undefined && max === undefined) return "none";
  const { above, below } = found;
  const number = read && read.text === shown(text) ? Number(read.decimal) : found.number;
  const low = min !== undefined && (number < Number(min) || (below && number <= Number(min)));
  const high = max !== undefined && (number > Number(max) || (above && number >= Number(max)));
  return low || high ? "out_of_limits" : "in_limits";
}

/** The reading in an input as the server would store it, {text, decimal}, or null. */
export function readingOf(input) {
  const text = shown(input.value);
  const read = readAs.get(input.form)?.get(input.name);
  if (read && read.text === text) return { text, decimal: read.decimal };
  const found = text && parse(text, ...suffixesOf(input));
  return found ? { text, decimal: found.decimal } : null;
}

function suffixesOf(input) {
  const { unit = "", suffixes = "" } = unitOf(input);
  return [unit, suffixes];
}

/**
 * {number, decimal, above, below} of a reading in the notation of people and instruments, or null.
 * `decimal` is the number exactly, with an exponent.
 */
export function parse(text, unit = "", suffixes = "") {
  const match = matched(shown(text), unit, suffixes);
  const digits = match && plainDigits(match.digits.replaceAll("’", "'"));
  if (!digits) return null;
  const exponent = Number((match.exponent ?? "0").replace("−", "-")) + match.shift;
  const sign = match.sign && match.sign !== "+" ? "-" : "";
  const decimal = `${sign}${digits}e${exponent}`;
  return {
    number: Number(decimal),
    decimal,
    above: match.bound === ">",
    below: match.bound === "<",
  };
}

/** The parts of a number, in the question's unit or with another SI prefix ("980 k", "2k2"). */
function matched(typed, unit, suffixes) {
  const plain = PLAIN.exec(withoutUnit(typed, unit));
  if (plain) return { ...plain.groups, shift: 0 };
  const known = new Map(suffixes.split(" ").filter(Boolean).map((one) => one.split(":")));
  const parted = PARTED.exec(typed)?.groups;
  const letter = parted?.letter.normalize("NFKC");
  const rest = parted?.unit.normalize("NFKC").trim();
  if (known.has(letter) && known.get(letter) === known.get(letter + rest)) {
    return { ...parted, digits: `${parted.whole}.${parted.part}`, shift: Number(known.get(letter)) };
  }
  const tailed = WITH_UNIT.exec(typed)?.groups;
  const shift = tailed && known.get(tailed.unit.normalize("NFKC"));
  return shift === undefined ? null : { ...tailed, shift: Number(shift) };
}

function shown(text) {
  return text.normalize("NFC").replace(/\s+/g, " ").trim();
}

function withoutUnit(typed, unit) {
  const [compared, tail] = [typed, unit.trim()].map((one) => one.normalize("NFKC"));
  return tail && compared.endsWith(tail) ? compared.slice(0, -tail.length).trim() : typed;
}

function plainDigits(digits) {
  const mark = decimalMark(digits);
  const at = mark ? digits.lastIndexOf(mark) : digits.length;
  let whole = digits.slice(0, at);
  const fraction = digits.slice(at + 1);
  if (GROUPED.test(whole)) whole = whole.replace(/\D/g, "");
  if (!/^\d*$/.test(whole) || !/^\d*$/.test(fraction) || !(whole || fraction)) return null;
  return `${whole || "0"}.${fraction || "0"}`;
}

function decimalMark(digits) {
  const comma = digits.split(",").length - 1;
  const stop = digits.split(".").length - 1;
  if (comma && stop) return digits.lastIndexOf(",") > digits.lastIndexOf(".") ? "," : ".";
  if (comma === 1 || stop === 1) return comma ? "," : ".";
  return "";
}

function unitOf(reading) {
  return reading.closest("[data-unit]")?.dataset ?? {};
}

function putSign(input, sign) {
  const bare = input.value.replace(/^[-−–<>≤≥\s]+/, "");
  input.value = OPPOSITE[sign].test(input.value) ? bare : sign + bare;
  input.focus();
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
