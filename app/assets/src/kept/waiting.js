/** Counts the account's unsent work on this device. Only reads, and never creates the database. */

const NAME = "laudo";
const STORES = ["operations", "saves", "photos"];
const REPORT = /\/reports\/([0-9a-f-]{36})\//;

/** {count, since, reports: Map of id -> {name, count}}; `since` is the oldest as milliseconds. */
export async function waitingWork(account) {
  const reports = new Map();
  let [count, since] = [0, null];
  for (const record of await records()) {
    if (record.account !== account) continue;
    count += 1;
    since = Math.min(record.at ?? Infinity, since ?? Infinity);
    const id = reportOf(record);
    const known = reports.get(id) ?? { name: record.reportName ?? "", count: 0 };
    reports.set(id, { ...known, count: known.count + 1 });
  }
  return { count, since: Number.isFinite(since) ? since : null, reports };
}

function reportOf({ report, key, url }) {
  return report ?? REPORT.exec(`${url ?? ""} ${key ?? ""}`)?.[1] ?? "";
}

async function records() {
  const db = await open().catch(() => null);
  if (!db) return [];
  const stores = STORES.filter((name) => db.objectStoreNames.contains(name));
  const found = await Promise.all(stores.map((name) => all(db, name))).catch(() => []);
  // An open connection would keep a newer page from changing the database.
  db.close();
  return found.flat();
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME);
    // Only called if there is no database: then it must not come to be without its stores.
    request.onupgradeneeded = () => request.transaction.abort();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

function all(db, name) {
  return new Promise((resolve, reject) => {
    const request = db.transaction(name).objectStore(name).getAll();
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
