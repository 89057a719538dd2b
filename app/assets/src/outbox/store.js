/**
 * The device's database: operations, the bytes of photos and signatures, and bases.
 *
 * A change reads the operations of one report and writes what its plan says, in one transaction.
 * What the device has no room for stays in the memory of this tab and is tried again with the next
 * change, so that it is still sent; `isKept` says so. Bytes are ArrayBuffers: WebKit stores no Blob.
 */
import { openDatabase } from "./database.js";
import { scopeOf } from "./keys.js";
import { createTransactions } from "./transactions.js";

const STORES = ["operations", "bytes", "bases"];
// Another tab with an older page may hold the old version of the database open.
const PATIENCE_MS = 3000;

export function createStore(open = openDatabase, patience = PATIENCE_MS) {
  const memory = { operations: new Map(), bytes: new Map() };
  const transactions = createTransactions();
  let opening = null;

  /** Null if the browser refuses (some private windows), or does not answer. */
  function database() {
    opening ??= within(patience, open(closed), (late) => {
      opening = Promise.resolve(late);
    });
    return opening;
  }

  function closed() {
    opening = null;
  }

  /** The account's operations, oldest first; of all accounts without one. */
  async function list(account = null) {
    const stored = await reading("operations", (store) => (account ? store.index("account").getAll(account) : store.getAll()));
    return inOrder(withMemory(stored, (one) => !account || one.account === account));
  }

  /** What `read` finds in the object store; the database is opened again once if that fails. */
  async function reading(name, read, otherwise = []) {
    const once = async () => {
      const db = await database();
      return db ? read(transactions.begin(db, name, "readonly").store) : null;
    };
    const again = () => {
      closed();
      return transactions.run(once);
    };
    return (await transactions.run(once).catch(again).catch(() => null)) ?? otherwise;
  }

  async function bytesOf(clientId) {
    if (memory.bytes.has(clientId)) return memory.bytes.get(clientId);
    return reading("bytes", (store) => store.get(clientId), null);
  }

  async function basesOf(account, report) {
    return reading("bases", (store) => store.index("scope").getAll(scopeOf(account, report)));
  }

  /**
   * Write what `plan(operations, lastSeq, base)` returns for the report of `scope`: {put, remove,
   * bytes, copies, bases, result}, or null for nothing; `base` is the one with the key `baseKey`.
   * Resolves to {result, isKept} when it is durable.
   */
  async function change(scope, plan, baseKey = "") {
    for (const withBases of [true, false]) {
      const db = await database();
      if (!db) break;
      try {
        const how = { baseKey, withBases };
        return { result: await transactions.run(() => written(db, scope, plan, how)), isKept: true };
      } catch (error) {
        if (!isOfStorage(error)) throw error;
        if (error.name === "InvalidStateError") closed();
      }
    }
    return { result: await remembered(scope, plan, baseKey), isKept: false };
  }

  async function written(db, scope, plan, { baseKey, withBases }) {
    const tx = transactions.begin(db, STORES, "readwrite");
    const [operations, bytes, bases] = STORES.map((name) => tx.objectStore(name));
    const ended = tx.done;
    ended.catch(() => undefined);
    const stored = await operations.index("scope").getAll(scope);
    const newest = await operations.index("seq").openKeyCursor(null, "prev");
    const base = await bases.get(baseKey);
    const made = planned(plan, stored, { scope, base, tx, lastSeq: newest?.key ?? 0 });
    if (made) {
      const copied = await Promise.all(made.copies.map(async ([from, to]) => [to, memory.bytes.get(from) ?? (await bytes.get(from))]));
      const writes = made.put.map((one) => operations.put(one));
      for (const [id, data] of copied) if (data) writes.push(bytes.put(data, id));
      for (const [id, data] of bytesToWrite(made)) writes.push(bytes.put(data, id));
      for (const id of made.remove) writes.push(operations.delete(id), bytes.delete(id));
      if (withBases) for (const base of made.bases) writes.push(bases.put({ ...base, scope }));
      await Promise.all([...writes, ended]);
      forget(made);
    }
    await ended;
    return made?.result ?? null;
  }

  function planned(plan, stored, { scope, base = null, tx = null, lastSeq }) {
    const all = inOrder(withMemory(stored, (one) => one.scope === scope));
    const seen = Math.max(lastSeq, ...[...memory.operations.values()].map((one) => one?.seq ?? 0));
    try {
      return complete(plan(all, seen, base));
    } catch (error) {
      tx?.abort();
      throw error;
    }
  }

  /** New bytes, and those of an operation that had no room before. */
  function bytesToWrite({ put, bytes }) {
    const early = put.filter(({ clientId }) => memory.bytes.has(clientId));
    return [...early.map(({ clientId }) => [clientId, memory.bytes.get(clientId)]), ...bytes];
  }

  async function remembered(scope, plan, baseKey) {
    const stored = await reading("operations", (store) => store.index("scope").getAll(scope));
    const base = await reading("bases", (store) => store.get(baseKey), null);
    const made = planned(plan, stored, { scope, base, lastSeq: Math.max(0, ...stored.map(({ seq }) => seq)) });
    if (!made) return null;
    for (const one of made.put) memory.operations.set(one.clientId, one);
    for (const [id, data] of made.bytes) memory.bytes.set(id, data);
    for (const [from, to] of made.copies) memory.bytes.set(to, await bytesOf(from));
    for (const id of made.remove) {
      memory.operations.set(id, null);
      memory.bytes.delete(id);
    }
    return made.result ?? null;
  }

  function forget({ put, remove }) {
    for (const id of [...remove, ...put.map(({ clientId }) => clientId)]) {
      memory.operations.delete(id);
      memory.bytes.delete(id);
    }
  }

  function withMemory(stored, wanted) {
    const known = stored.filter(({ clientId }) => !memory.operations.has(clientId));
    return [...known, ...[...memory.operations.values()].filter((one) => one && wanted(one))];
  }

  /** Whether an operation is only in the memory of this tab. */
  const isOnlyHere = (clientId) => Boolean(memory.operations.get(clientId));

  /** Write what had no room once more. Resolves to the number that is still only in memory. */
  async function keepRest() {
    const rest = [...memory.operations].filter(([, one]) => one).map(([, one]) => one);
    for (const one of rest) await change(one.scope, () => ({ put: [one] }));
    return rest.filter(({ clientId }) => isOnlyHere(clientId)).length;
  }

  const { begin, leave, enter } = transactions;
  return { list, change, bytesOf, basesOf, isOnlyHere, keepRest, database, begin, leave, enter };
}

function complete(made) {
  return made && { put: [], remove: [], bytes: [], bases: [], copies: [], ...made };
}

function inOrder(operations) {
  return operations.sort((one, other) => one.seq - other.seq);
}

/** No room, a closed or broken database: not a fault of the plan. */
function isOfStorage(error) {
  return error?.name === "QuotaExceededError" || error instanceof DOMException;
}

/** The result of `promise`, or null if it fails or takes too long; then `late` gets it. */
function within(patience, promise, late) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      resolve(null);
      promise.then(late, () => undefined);
    }, patience);
    promise.catch(() => null).then((found) => {
      clearTimeout(timer);
      resolve(found);
    });
  });
}
