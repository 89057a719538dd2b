/**
 * Leaving the page loses nothing: what is entered is on the device. A link or another form waits a
 * moment until it is, and for answers on their way, so that the next page shows them; a tab that
 * closes with work that is nowhere else asks.
 */
import { isKeeping } from "./device.js";

const PATIENCE_MS = 4000;
const STAYS_HERE = "form[data-field-form], form[data-signature], form[data-operation], dialog form";

/** `isUnsaved()`: an answer is on its way; `isOnlyHere()`: work is lost with this tab; `flush()`
    sends what waits for more. */
export function watchLeaving({ isUnsaved, isOnlyHere, flush }) {
  addEventListener("beforeunload", (event) => {
    if (isOnlyHere() || isKeeping()) event.preventDefault();
  });
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) flush();
  });
  const isOpen = () => isKeeping() || (isUnsaved() && navigator.onLine);
  const wait = async (event) => {
    const source = leavingBy(event);
    if (!source || event.defaultPrevented || !isOpen()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    flush();
    const until = Date.now() + PATIENCE_MS;
    while (isOpen() && Date.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    if (event.type === "submit") source.requestSubmit(event.submitter);
    else location.assign(source.href);
  };
  let waiting = false;
  const once = (event) => {
    if (waiting) return;
    waiting = true;
    wait(event).finally(() => {
      waiting = false;
    });
  };
  document.addEventListener("click", once, true);
  document.addEventListener("submit", once, true);
}

function leavingBy(event) {
  if (event.type === "submit") {
    return event.target.matches(STAYS_HERE) ? null : event.target;
  }
  const link = event.target.closest?.("a[href]");
  const plain = event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey;
  if (!link || !plain || link.target || link.hasAttribute("download")) return null;
  const samePage = link.href.split("#")[0] === location.href.split("#")[0];
  return samePage || link.origin !== location.origin ? null : link;
}
