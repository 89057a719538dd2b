/** How long to wait before a try: 1, 2, 4, then 8 seconds, spread so that phones that lost the
    same server do not all come back at once. */

const FIRST_MS = 1000;
const LONGEST_MS = 8000;

/** Milliseconds before the next try after `tries` failures (from 1). */
export function delayOf(tries, random = Math.random) {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** (Math.max(1, tries) - 1));
  return longest * (0.5 + random() / 2);
}
