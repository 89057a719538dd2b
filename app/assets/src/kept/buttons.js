/** The buttons that take a report, or all of the person's, offline; each says what is kept. */
import { keepAll, keepOne } from "./keeping.js";
import { ask } from "./link.js";
import { askToStay, sizeOf } from "./room.js";

let page = null;

export function startButtons(given, summary) {
  page = given;
  show(summary);
  // A list that htmx has drawn again.
  document.addEventListener("htmx:after:process", () => {
    if (document.querySelector("[data-take-offline]:not([data-state])")) refresh();
  });
  document.addEventListener("click", ({ target }) => {
    const one = target.closest?.("[data-take-offline]");
    if (one) take(one, () => keepOne(page, one.dataset));
    const all = target.closest?.("[data-take-all]");
    if (all) take(all, () => keepAll(page));
  });
}

async function refresh() {
  show(await ask("list", { account: page.account }));
}

/** Show on every button what `summary` says is kept. */
export function show(summary) {
  if (!summary) return;
  const kept = new Map(summary.reports.map((one) => [one.report, one]));
  for (const button of document.querySelectorAll("[data-take-offline]")) {
    mark(button, kept.get(button.dataset.takeOffline));
  }
  for (const button of document.querySelectorAll("[data-take-all]")) button.hidden = false;
  for (const said of document.querySelectorAll("[data-kept-count]")) {
    said.textContent = said.dataset.keptCount.replace("{count}", kept.size).replace("{size}", sizeOf(summary.bytes));
    said.closest("[data-offline-mine]").hidden = false;
  }
  document.dispatchEvent(new CustomEvent("laudo:kept", { detail: summary }));
}

function mark(button, kept) {
  button.hidden = false;
  button.dataset.state = kept ? "kept" : "none";
  say(button, kept ? words("kept_offline", kept) : page.word("take_offline"));
}

function words(key, { at, bytes }) {
  return page.word(key).replace("{at}", page.momentOf(at)).replace("{size}", sizeOf(bytes));
}

async function take(button, keep) {
  if (button.disabled) return;
  askToStay();
  button.disabled = true;
  const before = button.textContent;
  say(button, page.word("keeping_offline"));
  const done = await keep();
  button.disabled = false;
  if (!button.matches("[data-take-offline]")) say(button, before);
  if (!done || done.failed.length) page.toast("error", page.word("not_kept_offline"));
  else page.toast("success", page.word("all_kept_offline"));
  if (done) show(done);
  else await refresh();
}

function say(button, text) {
  const shown = button.querySelector("[data-take-words]");
  if (shown) shown.textContent = text.trim();
  else button.title = text;
  if (!shown) button.setAttribute("aria-label", `${text}: ${button.dataset.name}`);
}
