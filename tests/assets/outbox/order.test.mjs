/** Which operation goes next, of queues of any length. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf } from "../../../app/assets/src/outbox/kinds.js";
import { firstOperation, nextOf } from "../../../app/assets/src/outbox/queue.js";
import { randomOf } from "./world.mjs";

const KINDS = ["answer", "answer", "caption", "photo", "move", "removal", "signature", "submit"];
const STATES = [
  { state: "waiting" }, { state: "waiting" }, { state: "sent-unknown", tries: 2 }, { state: "early", tries: 1 },
  { state: "parked", verdict: "refused" }, { state: "parked", verdict: "conflict" }, { state: "parked", verdict: null },
];

function queueOf(length, random) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  return Array.from({ length }, (_none, at) => ({
    ...firstOperation({
      account: "ana",
      report: pick(["r1", "r2"]),
      kind: pick(KINDS),
      field: pick(["a", "b"]),
      clientId: `c${at}`,
      payload: [["photo", pick(["p1", "p2"])], ["role_id", "tech"]],
      heldUntil: random() < 0.1 ? 5_000 : 0,
    }, 0),
    ...pick(STATES),
    seq: at + 1,
  }));
}

/** The rule, one pair after the other. */
function mayGo(one, all) {
  const isActive = ({ state }) => state !== "parked";
  const isSettled = ({ verdict }) => ["refused", "conflict"].includes(verdict);
  if (!isActive(one) || one.heldUntil) return false;
  const earlier = all.filter(({ scope, seq }) => scope === one.scope && seq < one.seq);
  if (kindOf(one).awaitsAll) return earlier.every((other) => !isActive(other) && isSettled(other));
  return earlier.every((other) =>
    !isActive(other) || !(kindOf(other).awaitsAll || other.things.some((thing) => one.things.includes(thing))));
}

function expected(all) {
  const rank = (one) => [kindOf(one).hasBytes ? 1 : 0, one.tries, one.seq];
  const ready = all.filter((one) => mayGo(one, all)).map((one) => ({ one, rank: rank(one) }));
  ready.sort((a, b) => a.rank[0] - b.rank[0] || a.rank[1] - b.rank[1] || a.rank[2] - b.rank[2]);
  return ready[0]?.one.clientId;
}

test("the next operation is the first that no older one holds up, in 3,000 queues", () => {
  const random = randomOf(11);
  let found = 0;
  for (let round = 0; round < 3_000; round += 1) {
    const all = queueOf(Math.floor(random() * 12), random);
    const next = nextOf([...all].reverse(), 0)?.clientId;
    assert.equal(next, expected(all), JSON.stringify(all, null, 1));
    found += Boolean(next);
  }
  assert.ok(found > 1_000 && found < 3_000);
});

test("a queue of thousands is looked through once", () => {
  for (const length of [100, 4_000]) {
    let looks = 0;
    const all = queueOf(length, randomOf(length)).map((one) => ({
      ...one,
      state: "waiting",
      tries: 0,
      kind: "answer",
      get things() {
        looks += 1;
        return [`answer|${one.clientId}|`];
      },
    }));
    assert.equal(nextOf(all, 0)?.seq, all.find(({ heldUntil }) => !heldUntil).seq);
    assert.ok(looks <= 2 * length, `${looks} looks at ${length} operations`);
  }
});
