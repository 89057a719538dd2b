/**
 * Compares a PDF with those of the report on a public page. The file never leaves the browser: its
 * SHA-256 is computed here and looked up in the hashes that the page holds.
 */
import { sha256Of } from "./outbox/hash.js";

const section = document.querySelector("[data-compare]");
const zone = section.querySelector("[data-drop]");
const input = section.querySelector("[data-file]");
// Only the newest choice may show its answer: hashing a large file takes seconds.
let turn = 0;

async function compare(file) {
  if (!file) return;
  const mine = ++turn;
  show(null);
  section.setAttribute("aria-busy", "true");
  const hash = await file.arrayBuffer().then(sha256Of).catch(() => null);
  if (mine !== turn) return;
  section.removeAttribute("aria-busy");
  const known = hash && section.querySelector(`data[value="${hash}"]`);
  show(answerFor(hash, known), known);
  section.querySelector("[data-found]").hidden = !hash;
  section.querySelector("[data-hash]").textContent = hash ?? "";
}

function answerFor(hash, known) {
  if (!hash) return "unread";
  if (!known) return "changed";
  return known.dataset.kind === "newest" ? "same" : known.dataset.kind;
}

function show(name, known) {
  for (const answer of section.querySelectorAll("[data-answer]")) {
    answer.hidden = answer.dataset.answer !== name;
    if (answer.hidden || !known) continue;
    for (const place of answer.querySelectorAll("[data-time]")) place.textContent = known.dataset.made;
    for (const place of answer.querySelectorAll("[data-name]")) place.textContent = known.dataset.name;
  }
  section.querySelector("[data-found]").hidden = true;
}

zone.hidden = false;
section.querySelector("[data-by-hand]").open = false;
input.addEventListener("change", () => {
  compare(input.files[0]);
  // So that the same name can be chosen again after it was saved anew.
  input.value = "";
});
// Anywhere on the page: a file that misses the zone would otherwise replace the page.
document.addEventListener("dragover", (event) => {
  event.preventDefault();
  zone.classList.add("is-over");
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) zone.classList.remove("is-over");
});
document.addEventListener("drop", (event) => {
  event.preventDefault();
  zone.classList.remove("is-over");
  compare(event.dataTransfer.files[0]);
});
