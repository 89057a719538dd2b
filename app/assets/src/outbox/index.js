/**
 * The outbox of this device: what is entered is written here before it is sent, and leaves only
 * when the server has answered. It needs no page.
 */
import { environmentOf } from "./environment.js";
import { uuid } from "./ids.js";
import { fileNameOf, kindOf, thingsOf } from "./kinds.js";
import { createJournal } from "./journal.js";
import { baseKeyOf, scopeOf } from "./keys.js";
import { withDigest } from "./payloads.js";
import * as queue from "./queue.js";
import { createSender } from "./sender.js";
import { createStore } from "./store.js";

/** The outbox of `account`. Other accounts' operations are neither listed nor sent. */
export function createOutbox({ account, store = createStore(), newId = uuid, ...given }) {
  const environment = environmentOf(given);
  const channel = environment.channel();
  const listeners = new Set();
  const journal = createJournal(environment.storage, account);
  // Entered, but not in the database yet; without bytes.
  const unwritten = new Map();
  const sender = createSender({ account, store, publish, environment, newId });

  function tell(event) {
    for (const listener of listeners) listener(event);
  }

  /** Tell this tab and the others. */
  function publish(event) {
    tell(event);
    channel?.postMessage({ ...event, account });
  }

  if (channel) {
    channel.onmessage = ({ data }) => {
      if (data.account !== account) return;
      tell({ ...data, isFromAnotherTab: true });
      if (["added", "wake"].includes(data.type)) sender.wake({ isFresh: data.type === "wake" });
    };
  }

  /**
   * Keep an operation: {report, reportName, kind, field, block, payload, baseVersion, hold}, and its
   * bytes (ArrayBuffer). Resolves to {operation, isKept} once it is durable; if the device has no
   * room, `isKept` is false and the operation lives as long as this tab.
   */
  async function add({ hold = 0, ...given }, bytes = null) {
    const at = environment.now();
    const operation = {
      field: "",
      block: "",
      payload: [],
      clientId: newId(),
      clientAt: new Date(at).toISOString(),
      heldUntil: hold ? at + hold : 0,
      ...given,
      account,
    };
    if (bytes && kindOf(operation).hasBytes) operation.payload = await withDigest(operation.payload, bytes);
    const changed = await (bytes ? write(operation, bytes, at) : entered(operation, at));
    sender.wake();
    return changed;
  }

  function write(operation, bytes, at, isWanted = () => true) {
    const baseKey = baseKeyOf(operation, thingsOf(operation)[0]);
    const plan = queue.planAdd(operation, bytes, at);
    return change(operation.report, (...known) => (isWanted() ? plan(...known) : null), "added", baseKey);
  }

  /** Write an operation without bytes; a page that is left meanwhile puts it down in the journal. */
  async function entered(operation, at) {
    const one = { operation, at, isLeft: false, isTaken: false };
    unwritten.set(operation.clientId, one);
    try {
      return await write(operation, null, at, () => !one.isTaken);
    } finally {
      unwritten.delete(operation.clientId);
    }
  }

  /** The page is left, perhaps to be shown again: nothing of it may be under way. */
  function leave() {
    store.leave();
    const left = [...unwritten.values()];
    const isDown = journal.leave(left.map(({ operation, at }) => ({ operation, at })));
    for (const one of left) one.isLeft = isDown;
  }

  /** The page is shown, for the first time or again. */
  function enter() {
    const lying = new Map(journal.take().map((one) => [one.operation.clientId, one]));
    for (const [id, one] of unwritten) one.isTaken = one.isLeft && !lying.delete(id);
    for (const { operation, at } of lying.values()) entered(operation, at);
    store.enter();
    sender.wake();
  }

  async function change(report, plan, type, baseKey) {
    const { result, isKept } = await store.change(scopeOf(account, report), plan, baseKey);
    if (result) publish({ type, operation: result, isKept });
    return { operation: result, isKept };
  }

  /** Add to the payload of an operation that was not sent yet, for example a photo's position. */
  async function amend({ report, clientId }, entries) {
    const changed = await change(report, queue.planAmend(clientId, entries), "added");
    sender.wake();
    return changed;
  }

  /** The operations that are on this device, oldest first, without bytes. */
  async function list({ report = null } = {}) {
    const all = await store.list(account);
    return report ? all.filter((one) => one.report === report) : all;
  }

  async function find(clientId) {
    return (await store.list(account)).find((one) => one.clientId === clientId) ?? null;
  }

  /** Send a parked operation again, as a new one. */
  async function retry(clientId) {
    const one = await find(clientId);
    if (!one) return null;
    const changed = await change(one.report, queue.planRetry(clientId, newId()), "added");
    if (changed.operation) publish({ type: "gone", operation: one });
    send();
    return changed.operation;
  }

  /** Give an operation up: it exists nowhere else. */
  async function discard(clientId) {
    const one = await find(clientId);
    if (one) await change(one.report, queue.planDiscard(clientId), "gone");
    sender.wake();
  }

  /** Try everything now, in whichever tab sends: the person, the network or the session came back. */
  function send() {
    channel?.postMessage({ type: "wake", account });
    return sender.wake({ isFresh: true });
  }

  /** `listener` gets {type, operation, verdict, ...} of this tab and the others; returns an end. */
  function subscribe(listener) {
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /** All that is unsent as one ZIP file (Blob), with a manifest that a program can read. */
  async function exportZip() {
    const { zipOf } = await import("./zip.js");
    return zipOf({ account, operations: await list(), bytesOf: store.bytesOf, fileNameOf, at: environment.now() });
  }

  async function close() {
    const stopped = sender.stop();
    channel?.close();
    await stopped;
  }

  return {
    add,
    amend,
    list,
    find,
    retry,
    discard,
    send,
    subscribe,
    exportZip,
    close,
    bytesOf: store.bytesOf,
    basesOf: (report) => store.basesOf(account, report),
    isOnlyHere: store.isOnlyHere,
    keepRest: store.keepRest,
    leave,
    enter,
  };
}
