/**
 * What happens to the operations of one report. Each function plans one change for the store: it
 * gets the report's operations, oldest first, and touches nothing itself.
 *
 * States: waiting (never sent), sending, sent-unknown (sent, but nothing is known of it; it is sent
 * again unchanged), early (the server waits for another one), parked (only the person goes on).
 */
import { kindOf, photoOf, thingsOf, valueOf } from "./kinds.js";
import { baseKeyOf, scopeOf } from "./keys.js";

// A hold ends soon whatever the clock says: it may have been set back meanwhile.
const LONGEST_HOLD_MS = 15_000;
const SEEN = "seen";

/** An operation as it is stored, without its place in the order. */
export function firstOperation(given, at) {
  const operation = {
    field: "",
    block: "",
    reportName: "",
    payload: [],
    baseVersion: null,
    after: [],
    state: "waiting",
    sentence: "",
    tries: 0,
    heldUntil: 0,
    at,
    ...given,
  };
  return { ...operation, scope: scopeOf(operation.account, operation.report), things: thingsOf(operation) };
}

/** Add an operation, or put its content into one on the same thing that was never sent. */
export function planAdd(given, bytes, at) {
  return (operations, lastSeq, base) => {
    const made = firstOperation(given, at);
    const before = newestOn(operations, made);
    if (isAskedAlready(before, made)) return { result: before };
    if (mayMerge(before, made) && !isNamed(before, operations)) return put(merged(before, made), bytes);
    const isReplaced = mayReplace(before, made);
    const others = isReplaced ? operations.filter((one) => one !== before) : operations;
    const operation = { ...based(made, { before, others, base, isReplaced }), seq: lastSeq + 1 };
    if (!isReplaced) return put(operation, bytes);
    const left = isJudged(before) ? [] : followers(operations, before).map((other) => without(other, before));
    const added = put(operation, bytes);
    return { ...added, put: [...added.put, ...left], remove: [before.clientId] };
  };
}

function put(operation, bytes = null) {
  return { put: [operation], bytes: bytes ? [[operation.clientId, bytes]] : [], result: operation };
}

/** The newest operation on the same thing and of the same part of it (a caption is no reason). */
function newestOn(operations, made) {
  const own = made.things.at(kindOf(made).hasBytes ? 1 : 0);
  return operations.findLast(({ things }) => things.includes(own)) ?? null;
}

function isSame(before, made) {
  return before?.kind === made.kind && Boolean(kindOf(made).merges);
}

/** A second tap on "submit" asks for nothing new. */
function isAskedAlready(before, made) {
  return isSame(before, made) && Boolean(kindOf(made).isSingle) && isActive(before);
}

function mayMerge(before, made) {
  return isSame(before, made) && !kindOf(made).awaitsAll && before.state === "waiting";
}

/** A signature that comes after it covers what it says: more would be signed than the signer saw. */
function isNamed({ clientId }, operations) {
  return operations.some(({ after }) => after.includes(clientId));
}

/** What was refused, or not sent, is replaced by what the person enters instead. */
function mayReplace(before, made) {
  if (!isSame(before, made)) return false;
  if (kindOf(made).awaitsAll) return ["waiting", "parked"].includes(before.state);
  return before.state === "parked" && before.verdict !== "conflict";
}

function merged(before, made) {
  const { payload, clientAt, heldUntil, at, shown } = made;
  return { ...before, payload, clientAt, heldUntil, at, shown, ...(decides(made) ? seenBase(made) : {}) };
}

/** It was entered beside a conflict that the person saw, so that is what it is based on. */
function decides(made) {
  return made.kind === "answer" && Boolean(valueOf(made, "conflict"));
}

function seenBase({ baseVersion }) {
  return { baseVersion, after: [] };
}

/**
 * With its base: what the person saw, or the operation of this phone that comes before it. The page
 * may not show yet what the server has just acknowledged to this phone, so that counts as seen.
 */
function based(made, { before, others, base, isReplaced }) {
  const { awaitsAll, hasBase } = kindOf(made);
  if (awaitsAll) return withSeen({ ...made, after: others.map(({ clientId }) => clientId) }, others);
  if (!hasBase || decides(made)) return made;
  if (!before) return base?.rowVersion > made.baseVersion ? { ...made, baseVersion: base.rowVersion } : made;
  if (isReplaced) return { ...made, baseVersion: before.baseVersion, after: before.after };
  return { ...made, after: [before.clientId] };
}

/** What the signer saw, with this phone's own unsent answers and reasons in place of the server's. */
function withSeen(operation, operations) {
  const text = valueOf(operation, SEEN);
  if (!text) return operation;
  const seen = JSON.parse(text);
  for (const other of operations) {
    if (other.kind === "answer") seen.fields[`${other.field}|${other.block}`] = other.clientId;
    // Of both kinds of reasons.
    if (seen[other.kind]) seen[other.kind][photoOf(other)] = valueOf(other, "reason");
  }
  const others = operation.payload.filter(([name]) => name !== SEEN);
  return { ...operation, payload: [...others, [SEEN, JSON.stringify(seen)]] };
}

/** Change the payload of an operation that was never sent, and end its hold. */
export function planAmend(clientId, entries) {
  return changing(clientId, (one) => one.state === "waiting" && {
    ...one,
    heldUntil: 0,
    payload: [...one.payload.filter(([name]) => !entries.some(([known]) => known === name)), ...entries],
  });
}

/** Mark it as sent, before it is: from now on its content never changes. */
export function planSending(clientId) {
  return changing(clientId, (one) => isActive(one) && { ...one, state: "sending", tries: one.tries + 1 });
}

/** Nothing is known of it: it was sent, or its upload was cut. */
export function planUnknown(clientId, { sentence = "", isSent = true } = {}) {
  return changing(clientId, (one) => ({
    ...one,
    sentence,
    state: isSent ? "sent-unknown" : one.state,
    tries: isSent ? one.tries : one.tries + 1,
  }));
}

/** Nothing goes on without the person; `facts` say why. */
export function planParked(clientId, facts) {
  return changing(clientId, (one) => ({ ...one, ...facts, state: "parked" }));
}

export function planEarly(clientId, { sentence, needs }) {
  return (operations) => {
    const one = operations.find((known) => known.clientId === clientId);
    return one ? put(withoutLost({ ...one, state: "early", sentence, needs }, operations, needs)) : null;
  };
}

/** An early operation was not stored by the server, so a predecessor that was discarded may go. */
function withoutLost(one, operations, needs) {
  const isLost = (id) => one.lost?.includes(id) && !operations.some(({ clientId }) => clientId === id);
  if (needs !== "predecessor" || !one.after.some(isLost)) return one;
  const rest = { ...one, after: one.after.filter((id) => !isLost(id)) };
  return one.after.some((id) => isLost(id) && sawIt(one, id)) ? outdated(rest) : rest;
}

function sawIt(operation, clientId) {
  return valueOf(operation, SEEN).includes(clientId);
}

/** A signature of what is no longer there. It was never stored, and must be made again. */
function outdated(operation) {
  return { ...operation, state: "parked", isOutdated: true };
}

function changing(clientId, change) {
  return (operations) => {
    const one = operations.find((known) => known.clientId === clientId);
    const changed = one && change(one);
    return changed ? put(changed) : null;
  };
}

/** The server has stored it: it leaves the phone, and its content is the base from now on. */
export function planSettled(clientId, verdict) {
  return (operations) => {
    const one = operations.find((known) => known.clientId === clientId);
    if (!one) return null;
    const rest = operations.filter((known) => known !== one);
    return {
      remove: [clientId, ...decidedBy(one, rest)],
      put: verdict.placement ? movedTo(one, rest, verdict.placement) : [],
      bases: [baseOf(one, verdict, entriesOf(one, rest))],
      result: one,
    };
  };
}

/** Open conflicts and refusals of the same thing that are older: this one came after them. */
function decidedBy(one, rest) {
  return olderOver(one, rest).map(({ clientId }) => clientId);
}

function olderOver(one, rest) {
  const older = rest.filter(({ state, seq }) => state === "parked" && seq < one.seq);
  if (one.kind === "settle") return older.filter(({ conflict }) => conflict && conflict === valueOf(one, "conflict"));
  const isSamePlace = (other) => other.kind === one.kind && other.things[0] === one.things[0];
  return kindOf(one).merges ? older.filter(isSamePlace) : [];
}

/** The photo has a placement now: what is on this phone for it is on the same thing as before. */
function movedTo(one, rest, placement) {
  const [from, to] = [`photo|${one.clientId}`, `photo|${placement}`];
  const follows = rest.filter(({ things }) => things.includes(from));
  return follows.map((other) => ({ ...other, things: other.things.map((thing) => (thing === from ? to : thing)) }));
}

/** The content that counts now; null if another person's was chosen. */
function entriesOf(one, rest) {
  if (one.kind !== "settle") return one.payload.filter(([name]) => name !== "strokes");
  const isMine = valueOf(one, "keep") === "mine";
  return (isMine && olderOver(one, rest).at(-1)?.payload) || null;
}

function baseOf(one, verdict, entries) {
  const { account, report, kind, field, block, things } = one;
  const key = baseKeyOf({ account, report }, verdict.placement ? `photo|${verdict.placement}` : things[0]);
  return {
    key,
    kind,
    field,
    block,
    entries,
    placement: verdict.placement ?? null,
    role: valueOf(one, "role_id"),
    rowVersion: verdict.row_version ?? null,
    fragment: verdict.fragment ?? "",
    at: verdict.at,
  };
}

/** Both values stay; an older conflict of the same thing is part of this one. */
export function planConflict(clientId, facts) {
  return (operations) => {
    const one = operations.find((known) => known.clientId === clientId);
    if (!one) return null;
    const rest = operations.filter((known) => known !== one);
    return { ...put({ ...one, ...facts, state: "parked", verdict: "conflict" }), remove: decidedBy(one, rest) };
  };
}

/** A parked operation goes on under a new id; those after it follow the new one. */
export function planRetry(clientId, newId) {
  return (operations) => {
    const one = operations.find((known) => known.clientId === clientId);
    if (one?.state !== "parked") return null;
    const fresh = { clientId: newId, state: "waiting", sentence: "", tries: 0, verdict: null, status: null, fragment: "" };
    const renamed = renaming(clientId, newId);
    const following = followers(operations, one).map(renamed);
    const result = renamed({ ...one, ...fresh });
    return { put: [result, ...following], remove: [clientId], copies: [[clientId, newId]], result };
  };
}

/** Name another operation wherever an operation names the one with the id `from`. */
function renaming(from, to) {
  const other = (id) => (id === from ? to : id);
  const renamedIn = (name, value) => {
    if (name === SEEN) return value.replaceAll(from, to);
    return name === "photo" ? other(value) : value;
  };
  return (one) => ({
    ...one,
    after: one.after.map(other),
    payload: one.payload.map(([name, value]) => [name, renamedIn(name, value)]),
    things: one.things.map((thing) => (thing === `photo|${from}` ? `photo|${to}` : thing)),
  });
}

/** The person gives it up, with what is only about it. The rest is based on what it was based on. */
export function planDiscard(clientId) {
  return (operations) => {
    const one = operations.find((known) => known.clientId === clientId);
    if (!one) return null;
    const following = followers(operations, one);
    const about = following.filter((other) => valueOf(other, "photo") === clientId);
    const rest = following.filter((other) => !about.includes(other));
    return {
      remove: [clientId, ...about.map((other) => other.clientId)],
      put: rest.map((other) => without(other, one)),
      result: one,
    };
  };
}

/** Only those that were never stored may change at once; the others when the server says "early". */
function without(other, one) {
  const lost = [...(other.lost ?? []), one.clientId];
  if (!["waiting", "early"].includes(other.state)) return { ...other, lost };
  const after = other.after.flatMap((id) => (id === one.clientId ? inheritedBy(other, one) : [id]));
  const baseVersion = after.length ? other.baseVersion : other.baseVersion ?? one.baseVersion;
  const rest = { ...other, lost, after: [...new Set(after)], baseVersion };
  return sawIt(other, one.clientId) ? outdated(rest) : rest;
}

function inheritedBy(other, one) {
  return kindOf(other).awaitsAll ? [] : one.after;
}

function followers(operations, { clientId }) {
  return operations.filter((other) => other.after.includes(clientId) || valueOf(other, "photo") === clientId);
}

/** What was being sent when its tab ended: its outcome is unknown. */
export function planRecover() {
  return (operations) => {
    const cut = operations.filter(({ state }) => state === "sending");
    return cut.length ? { put: cut.map((one) => ({ ...one, state: "sent-unknown" })) } : null;
  };
}

export function isActive({ state }) {
  return state !== "parked";
}

/** Whether the server has a receipt for a parked operation, so that nothing waits for it. */
function isJudged({ verdict }) {
  return verdict === "conflict" || verdict === "refused";
}

function isHeld({ heldUntil }, now) {
  return heldUntil > now && heldUntil - now <= LONGEST_HOLD_MS;
}

/** The operation to send next: answers before photos, then the oldest; null if none may go now. */
export function nextOf(operations, now, isDelayed = () => false) {
  const scopes = new Map();
  let next = null;
  for (const one of [...operations].sort((first, second) => first.seq - second.seq)) {
    const before = scopes.get(one.scope) ?? { things: new Set(), isClosed: false, isUnsettled: false };
    scopes.set(one.scope, before);
    const mayGo = isActive(one) && !isHeld(one, now) && !isDelayed(one) && !isBlocked(one, before);
    if (mayGo && (!next || compared(one, next) < 0)) next = one;
    note(one, before);
  }
  return next;
}

/** Negative if `one` goes before `other`, an older operation. */
function compared(one, other) {
  const bytes = (operation) => (kindOf(operation).hasBytes ? 1 : 0);
  return bytes(one) - bytes(other) || one.tries - other.tries;
}

/** `before` is what the older operations of its report change, and whether all must wait for one. */
function isBlocked(one, { things, isClosed, isUnsettled }) {
  if (kindOf(one).awaitsAll) return isUnsettled;
  return isClosed || one.things.some((thing) => things.has(thing));
}

function note(one, before) {
  if (!isActive(one)) {
    before.isUnsettled ||= !isJudged(one);
    return;
  }
  before.isUnsettled = true;
  before.isClosed ||= Boolean(kindOf(one).awaitsAll);
  for (const thing of one.things) before.things.add(thing);
}

/** When a hold ends, in milliseconds from now; infinite if nothing is held. */
export function untilReady(operations, now) {
  const held = operations.filter((one) => isActive(one) && isHeld(one, now));
  return Math.min(Infinity, ...held.map(({ heldUntil }) => heldUntil - now));
}
