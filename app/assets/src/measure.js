/**
 * Readings judged while they are typed, by the rules of app/definition/measured.py and judging.py.
 * The server judges again when it saves; these marks are for the person with the instrument.
 */
import { word } from "./words.js";

const NUMBER = /^(>=|<=|=>|=<|[<>≤≥])?\s*([+\-−–])?\s*([0-9.,][0-9., '’]*)(?:\s?[eE]([+\-−]?\d{1,4}))?$/;
const GROUPED = /^[1-9]\d{0,2}(?:([., '])\d{3})(?:\1\d{3})*$/;
const OPPOSITE = { "−": /^[-−–]/, ">": /^[>≥]/, "<": /^[<≤]/ };
let started = false;
let touched = null;

export function start() {
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
  const judged = verdict(input.value, reading.dataset.min, reading.dataset.max, unitOf(reading));
  reading.dataset.judged = judged;
  const out = judged === "out_of_limits";
  input.toggleAttribute("aria-invalid", false);
  if (out || judged === "no_number") input.setAttribute("aria-invalid", "true");
  input.title = judged === "none" || judged === "in_limits" ? "" : word(judged);
}

/** "in_limits", "out_of_limits", "no_number", or "none" where there is nothing to judge. */
export function verdict(text, min, max, unit = "") {
  if (!text.trim()) return "none";
  const read = parse(text, unit);
  if (!read) return "no_number";
  if (min === undefined && max === undefined) return "none";
  const { number, above, below } = read;
  const low = min !== undefined && (number < Number(min) || (below && number <= Number(min)));
  const high = max !== undefined && (number > Number(max) || (above && number >= Number(max)));
  return low || high ? "out_of_limits" : "in_limits";
}

/** {number, above, below} of a reading as people and instruments write it, or null. */
export function parse(text, unit = "") {
  let typed = text.normalize("NFKC").replace(/\s+/g, " ").trim();
  const tail = unit.normalize("NFKC").trim();
  if (tail && typed.endsWith(tail)) typed = typed.slice(0, -tail.length).trim();
  const match = NUMBER.exec(typed);
  const digits = match && plainDigits(match[3].trim().replaceAll("’", "'"));
  if (!digits) return null;
  const exponent = (match[4] ?? "0").replace("−", "-");
  const sign = match[2] && match[2] !== "+" ? "-" : "";
  return {
    number: Number(`${sign}${digits}e${exponent}`),
    above: match[1] === ">",
    below: match[1] === "<",
  };
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
  return reading.closest("[data-unit]")?.dataset.unit ?? "";
}

function putSign(input, sign) {
  const bare = input.value.replace(/^[-−–<>≤≥\s]+/, "");
  input.value = OPPOSITE[sign].test(input.value) ? bare : sign + bare;
  input.focus();
  input.dispatchEvent(new Event("input", { bubbles: true }));
}
