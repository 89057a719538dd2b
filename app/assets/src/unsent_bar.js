/** The line in the head of every page: how much is not sent, of which reports, since when. */
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
  bar.hidden = !operations.length;
  if (!operations.length) return;
  const oldest = Math.min(...operations.map(({ at }) => at));
  const stuck = operations.filter(({ state }) => state === "parked").length;
  const said = word(stuck ? "unsent_stuck" : "unsent")
    .replace("{count}", operations.length)
    .replace("{stuck}", stuck)
    .replace("{reports}", namesOf(operations))
    .replace("{since}", momentOf(oldest));
  bar.querySelector("[data-unsent-words]").textContent = said;
  bar.dataset.state = stuck ? "stuck" : "waiting";
}

function namesOf(operations) {
  const names = [...new Set(operations.map(({ reportName }) => reportName).filter(Boolean))];
  const rest = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(", ") + (rest > 0 ? ` +${rest}` : "");
}

function momentOf(at) {
  const isToday = new Date(at).toDateString() === new Date().toDateString();
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  const how = isToday ? time : { day: "numeric", month: "short", ...time };
  return new Intl.DateTimeFormat(document.documentElement.lang, how).format(new Date(at));
}
