/**
 * The keys of the reviewer's page: j and k go to the next and the previous field, a accepts it, c
 * opens its comment. Buttons do the same without keys.
 */
const FIELD = "[data-review-field]";
const CONTROLS = ["[data-review-accept]", "[data-review-comment]"];
// Where the person is; a field that is swapped keeps its id.
let current = "";
// The field and the control that a swap takes the focus from.
let left = null;
let started = false;

export function start() {
  if (started) return;
  started = true;
  document.addEventListener("keydown", pressed);
  document.addEventListener("focusin", ({ target }) => {
    const field = target.closest?.(FIELD);
    if (field) current = field.id;
  });
  document.addEventListener("toggle", opened, true);
  document.addEventListener("htmx:before:swap", remember);
  document.addEventListener("htmx:after:swap", restore);
  // The page names the keys once they work.
  document.querySelector("[data-review-keys]")?.removeAttribute("hidden");
}

const KEYS = { j: () => go(1), k: () => go(-1), a: accept, c: comment };

function pressed(event) {
  const { key, target } = event;
  if (event.ctrlKey || event.metaKey || event.altKey || !(key in KEYS)) return;
  if (target.closest?.("input, textarea, select, dialog") || !document.querySelector("[data-reviewing]")) return;
  event.preventDefault();
  KEYS[key]();
}

function go(step) {
  const fields = [...document.querySelectorAll(FIELD)];
  const at = fields.findIndex(({ id }) => id === current);
  const next = fields[at < 0 ? 0 : Math.min(Math.max(at + step, 0), fields.length - 1)];
  if (!next) return;
  current = next.id;
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "start" });
}

/** The field may be another element than when the person came to it. */
function here() {
  if (!document.getElementById(current)) go(1);
  return document.getElementById(current);
}

function accept() {
  here()?.querySelector("[data-review-accept]")?.click();
}

function comment() {
  const say = here()?.querySelector(".review-say");
  if (!say) return;
  say.open = true;
  enter(say);
}

function opened({ target }) {
  if (target.matches?.(".review-say[open]")) enter(target);
}

function enter(say) {
  say.querySelector("textarea").focus({ preventScroll: true });
  // The button that sends it must not hide behind the bar. At once: typing ends a smooth scroll.
  say.querySelector("form").scrollIntoView({ block: "nearest", behavior: "instant" });
}

function remember() {
  const { activeElement } = document;
  const field = activeElement?.closest(FIELD);
  left = field && { id: field.id, control: CONTROLS.find((one) => activeElement.matches(one)) };
}

/** The new field takes over the focus, so that the next Tab goes on from it. */
function restore() {
  const field = left && document.activeElement === document.body && document.getElementById(left.id);
  if (!field) return;
  const { control } = left;
  left = null;
  const again = field.querySelector("[aria-invalid]") ?? (control ? field.querySelector(control) : null);
  (again ?? field).focus({ preventScroll: true });
}
