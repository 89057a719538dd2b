/** The line in the head of every page: how much is not sent, of which reports, since when. */
import { momentOf } from "./moments.js";
import { word } from "./words.js";

// Most changes leave at once; a line that comes and goes would say nothing.
const REST_MS = 1500;
const MOST_NAMES = 3;
let timer = null;

export function startUnsentBar(outbox) {
  const show = async () => {
    timer = null;
    draw(await outbox.list());
  };
  const later = () => {
    timer ??= setTimeout(show, REST_MS);
  };
  outbox.subscribe(later);
  later();
}

function draw(operations) {
  const bar = document.querySelector("[data-unsent]");
  if (!bar) return;
  const before = document.body.offsetHeight;
  bar.hidden = !operations.length;
  // Safari does not keep in place what is read below.
  if (scrollY && !CSS.supports("overflow-anchor", "auto")) scrollBy(0, document.body.offsetHeight - before);
  if (!operations.length) return;
  const oldest = Math.min(...operations.map(({ at }) => at));
  const stuck = operations.filter(({ state }) => state === "parked").length;
  // What a narrow screen cuts off stands last.
  const said = [
    saidOf("unsent_stuck", stuck),
    saidOf("unsent", operations.length - stuck),
    saidOf("unsent_since", momentOf(oldest, true)),
    namesOf(operations),
  ];
  bar.querySelector("[data-unsent-words]").textContent = said.filter(Boolean).join(" · ");
  bar.dataset.state = stuck ? "stuck" : "waiting";
}

function saidOf(key, value) {
  return value && word(key).replace(/\{\w+\}/, value);
}

function namesOf(operations) {
  const names = [...new Set(operations.map(({ reportName }) => reportName).filter(Boolean))];
  const rest = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(", ") + (rest > 0 ? ` +${rest}` : "");
}
