/**
 * Sends the operations of one account, one after the other, while it is the only tab that does.
 *
 * An operation is marked before it is sent, and leaves the phone only with the server's verdict. If
 * nothing arrives, the sender waits, asks for the session first (a cheap question) and goes on with
 * everything. What fails alone waits alone.
 */
import {
  AWAY, FAILED, LOGGED_OUT, OLD_TOKEN, PARKED, ask, meaningOf, sentenceIn, verdictIn,
} from "./answers.js";
import { delayOf } from "./backoff.js";
import { bodyOf, kindOf, valueOf } from "./kinds.js";
import { alone } from "./locks.js";
import * as queue from "./queue.js";
import { createSession } from "./session.js";
import { createUploads } from "./uploads.js";

const PATIENCE_MS = 60_000;
const ANOTHER_TAB_MS = 2000;
// The server has all bytes of a photo.
const DONE = "done";

export function createSender({ account, store, publish, environment, newId }) {
  const { fetch, now, ticks, random, sleep } = environment;
  const session = createSession(environment);
  const uploads = createUploads(environment);
  const delays = new Map();
  const holder = newId();
  let failures = 0;
  let token = "";
  let running = null;
  let pause = null;
  let isWoken = false;
  let isStopped = false;

  /** Look for work now; `isFresh` forgets earlier failures (the person, the network came back). */
  function wake({ isFresh = false } = {}) {
    if (isStopped) return Promise.resolve();
    if (isFresh) {
      failures = 0;
      delays.clear();
    }
    isWoken = true;
    if (isFresh || !failures) pause?.end();
    running ??= run().finally(() => {
      running = null;
      if (isWoken) wake();
    });
    return running;
  }

  async function run() {
    while (!isStopped) {
      isWoken = false;
      const delay = (await alone(drain, { ...environment, holder, store })) ?? ANOTHER_TAB_MS;
      if (delay === Infinity && !isWoken) return;
      if (isWoken && !failures) continue;
      if (isStopped) return;
      pause = sleep(delay);
      await pause.ended;
      pause = null;
    }
  }

  /** Send what may be sent. Resolves to the milliseconds until there is more to do. */
  async function drain() {
    await recover();
    while (!isStopped) {
      const operations = await store.list(account);
      const next = queue.nextOf(operations, now(), isDelayed);
      if (!next) return untilNext(operations);
      const outcome = await attempt(next);
      if (outcome === AWAY || outcome === LOGGED_OUT) return failed(outcome);
    }
    return Infinity;
  }

  async function recover() {
    const cut = (await store.list(account)).filter(({ state }) => state === "sending");
    for (const scope of new Set(cut.map((one) => one.scope))) await store.change(scope, queue.planRecover());
  }

  function isDelayed({ clientId }) {
    return delays.get(clientId) > ticks();
  }

  function untilNext(operations) {
    const waiting = operations.filter(queue.isActive).map(({ clientId }) => delays.get(clientId) - ticks());
    return Math.min(queue.untilReady(operations, now()), ...waiting.filter((delay) => delay > 0));
  }

  function failed(outcome) {
    session.forget();
    failures += 1;
    publish({ type: "status", status: outcome });
    return delayOf(failures, random);
  }

  /** One request for `operation`. Resolves to AWAY or LOGGED_OUT if nothing else would pass either. */
  async function attempt(operation) {
    const who = await session.current();
    if (who.outcome) return who.outcome;
    if (who.account !== account) {
      publish({ type: "status", status: "another account" });
      return LOGGED_OUT;
    }
    token = who.token;
    const bytes = await store.bytesOf(operation.clientId);
    if (kindOf(operation).hasBytes) {
      const uploaded = await upload(operation, bytes);
      if (uploaded !== DONE) return uploaded;
    }
    return send(operation, bytes);
  }

  /** One part. Resolves to DONE when the server has all bytes. */
  async function upload(operation, bytes) {
    if (!bytes) return park(operation, { sentence: "", status: 0, lacksBytes: true });
    const { offset, isDone, answer } = await uploads.step(operation, bytes, token);
    if (answer) return judged(operation, answer, { isSent: false });
    failures = 0;
    publish({ type: "progress", operation, percent: Math.round((100 * offset) / bytes.byteLength) });
    return isDone ? DONE : null;
  }

  async function send({ scope, clientId }, bytes) {
    const { result: operation } = await store.change(scope, queue.planSending(clientId));
    if (!operation) return null;
    publish({ type: "sending", operation });
    const answer = await ask(fetch, `/reports/${operation.report}/operations`, {
      method: "POST",
      patience: PATIENCE_MS,
      body: bodyOf(operation, bytes),
      headers: { "X-CSRFToken": token, "X-Requested-With": "fetch" },
    });
    const verdict = verdictIn(answer, clientId);
    return verdict ? decided(operation, verdict) : judged(operation, answer, { isSent: true });
  }

  /** An answer that is no verdict. */
  async function judged(operation, answer, { isSent }) {
    const meaning = meaningOf(answer);
    if (meaning === PARKED) return park(operation, { sentence: sentenceIn(answer), status: answer.status, verdict: null });
    const sentence = sentenceIn(answer);
    const { result } = await store.change(operation.scope, queue.planUnknown(operation.clientId, { sentence, isSent }));
    publish({ type: "waiting", operation: result ?? operation, sentence });
    if (meaning === OLD_TOKEN) return renewed(operation, answer);
    if (meaning !== FAILED) return meaning;
    // If the whole server is of an earlier release, the session says so before more is sent.
    session.forget();
    return later(operation);
  }

  /** After a 400: null if there is another token to try, else the request itself was wrong. */
  async function renewed(operation, answer) {
    const before = token;
    session.forget();
    const who = await session.current();
    if (who.outcome) return who.outcome;
    if (who.token !== before) return null;
    return park(operation, { sentence: sentenceIn(answer), status: answer.status, verdict: null });
  }

  function later({ clientId, tries }) {
    delays.set(clientId, ticks() + delayOf(tries, random));
    return null;
  }

  async function park(operation, facts) {
    const { result } = await store.change(operation.scope, queue.planParked(operation.clientId, facts));
    if (result) publish({ type: "parked", operation: result });
    return null;
  }

  /** Apply the server's verdict; one success wakes all that wait. */
  async function decided(operation, verdict) {
    failures = 0;
    const effective = verdict.verdict === "known" ? verdict.was ?? "applied" : verdict.verdict;
    if (effective === "early") return early(operation, verdict);
    forgetDelays();
    if (effective === "applied") return applied(operation, verdict);
    const facts = { sentence: verdict.sentence ?? "", status: verdict.status, fragment: verdict.fragment ?? "", conflict: verdict.conflict ?? null, verdict: effective };
    const { scope, clientId } = operation;
    const plan = effective === "conflict" ? queue.planConflict(clientId, facts) : queue.planParked(clientId, facts);
    const { result } = await store.change(scope, plan);
    publish({ type: "parked", operation: result ?? operation, verdict });
    return null;
  }

  function forgetDelays() {
    delays.clear();
  }

  async function applied(operation, verdict) {
    const { scope, clientId } = operation;
    const digest = kindOf(operation).hasBytes ? valueOf(operation, "sha256") : null;
    // The bytes stay until the server has named exactly these.
    if (digest && verdict.sha256 !== digest) return park(operation, { sentence: "", status: 0, verdict: "differs" });
    await store.change(scope, queue.planSettled(clientId, verdict));
    uploads.forget(clientId);
    publish({ type: "settled", operation, verdict });
    return null;
  }

  async function early(operation, verdict) {
    if (verdict.needs === "bytes") uploads.forget(operation.clientId);
    const { result } = await store.change(operation.scope, queue.planEarly(operation.clientId, verdict));
    publish({ type: "early", operation: result ?? operation, verdict });
    return later(operation);
  }

  function stop() {
    isStopped = true;
    pause?.end();
    return running;
  }

  return { wake, stop };
}
