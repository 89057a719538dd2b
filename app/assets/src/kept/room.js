/** The device's storage: how much room is left, and whether the browser may clear it. */

/** Below this, a person should send their work before taking more photos. */
const SHORT_BYTES = 200 * 1024 * 1024;
const SAID = "laudo:room-said";

/** {used, free, isShort}, or null where the browser does not say. */
export async function room() {
  const found = await navigator.storage?.estimate?.().catch(() => null);
  if (!found?.quota) return null;
  const free = Math.max(0, found.quota - found.usage);
  return { used: found.usage, free, isShort: free < SHORT_BYTES };
}

/** Ask the browser to clear nothing by itself. Some ask the person, so nothing waits for this. */
export function askToStay() {
  navigator.storage?.persist?.().catch(() => false);
}

/** True or false as the browser has decided, or null where it does not say. */
export async function isToStay() {
  return (await navigator.storage?.persisted?.().catch(() => null)) ?? null;
}

/** Once in a tab: say that the room is getting short. */
export async function warnOfRoom({ toast, word }) {
  const found = await room();
  if (!found?.isShort || sessionStorage.getItem(SAID)) return;
  sessionStorage.setItem(SAID, "yes");
  toast("warning", word("room_short").replace("{free}", sizeOf(found.free)));
}

/** "230 kB", "4.1 MB": in the page's language. */
export function sizeOf(bytes) {
  const [unit, amount] = [["gigabyte", 1e9], ["megabyte", 1e6], ["kilobyte", 1e3]].find(
    ([, least]) => bytes >= least,
  ) ?? ["kilobyte", 1e3];
  const how = { style: "unit", unit, maximumFractionDigits: bytes / amount < 10 ? 1 : 0 };
  return new Intl.NumberFormat(document.documentElement.lang, how).format(bytes / amount);
}
