/**
 * The IndexedDB database "laudo". What version 1 kept moves after the upgrade (version_one.js): the
 * bytes of its files cannot be read inside one.
 */
import { openDB } from "idb";
import { uuid } from "./ids.js";
import { photoPayload, withDigest } from "./payloads.js";
import { firstOperation } from "./queue.js";

export const NAME = "laudo";
const VERSION = 2;

/** Open it; `closed` is called when it has to be opened again. */
export async function openDatabase(closed = () => undefined) {
  const db = await openDB(NAME, VERSION, {
    upgrade,
    blocking(_version, _next, event) {
      event.target.close();
      closed();
    },
    terminated: closed,
  });
  if (await hasRecordsOfVersionOne(db)) {
    const { moveAll } = await import("./version_one.js");
    // What found no room stays where it is, and moves the next time.
    await moveAll(db, { firstOperation, photoPayload, withDigest, uuid }).catch(() => undefined);
  }
  return db;
}

function upgrade(db) {
  const operations = db.createObjectStore("operations", { keyPath: "clientId" });
  for (const name of ["account", "scope", "seq"]) operations.createIndex(name, name);
  db.createObjectStore("bytes");
  const bases = db.createObjectStore("bases", { keyPath: "key" });
  bases.createIndex("scope", "scope");
  db.createObjectStore("pages", { keyPath: "key" });
  db.createObjectStore("leases", { keyPath: "name" });
}

async function hasRecordsOfVersionOne(db) {
  const old = ["saves", "photos"].filter((name) => db.objectStoreNames.contains(name));
  const counts = await Promise.all(old.map((name) => db.count(name)));
  return counts.some(Boolean);
}
