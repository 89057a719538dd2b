/** How long to wait before a try: 2, 4, 8... up to 60 seconds, spread so that phones that lost
    the same network do not all come back at once. Coming online ends the wait. */

/** Milliseconds before try number `tries` (from 1). */
export function delayOf(tries) {
  const seconds = Math.min(60, 2 ** tries);
  return seconds * 1000 * (0.75 + Math.random() / 2);
}

/** Resolves after the delay of `tries`, or at once when the connection comes back. */
export function waited(tries) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      removeEventListener("online", done);
      resolve();
    };
    const timer = setTimeout(done, delayOf(tries));
    addEventListener("online", done);
  });
}
