/**
 * Unsent work on this device: "saves" holds the last words of a field, "photos" the chosen files.
 * A record is removed only when the server has acknowledged it. Records name their account, so
 * that work never goes out in somebody else's name on a shared tablet.
 */
import { openDB } from "idb";
import { account } from "./csrf.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

// Null where the browser refuses (private windows of some): work is then only on the page.
const opened = openDB("laudo", 1, {
  upgrade(db) {
    db.createObjectStore("saves", { keyPath: "key" });
    db.createObjectStore("photos", { keyPath: "key" });
  },
}).catch(() => null);

/** Ask once that the browser does not evict what is unsent. */
export async function keepOnDevice() {
  await navigator.storage?.persist?.().catch(() => false);
}

/** Keep `record`; its `key` is unique within this account. Says so when there is no room. */
export async function keep(store, record) {
  const db = await opened;
  const owned = { ...record, key: keyOf(record.key), account: account() };
  await db?.put(store, owned).catch(() => toast("warning", word("storage_full")));
}

export async function forget(store, key) {
  const db = await opened;
  await db?.delete(store, keyOf(key)).catch(() => undefined);
}

/** The records of this account for which `wanted` holds, oldest first. */
export async function kept(store, wanted) {
  const db = await opened;
  const records = (await db?.getAll(store).catch(() => [])) ?? [];
  return records
    .filter((record) => record.account === account())
    .map((record) => ({ ...record, key: record.key.slice(keyOf("").length) }))
    .filter(wanted)
    .sort((one, other) => one.at - other.at);
}

function keyOf(key) {
  return `${account()} ${key}`;
}
