import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ANA, Phone, REPORT, Server, answer, bytesOf, newPhone, photo, randomOf, settled, sha256 } from "./world.mjs";

let server;
let phone;

beforeEach(() => {
  newPhone();
  server = new Server();
  phone = new Phone(server);
});

afterEach(() => phone.end());

const values = () => server.applied.map(({ value }) => value);

test("an answer is sent once and leaves its base behind", async () => {
  const { outbox } = phone.tab();
  await outbox.add(answer("serial", "SN-1"));
  assert.deepEqual(await settled({ outbox }), []);
  assert.deepEqual(values(), ["SN-1"]);
  const [base] = await outbox.basesOf(REPORT);
  assert.equal(base.rowVersion, 1);
  assert.deepEqual(base.entries, [["value", "SN-1"]]);
  assert.equal(server.operations().length, 1);
});

test("a later answer names the one before it, and waits for it", async () => {
  server.faults = ({ url }) => (url.endsWith("operations") && server.operations().length === 1 ? "lost" : null);
  const { outbox } = phone.tab();
  const first = await outbox.add(answer("serial", "one"));
  while (!server.operations().length) await new Promise(setImmediate);
  const second = await outbox.add(answer("serial", "two"));
  assert.notEqual(second.operation.clientId, first.operation.clientId);
  assert.deepEqual(second.operation.after, [first.operation.clientId]);
  assert.deepEqual(await settled({ outbox }), []);
  assert.deepEqual(values(), ["one", "two"]);
  assert.equal(server.fields.get("serial").version, 2);
});

test("what was never sent is one operation, with the newest content", async () => {
  server.account = null;
  const { outbox } = phone.tab();
  const made = [];
  for (const value of ["1", "12", "123"]) made.push(await outbox.add(answer("serial", value, { hold: 800 })));
  assert.equal(new Set(made.map(({ operation }) => operation.clientId)).size, 1);
  server.account = ANA;
  outbox.send();
  await settled({ outbox });
  assert.deepEqual(values(), ["123"]);
});

test("a held operation waits for its hold, and no longer if the clock is set back", async () => {
  const { outbox } = phone.tab();
  const began = phone.clock.wall;
  await outbox.add(answer("serial", "typed", { hold: 800 }));
  await settled({ outbox });
  assert.ok(phone.clock.wall >= began + 800);
  await outbox.add(answer("tag", "typed", { hold: 800 }));
  phone.clock.wall -= 86_400_000;
  outbox.send();
  await settled({ outbox });
  assert.deepEqual(values(), ["typed", "typed"]);
});

test("a clock that jumps forward and back loses and repeats nothing", async () => {
  server.faults = () => (server.requests.length % 3 ? null : "cut");
  const { outbox } = phone.tab();
  for (const [index, jump] of [0, 9e9, -2e10, 5e9].entries()) {
    phone.clock.wall += jump;
    await outbox.add(answer(`f${index}`, `v${index}`));
    await outbox.add(answer("same", `v${index}`));
  }
  await settled({ outbox });
  const same = server.applied.filter(({ field_id }) => field_id === "same").map(({ value }) => value);
  assert.equal(same.at(-1), "v3");
  assert.deepEqual(same, [...same].sort());
  assert.equal(new Set(server.applied.map(({ client_id }) => client_id)).size, server.applied.length);
});

test("a lost session waits, and the same operations go on after the login", async () => {
  server.account = null;
  const { outbox } = phone.tab();
  const said = [];
  outbox.subscribe(({ type, status }) => type === "status" && said.push(status));
  const { operation } = await outbox.add(answer("serial", "kept"));
  while (!said.includes("logged out")) await new Promise(setImmediate);
  Object.assign(server, { account: ANA, token: "token-2" });
  outbox.send();
  await settled({ outbox });
  assert.equal(server.applied[0].client_id, operation.clientId);
});

test("an old token is renewed, and a request that is wrong itself is parked", async () => {
  const { outbox } = phone.tab();
  await outbox.add(answer("first", "1"));
  await settled({ outbox });
  server.token = "token-2";
  await outbox.add(answer("second", "2"));
  assert.deepEqual(await settled({ outbox }), []);
  server.faults = ({ url }) => (url.endsWith("operations") ? { status: 400, text: "Malformed." } : null);
  await outbox.add(answer("third", "3"));
  const [left] = await settled({ outbox });
  assert.equal(left.sentence, "Malformed.");
  assert.deepEqual(values(), ["1", "2"]);
});

test("another account's operations are neither listed nor sent", async () => {
  server.account = null;
  const ana = phone.tab();
  await ana.outbox.add(answer("serial", "of Ana"));
  ana.die();
  Object.assign(server, { account: "bob", token: "token-2" });
  const bob = phone.tab({ account: "bob" });
  assert.deepEqual(await bob.outbox.list(), []);
  await bob.outbox.add(answer("serial", "of Bob"));
  await settled(bob);
  assert.deepEqual(values(), ["of Bob"]);
  assert.equal((await phone.tab({ account: ANA }).outbox.list()).length, 1);
});

test("a page of another account than the session's sends nothing", async () => {
  server.account = "bob";
  const { outbox } = phone.tab();
  const said = [];
  outbox.subscribe(({ status }) => status && said.push(status));
  await outbox.add(answer("serial", "of Ana"));
  while (!said.includes("another account")) await new Promise(setImmediate);
  assert.equal(server.operations().length, 0);
  assert.equal((await outbox.list()).length, 1);
  await outbox.close();
});

for (const status of [403, 404, 413, 422]) {
  test(`status ${status} parks one operation and holds up no other`, async () => {
    server.faults = ({ url, body }) =>
      url.endsWith("operations") && body.get("field_id") === "bad" ? { status, text: "Not here." } : null;
    const { outbox } = phone.tab();
    await outbox.add(answer("bad", "1"));
    await outbox.add(answer("good", "2"));
    const [left] = await settled({ outbox });
    assert.deepEqual([left.field, left.state, left.sentence], ["bad", "parked", "Not here."]);
    assert.deepEqual(values(), ["2"]);
    assert.equal(server.operations().length, 2);
    server.faults = () => null;
    const retried = await outbox.retry(left.clientId);
    assert.notEqual(retried.clientId, left.clientId);
    assert.deepEqual(await settled({ outbox }), []);
    assert.deepEqual(values(), ["2", "1"]);
  });
}

for (const fault of ["cut", "lost", 500, 502, 503, 504, 429, 408, 507, { status: 200, text: "<h1>Portal", type: "text/html" }]) {
  test(`${JSON.stringify(fault)} is no verdict: sent again with the same id and content`, async () => {
    let faults = 3;
    server.faults = ({ url }) => (url.endsWith("operations") && faults-- > 0 ? fault : null);
    const { outbox } = phone.tab();
    await outbox.add(answer("serial", "x"));
    assert.deepEqual(await settled({ outbox }), []);
    const bodies = server.operations().map(({ body }) => body.toString());
    assert.equal(bodies.length, 4);
    assert.equal(new Set(bodies).size, 1);
    assert.deepEqual(values(), ["x"]);
  });
}

const EARLIER = { status: 404, text: "This page does not exist.", isEarlierRelease: true };

for (const [name, made, bytes, path] of [
  ["an answer", answer("serial", "x"), null, /operations$/],
  ["a photo at its operation", photo("tight"), bytesOf(64), /operations$/],
  ["a photo at its upload", photo("tight"), bytesOf(64), /uploads$/],
  ["a part of a photo", photo("tight"), bytesOf(3_000_000), /uploads\/./],
]) {
  for (const fault of [EARLIER, { ...EARLIER, status: 405 }, 404]) {
    test(`${name} meets web processes of an earlier release (${JSON.stringify(fault)}) and waits for another`, async () => {
      let faults = 5;
      server.faults = ({ url }) => (path.test(url) && faults-- > 0 ? fault : null);
      const parked = [];
      const { outbox } = phone.tab();
      outbox.subscribe(({ type }) => type === "parked" && parked.push(type));
      await outbox.add(made, bytes);
      assert.deepEqual(await settled({ outbox }), []);
      assert.deepEqual(parked, []);
      assert.equal(server.applied.length, 1);
      assert.ok(faults < 0);
    });
  }
}

test("an earlier release holds up nothing that another process takes, and is asked seldom", async () => {
  let isEarlier = true;
  server.faults = ({ url }) => (isEarlier && (url === "/session.json" || url.endsWith("operations")) ? EARLIER : null);
  const { outbox } = phone.tab();
  for (const field of ["a", "b", "c"]) await outbox.add(answer(field, field));
  while (server.requests.length < 20) await new Promise(setImmediate);
  // Nothing is sent before a session is known, so one small request at a time asks for it.
  assert.equal(server.operations().length, 0);
  isEarlier = false;
  assert.deepEqual(await settled({ outbox }), []);
  assert.deepEqual(values(), ["a", "b", "c"]);
});

test("a kind that a server of an earlier release does not know waits, and says why", async () => {
  let faults = 2;
  server.faults = ({ url }) => (url.endsWith("operations") && faults-- > 0 ? { status: 501, text: "Not yet." } : null);
  const said = [];
  const { outbox } = phone.tab();
  outbox.subscribe(({ type, sentence }) => type === "waiting" && said.push(sentence));
  await outbox.add(answer("serial", "x"));
  assert.deepEqual(await settled({ outbox }), []);
  assert.deepEqual(said, ["Not yet.", "Not yet."]);
  assert.deepEqual(values(), ["x"]);
});

test("an operation that always fails does not hold up the others", async () => {
  server.faults = ({ url, body }) => (url.endsWith("operations") && body.get("field_id") === "bad" ? 500 : null);
  const { outbox } = phone.tab();
  await outbox.add(answer("bad", "1"));
  for (const field of ["a", "b", "c"]) await outbox.add(answer(field, field));
  while (server.applied.length < 3) await new Promise(setImmediate);
  assert.equal((await outbox.list()).length, 1);
  await outbox.close();
});

test("the waits of a dead server grow to 15 seconds, and one success ends them all", async () => {
  const waits = [];
  let isDead = true;
  server.faults = () => (isDead ? "cut" : null);
  const tab = phone.tab({
    random: () => 1,
    sleep: (delay) => {
      waits.push(delay);
      if (waits.length === 7) isDead = false;
      return { ended: new Promise(setImmediate), end: () => undefined };
    },
  });
  for (const field of ["a", "b", "c", "d"]) await tab.outbox.add(answer(field, field));
  await settled(tab);
  assert.deepEqual(waits, [1000, 2000, 4000, 8000, 8000, 8000, 8000]);
  assert.equal(server.operations().length, 4);
  assert.equal(server.requests.filter(({ url }) => url === "/session.json").length, 8);
});

test("a conflict keeps this phone's value until a decision", async () => {
  server.fields.set("serial", { version: 3, value: "theirs" });
  const { outbox } = phone.tab();
  await outbox.add(answer("serial", "mine"));
  const [left] = await settled({ outbox });
  assert.equal(left.verdict, "conflict");
  assert.deepEqual(left.payload, [["value", "mine"]]);
  const longer = await outbox.add(answer("serial", "mine, longer"));
  assert.deepEqual(longer.operation.after, [left.clientId]);
  const [newest, ...others] = await settled({ outbox });
  assert.deepEqual([newest.clientId, others.length], [longer.operation.clientId, 0]);
  await outbox.add({ report: REPORT, kind: "settle", field: "serial", payload: [["conflict", left.conflict], ["keep", "mine"]] });
  assert.deepEqual(await settled({ outbox }), []);
});

test("what was refused is replaced by what is entered instead, on the same base", async () => {
  server.judge = ({ value }) => (value === "abc" ? { verdict: "refused", sentence: "No number.", row_version: null } : null);
  const { outbox } = phone.tab();
  await outbox.add(answer("volts", "abc", { baseVersion: 0 }));
  const [left] = await settled({ outbox });
  assert.deepEqual([left.state, left.verdict, left.sentence], ["parked", "refused", "No number."]);
  const { operation } = await outbox.add(answer("volts", "230"));
  assert.notEqual(operation.clientId, left.clientId);
  assert.deepEqual(operation.after, []);
});

test("an early submit is sent again until the photos are read", async () => {
  let reading = 3;
  server.judge = ({ kind }) => (kind === "submit" && reading-- > 0 ? { verdict: "early", needs: "reading" } : null);
  const { outbox } = phone.tab();
  await outbox.add(answer("serial", "x"));
  const one = await outbox.add({ report: REPORT, kind: "submit" });
  const two = await outbox.add({ report: REPORT, kind: "submit" });
  assert.equal(one.operation.clientId, two.operation.clientId);
  assert.deepEqual(await settled({ outbox }), []);
  assert.deepEqual(server.applied.map(({ kind }) => kind), ["answer", "submit"]);
});

test("a signature waits for all before it, and all after it waits for the signature", async () => {
  server.account = null;
  const { outbox } = phone.tab();
  const first = await outbox.add(answer("serial", "seen"));
  const seen = JSON.stringify({ fields: { "serial|": 0, "tag|": 4 }, photos: {} });
  await outbox.add(
    { report: REPORT, kind: "signature", payload: [["role_id", "tech"], ["signer_name", "Ana"], ["strokes", "[]"], ["seen", seen]] },
    bytesOf(64),
  );
  await outbox.add(answer("later", "not seen"));
  server.account = ANA;
  outbox.send();
  await settled({ outbox });
  assert.deepEqual(server.applied.map(({ kind, value }) => value ?? kind), ["seen", "signature", "not seen"]);
  const signed = server.applied[1];
  assert.deepEqual(signed.after, [first.operation.clientId]);
  assert.deepEqual(JSON.parse(signed.seen).fields, { "serial|": first.operation.clientId, "tag|": 4 });
  assert.equal(signed.image, 64);
});

test("a signature names the reasons of this phone that were not sent", async () => {
  server.faults = () => "cut";
  const { outbox } = phone.tab();
  const reason = (kind, photo, reason) => ({ report: REPORT, kind, payload: [...photo, ["reason", reason]], baseVersion: 1 });
  await outbox.add(reason("reason", [["placement", "p1"]], "Behind the panel"));
  await outbox.add(reason("position_reason", [["photo", "l1"]], "Underground"));
  const seen = { fields: {}, photos: {}, captions: {}, reason: { p1: "Old", p2: "Drawn" }, position_reason: {} };
  const { operation } = await outbox.add(signature(seen), bytesOf(64));
  const signed = JSON.parse(operation.payload.find(([name]) => name === "seen")[1]);
  assert.deepEqual(signed.reason, { p1: "Behind the panel", p2: "Drawn" });
  assert.deepEqual(signed.position_reason, { l1: "Underground" });
  await outbox.close();
});

function signature(seen) {
  const payload = [["role_id", "tech"], ["signer_name", "Ana"], ["strokes", "[]"], ["seen", JSON.stringify(seen)]];
  return { report: REPORT, kind: "signature", payload };
}

test("what changes after a signature is no part of what was signed", async () => {
  server.account = null;
  const { outbox } = phone.tab();
  const first = await outbox.add(answer("serial", "signed"));
  const taken = await outbox.add(photo("tight"), bytesOf(500));
  const caption = (words) => ({ report: REPORT, kind: "caption", field: "tight", payload: [["photo", taken.operation.clientId], ["caption", words]] });
  const named = await outbox.add(caption("signed"));
  await outbox.add(signature({ fields: { "serial|": 0 }, photos: { "tight|": [taken.operation.clientId] } }), bytesOf(64));
  const later = await outbox.add(answer("serial", "changed"));
  await outbox.add(caption("changed"));
  assert.deepEqual(later.operation.after, [first.operation.clientId]);
  server.account = ANA;
  outbox.send();
  assert.deepEqual(await settled({ outbox }), []);
  const words = server.applied.map(({ kind, value, caption: text }) => value ?? text ?? kind);
  assert.deepEqual(words.slice(-2).sort(), ["changed", "changed"]);
  assert.equal(words.at(-3), "signature");
  assert.ok(server.applied.at(-3).after.includes(named.operation.clientId));
});

for (const [what, made, bytes] of [["answer", answer("serial", "x"), null], ["photo", photo("tight"), bytesOf(500)]]) {
  test(`a signature over an ${what} that is discarded is parked, and goes with its own discard`, async () => {
    server.account = null;
    const { outbox } = phone.tab();
    const seen = await outbox.add(made, bytes);
    const signed = await outbox.add(
      signature({ fields: { "serial|": 0 }, photos: bytes ? { "tight|": [seen.operation.clientId] } : {} }), bytesOf(64));
    await outbox.add({ report: REPORT, kind: "submit" });
    await outbox.discard(seen.operation.clientId);
    const states = (await outbox.list()).map(({ kind, state, isOutdated }) => [kind, state, Boolean(isOutdated)]);
    assert.deepEqual(states, [["signature", "parked", true], ["submit", "waiting", false]]);
    server.account = ANA;
    outbox.send();
    await new Promise(setImmediate);
    assert.deepEqual(server.applied, []);
    await outbox.discard(signed.operation.clientId);
    assert.deepEqual(await settled({ outbox }), []);
    assert.deepEqual(server.applied.map(({ kind }) => kind), ["submit"]);
  });
}

test("a signature follows what it covers to a new id", async () => {
  server.faults = ({ url }) => (url === "/uploads" ? { status: 413, text: "Larger than 40 MB." } : null);
  const { outbox } = phone.tab();
  const { operation } = await outbox.add(photo("tight"), bytesOf(500));
  await outbox.add(signature({ fields: {}, photos: { "tight|": [operation.clientId] } }), bytesOf(64));
  while (!(await outbox.list()).some(({ state }) => state === "parked")) await new Promise(setImmediate);
  server.faults = () => null;
  const retried = await outbox.retry(operation.clientId);
  assert.deepEqual(await settled({ outbox }), []);
  assert.deepEqual(JSON.parse(server.applied.at(-1).seen).photos, { "tight|": [retried.clientId] });
});

test("a photo is uploaded in parts, goes on where it was cut, and its bytes stay until the receipt", async () => {
  let cuts = 2;
  server.faults = ({ method }) => (method === "PATCH" && cuts-- > 0 ? "lost" : null);
  const { outbox } = phone.tab();
  const bytes = bytesOf(3_500_000);
  const { operation } = await outbox.add(photo("tight"), bytes);
  await outbox.add({ report: REPORT, kind: "caption", field: "tight", payload: [["photo", operation.clientId], ["caption", "Busbar"]] });
  assert.equal(sha256(await outbox.bytesOf(operation.clientId)), sha256(bytes));
  await settled({ outbox });
  assert.equal(sha256(server.uploads.get(operation.clientId).parts), sha256(bytes));
  assert.equal((await outbox.bytesOf(operation.clientId)) ?? null, null);
  assert.deepEqual(server.applied.map(({ kind }) => kind), ["photo", "caption"]);
  const sent = server.requests.filter(({ body }) => body?.byteLength).reduce((sum, { body }) => sum + body.byteLength, 0);
  assert.equal(sent, bytes.byteLength);
});

test("answers go between the parts of a photo", async () => {
  const { outbox } = phone.tab();
  let isAdded = false;
  server.faults = ({ method }) => {
    if (method === "PATCH" && !isAdded) {
      isAdded = true;
      outbox.add(answer("serial", "between"));
    }
    return null;
  };
  await outbox.add(photo("tight"), bytesOf(6_000_000));
  await settled({ outbox });
  assert.deepEqual(server.applied.map(({ kind }) => kind), ["answer", "photo"]);
});

test("bytes stay on the phone if the receipt names others", async () => {
  server.judge = ({ kind }) => (kind === "photo" ? { sha256: "0".repeat(64) } : null);
  const { outbox } = phone.tab();
  const bytes = bytesOf(1000);
  const { operation } = await outbox.add(photo("tight"), bytes);
  const [left] = await settled({ outbox });
  assert.equal(left.state, "parked");
  assert.equal(sha256(await outbox.bytesOf(operation.clientId)), sha256(bytes));
});

test("a swept or damaged upload begins again", async () => {
  let isSwept = false;
  server.faults = ({ method, url }) => {
    if (method === "PATCH" && !isSwept) {
      isSwept = true;
      server.uploads.delete(url.split("/").at(-1));
    }
    return null;
  };
  const { outbox } = phone.tab();
  const bytes = bytesOf(2_500_000);
  const { operation } = await outbox.add(photo("tight"), bytes);
  await settled({ outbox });
  assert.equal(sha256(server.uploads.get(operation.clientId).parts), sha256(bytes));
});

test("a photo retried under a new id takes its caption and its bytes along", async () => {
  server.faults = ({ url }) => (url === "/uploads" ? { status: 413, text: "Larger than 40 MB." } : null);
  const { outbox } = phone.tab();
  const { operation } = await outbox.add(photo("tight"), bytesOf(500));
  await outbox.add({ report: REPORT, kind: "caption", field: "tight", payload: [["photo", operation.clientId], ["caption", "Busbar"]] });
  while (!(await outbox.list()).some(({ state }) => state === "parked")) await new Promise(setImmediate);
  server.faults = () => null;
  const retried = await outbox.retry(operation.clientId);
  assert.deepEqual(await settled({ outbox }), []);
  assert.equal(server.applied[1].photo, retried.clientId);
});

test("discarding an answer gives its base to the next, and a photo takes its caption with it", async () => {
  server.account = null;
  const { outbox } = phone.tab();
  const cut = await outbox.add(photo("tight"), bytesOf(500));
  await outbox.add({ report: REPORT, kind: "caption", field: "tight", payload: [["photo", cut.operation.clientId], ["caption", "x"]] });
  const submit = await outbox.add({ report: REPORT, kind: "submit" });
  assert.equal(submit.operation.after.length, 2);
  await outbox.discard(cut.operation.clientId);
  const left = await outbox.list();
  assert.deepEqual(left.map(({ kind, after }) => [kind, after.length]), [["submit", 1]]);
  await outbox.close();
});

test("two tabs send everything once, in order", async () => {
  const random = randomOf(5);
  server.faults = () => ["cut", "lost", 503, null, null, null][Math.floor(random() * 6)];
  const tabs = [phone.tab(), phone.tab()];
  for (let number = 0; number < 40; number += 1) {
    await tabs[number % 2].outbox.add(answer(`f${number % 7}`, `${String(number).padStart(2, "0")}`));
    if (number % 5 === 0) await new Promise(setImmediate);
  }
  await settled(tabs[0]);
  const ids = server.applied.map(({ client_id }) => client_id);
  assert.equal(new Set(ids).size, ids.length);
  for (let field = 0; field < 7; field += 1) {
    const own = server.applied.filter(({ field_id }) => field_id === `f${field}`).map(({ value }) => value);
    assert.deepEqual(own, [...own].sort());
    assert.equal(own.at(-1), String(35 + field - (field > 4 ? 7 : 0)).padStart(2, "0"));
  }
});

test("without Web Locks a lease keeps two tabs apart", async () => {
  let atOnce = 0;
  let most = 0;
  const slow = async (...request) => {
    most = Math.max(most, (atOnce += 1));
    const answered = await server.fetch(...request);
    atOnce -= 1;
    return answered;
  };
  const tabs = [phone.tab({ locks: null, fetch: slow }), phone.tab({ locks: null, fetch: slow })];
  for (let number = 0; number < 10; number += 1) await tabs[number % 2].outbox.add(answer(`f${number}`, "x"));
  await settled(tabs[0]);
  assert.equal(most, 1);
  assert.equal(server.applied.length, 10);
});

for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
  test(`faults of every kind, photos among answers: all exactly once (${seed})`, async () => {
    const random = randomOf(seed);
    const faults = ["cut", "lost", 500, 502, 503, 429, null, null, null, null, null];
    server.faults = () => faults[Math.floor(random() * faults.length)];
    const tab = phone.tab();
    const expected = new Map();
    for (let number = 0; number < 30; number += 1) {
      const field = `f${Math.floor(random() * 8)}`;
      if (random() < 0.2) await tab.outbox.add(photo(field), bytesOf(200_000, number));
      else {
        expected.set(field, `v${number}`);
        await tab.outbox.add(answer(field, `v${number}`));
      }
      if (random() < 0.4) await new Promise(setImmediate);
    }
    assert.deepEqual(await settled(tab), []);
    for (const [field, value] of expected) assert.equal(server.fields.get(field).value, value);
    const ids = server.applied.map(({ client_id }) => client_id);
    assert.equal(new Set(ids).size, ids.length);
  });
}

test("a photo that the report has already waits for the person, and is the base of nothing", async () => {
  server.judge = ({ kind }) => (kind === "photo" ? { verdict: "conflict", fragment: "<li>again", placement: "placed-before" } : null);
  const { outbox } = phone.tab();
  await outbox.add(photo("tight"), bytesOf(1000));
  const [left, ...others] = await settled({ outbox });
  assert.deepEqual(others, []);
  assert.deepEqual([left.state, left.verdict, left.fragment], ["parked", "conflict", "<li>again"]);
  assert.deepEqual(await outbox.basesOf(REPORT), []);
  await outbox.discard(left.clientId);
  assert.deepEqual(await outbox.list(), []);
});

test("a caption without a known version leaves the base to the server", async () => {
  server.account = null;
  const { outbox } = phone.tab();
  const { operation } = await outbox.add({ report: REPORT, kind: "caption", field: "tight", payload: [["photo", "gone"], ["caption", "x"]] });
  assert.equal(operation.baseVersion, null);
});
