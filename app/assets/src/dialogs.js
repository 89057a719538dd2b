/** Native dialogs and disclosures: data-confirm, details that close or keep their state. */
import { word } from "./words.js";

/** Ask before a form is sent or a link followed that has data-confirm="question". */
export function watchConfirm() {
  const ask = async (event) => {
    const source = event.target.closest?.("[data-confirm]");
    if (!source || source.matches("form") !== (event.type === "submit")) return;
    if (source.dataset.confirmed) return delete source.dataset.confirmed;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (!(await confirmed(source.dataset.confirm))) return;
    source.dataset.confirmed = "yes";
    if (event.type === "submit") source.requestSubmit(event.submitter);
    else source.click();
  };
  document.addEventListener("submit", ask, true);
  document.addEventListener("click", ask, true);
}

function confirmed(question) {
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.append(element("p", "", question), buttonRow(dialog));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

function buttonRow(dialog) {
  const row = element("div", "form-actions");
  const yes = element("button", "btn btn-danger", word("confirm"));
  const no = element("button", "btn", word("cancel"));
  yes.addEventListener("click", () => dialog.close("yes"));
  no.addEventListener("click", () => dialog.close("no"));
  row.append(yes, no);
  return row;
}

function element(name, className, text = "") {
  const made = document.createElement(name);
  made.className = className;
  made.textContent = text;
  if (name === "button") made.type = "button";
  return made;
}

/** details[data-closes] close by Escape, a click elsewhere or [data-close] inside;
    details[data-persist="key"] stay as they were left on this page, for this tab. */
export function watchDetails() {
  document.addEventListener("click", ({ target }) => {
    for (const open of document.querySelectorAll("details[data-closes][open]")) {
      if (!open.contains(target) || target.closest("[data-close]")) open.open = false;
    }
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const open of document.querySelectorAll("details[data-closes][open]")) open.open = false;
  });
  for (const details of document.querySelectorAll("details[data-persist]")) {
    const kept = sessionStorage.getItem(keyOf(details));
    if (kept && !location.hash) details.open = kept === "open";
  }
  document.addEventListener("toggle", ({ target }) => {
    if (!target.matches?.("details[data-persist]")) return;
    sessionStorage.setItem(keyOf(target), target.open ? "open" : "closed");
  }, true);
  addEventListener("hashchange", openTheTarget);
  openTheTarget();
}

/** A link to a field inside a folded section unfolds the section first. */
function openTheTarget() {
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (!target) return;
  const folded = target.closest("details:not([open])");
  if (folded) folded.open = true;
  target.scrollIntoView();
}

function keyOf(details) {
  return `${location.pathname}#${details.dataset.persist}`;
}
