/**
 * What was entered in the last moment before a page was left, while it was being written: browsers
 * break that off, or stop in the middle of it. localStorage takes it at once. The next page of the
 * account writes it, or this one if it comes back; never both. Bytes are too large for it.
 */

const PREFIX = "laudo:entered:";

/** `storage` is localStorage or null. */
export function createJournal(storage, account) {
  const key = PREFIX + account;

  function read() {
    try {
      return JSON.parse(storage?.getItem(key) ?? "[]");
    } catch {
      return [];
    }
  }

  /** Put down `operations`, after those that lie there. Returns whether there was room. */
  function leave(operations) {
    if (!operations.length) return true;
    try {
      storage.setItem(key, JSON.stringify([...read(), ...operations]));
      return true;
    } catch {
      return false;
    }
  }

  /** Take out what lies there: nobody else finds it then. */
  function take() {
    const lying = read();
    if (lying.length) storage.removeItem(key);
    return lying;
  }

  return { leave, take };
}
