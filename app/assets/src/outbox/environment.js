/** What the outbox needs from where it runs. Tests give their own; pages and workers the browser's. */

const CHANNEL = "laudo-outbox";

/** `given` replaces single parts. Times are in milliseconds; `ticks` never jumps, `now` may. */
export function environmentOf(given = {}) {
  return {
    fetch: (...request) => fetch(...request),
    locks: globalThis.navigator?.locks ?? null,
    channel: openChannel,
    // localStorage of a page.
    storage: null,
    now: () => Date.now(),
    ticks: () => performance.now(),
    random: () => Math.random(),
    sleep: (delay) => sleeping(delay),
    ...given,
  };
}

/** A channel to the other tabs, or null if the browser has none. */
function openChannel() {
  return typeof BroadcastChannel === "undefined" ? null : new BroadcastChannel(CHANNEL);
}

/** A wait that may be ended early: {ended, end()}. Without end for an infinite `delay`. */
function sleeping(delay) {
  let end;
  const ended = new Promise((resolve) => {
    end = resolve;
  });
  const timer = Number.isFinite(delay) ? setTimeout(end, delay) : null;
  return {
    ended,
    end() {
      clearTimeout(timer);
      end();
    },
  };
}
