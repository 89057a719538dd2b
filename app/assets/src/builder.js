/**
 * The page that builds a checklist: parts are dragged or moved with the arrow keys, and lists of
 * answers grow and shrink. htmx sends every edit; the server answers with the part that it changed.
 */
import Sortable from "sortablejs";

const root = document.querySelector("[data-build]");
const PART = ".build-part, .build-section[data-section]";
// Where a part goes back to if the server refuses the move.
let undone = null;

function placeOf(node) {
  const list = node.closest("[data-list]");
  let before = node.previousElementSibling;
  while (before && !before.matches(PART)) before = before.previousElementSibling;
  return { inside: list.dataset.inside ?? "", after: before ? idOf(before) : "" };
}

function idOf(node) {
  return node.dataset.section ?? node.dataset.id;
}

function partOf(node) {
  return node.dataset.section ? "section" : node.dataset.part;
}

/** What is dragged as a whole: a section with its questions, or one part. */
function wholeOf(element) {
  const part = element.closest(".build-part");
  return part.dataset.part === "section" ? part.closest(".build-section") : part;
}

/** Through the form of the page, so that htmx sends it like any other edit. */
function send(node, from) {
  undone = from;
  const form = root.querySelector("[data-moving]");
  form.setAttribute("hx-post", `${root.dataset.editUrl}/${partOf(node)}/${idOf(node)}/move`);
  for (const [name, value] of Object.entries(placeOf(node))) form.elements[name].value = value;
  form.requestSubmit();
}

function backTo({ node, parent, next }) {
  parent.insertBefore(node, next);
}

function positionOf(node) {
  return { node, parent: node.parentElement, next: node.nextElementSibling };
}

function sortable(list) {
  if (list.dataset.sorts) return;
  list.dataset.sorts = "on";
  const isSections = list.dataset.list === "section";
  let from = null;
  Sortable.create(list, {
    group: list.dataset.list,
    handle: "[data-handle]",
    draggable: isSections ? ".build-section" : ".build-part",
    animation: 120,
    onStart: ({ item }) => (from = positionOf(item)),
    onEnd: ({ item, newIndex, oldIndex, from: a, to: b }) => {
      if (a !== b || newIndex !== oldIndex) send(item, from);
    },
  });
}

/** One step in reading order; a question goes on into the next section. */
function step(node, isDown) {
  const from = positionOf(node);
  const selector = partOf(node) === "section" ? ".build-section" : ".build-part";
  const list = node.parentElement;
  const siblings = [...list.children].filter((one) => one.matches(selector));
  const other = siblings[siblings.indexOf(node) + (isDown ? 1 : -1)];
  if (other) other[isDown ? "after" : "before"](node);
  else if (!intoNextList(node, list, isDown)) return;
  send(node, from);
}

function intoNextList(node, list, isDown) {
  if (list.dataset.list !== "field") return false;
  const lists = [...root.querySelectorAll('[data-list="field"]')];
  const next = lists[lists.indexOf(list) + (isDown ? 1 : -1)];
  if (!next) return false;
  if (isDown) next.prepend(node);
  else next.insertBefore(node, next.querySelector(":scope > [data-add]"));
  return true;
}

function moved({ part, id, inside, after }) {
  const element = document.getElementById(`${part}-${id}`);
  if (!element) return;
  const node = wholeOf(element);
  const now = placeOf(node);
  if (now.inside === (inside ?? "") && now.after === (after ?? "")) return;
  const list = inside ? root.querySelector(`[data-list="field"][data-inside="${inside}"]`) : node.parentElement;
  const before = after && wholeOf(document.getElementById(`${part}-${after}`));
  if (before) before.after(node);
  else list.prepend(node);
}

function keyed(event) {
  const handle = event.target.closest("[data-handle]");
  if (!handle || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
  event.preventDefault();
  step(wholeOf(handle), event.key === "ArrowDown");
  handle.focus();
}

/** Another line at the end of a list of answers, or one line less. */
function clicked({ target }) {
  const add = target.closest("[data-entry-add]");
  const remove = target.closest("[data-entry-remove]");
  if (add) addEntry(add.closest("[data-entries]"));
  if (remove) removeEntry(remove.closest("[data-entry]"));
}

function addEntry(list) {
  const entries = list.querySelectorAll("[data-entry]");
  const entry = entries[entries.length - 1].cloneNode(true);
  for (const input of entry.querySelectorAll("input")) input.value = "";
  entries[entries.length - 1].after(entry);
  entry.querySelector("input:not([type=hidden])").focus();
}

function removeEntry(entry) {
  const list = entry.closest("[data-entries]");
  if (list.querySelectorAll("[data-entry]").length > 1) entry.remove();
  else for (const input of entry.querySelectorAll("input")) input.value = "";
  list.dispatchEvent(new Event("change", { bubbles: true }));
}

function finished({ target, detail }) {
  const isRefused = detail.ctx.response.status >= 400;
  if (target.matches?.("[data-moving]")) {
    if (isRefused && undone) backTo(undone);
    undone = null;
  }
  if (!isRefused && target.matches?.("[data-add]")) {
    target.reset();
    target.querySelector("input[name=text]").focus();
  }
}

function start() {
  for (const list of root.querySelectorAll("[data-list]")) sortable(list);
}

function show({ part, id }) {
  document.getElementById(`${part}-${id}`)?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", keyed);
document.addEventListener("click", clicked);
document.addEventListener("htmx:after:request", finished);
document.addEventListener("htmx:after:swap", start);
document.addEventListener("part-moved", ({ detail }) => moved(detail));
document.addEventListener("part-shown", ({ detail }) => show(detail));
start();
