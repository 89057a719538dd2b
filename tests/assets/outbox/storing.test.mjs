import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ANA, Phone, REPORT, Server, answer, bytesOf, createStore, newPhone, openDB, photo, settled, sha256 } from "./world.mjs";

let server;
let phone;

beforeEach(() => {
  newPhone();
  server = new Server();
  phone = new Phone(server);
});

afterEach(() => phone.end());

/** What a person does, in order; each step is done again if the phone does not have it. */
const WORK = [
  { given: answer("serial", "one"), value: "one" },
  { given: answer("serial", "two"), value: "two" },
  { given: photo("tight"), bytes: bytesOf(1_300_000) },
  { given: { report: REPORT, kind: "signature", payload: [["role_id", "tech"], ["strokes", "[]"]] }, bytes: bytesOf(100) },
  { given: { report: REPORT, kind: "submit" } },
];

/** Work in a tab that ends at step `dies`. Resolves to true if all was entered before. */
async function worked(tab, done) {
  for (const [index, { given, bytes }] of WORK.entries()) {
    if (done.has(index)) continue;
    const clientId = `00000000-0000-4000-8000-00000000000${index}`;
    const isKnown = (await tab.outbox.find(clientId)) || server.receipts.has(clientId);
    const added = isKnown ? true : await Promise.race([tab.outbox.add({ ...given, clientId }, bytes), tab.dead]);
    if (!added) return false;
    done.add(index);
    await new Promise(setImmediate);
  }
  return true;
}

/** Kill the first tab at step `first` and the second at `second`; the third finishes. */
async function killedTwice(first, second) {
  const done = new Set();
  const reached = [];
  for (const step of [first, second, Infinity]) {
    const tab = phone.tab({ dies: (now) => now === step });
    tab.outbox.send();
    const entered = await worked(tab, done);
    if (entered) await Promise.race([settled(tab), tab.dead]);
    reached.push(tab.isDead);
  }
  return reached;
}

function isWhole() {
  assert.deepEqual(server.applied.map(({ kind }) => kind).filter((kind) => kind !== "answer" && kind !== "photo"), ["signature", "submit"]);
  const answers = server.applied.filter(({ kind }) => kind === "answer").map(({ value }) => value);
  assert.equal(answers.at(-1), "two");
  const ids = server.applied.map(({ client_id }) => client_id);
  assert.equal(new Set(ids).size, ids.length);
  const photos = server.applied.filter(({ kind }) => kind === "photo");
  assert.equal(photos.length, 1);
  assert.equal(sha256(server.uploads.get(photos[0].client_id).parts), sha256(WORK[2].bytes));
}

test("a tab killed between any two steps loses nothing and sends nothing twice", async () => {
  let steps = 0;
  for (let first = 1; ; first += 1) {
    newPhone();
    server = new Server();
    phone = new Phone(server, { seed: first });
    const [isKilled] = await killedTwice(first, 1 + ((first * 7) % 13));
    isWhole();
    assert.deepEqual(await phone.tabs.at(-1).outbox.list(), []);
    if (!isKilled) break;
    steps = first;
  }
  assert.ok(steps > 20, `only ${steps} steps`);
});

/** Let writes into the stores of the database fail as on a full device while `isFull()`. */
function fillDevice(isFull) {
  const { put } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function fails(...given) {
    if (isFull(this.name)) throw new DOMException("full", "QuotaExceededError");
    return put.apply(this, given);
  };
  return () => {
    IDBObjectStore.prototype.put = put;
  };
}

test("without room an operation is reported as not kept, and still sent", async () => {
  const restore = fillDevice(() => true);
  try {
    const { outbox } = phone.tab();
    const bytes = bytesOf(1000);
    const { operation, isKept } = await outbox.add(photo("tight"), bytes);
    assert.equal(isKept, false);
    assert.ok(outbox.isOnlyHere(operation.clientId));
    assert.deepEqual(await settled({ outbox }), []);
    assert.equal(sha256(server.uploads.get(operation.clientId).parts), sha256(bytes));
  } finally {
    restore();
  }
});

test("what had no room is kept as soon as there is some", async () => {
  server.account = null;
  let isFull = true;
  const restore = fillDevice(() => isFull);
  try {
    const { outbox } = phone.tab();
    const { operation } = await outbox.add(photo("tight"), bytesOf(1000));
    isFull = false;
    assert.equal(await outbox.keepRest(), 0);
    assert.equal(outbox.isOnlyHere(operation.clientId), false);
    const other = phone.tab().outbox;
    assert.equal(sha256(await other.bytesOf(operation.clientId)), sha256(bytesOf(1000)));
    await outbox.close();
    await other.close();
  } finally {
    restore();
  }
});

test("without room for bases the operations still leave the phone", async () => {
  const restore = fillDevice((name) => name === "bases");
  try {
    const { outbox } = phone.tab();
    await outbox.add(answer("serial", "x"));
    assert.deepEqual(await settled({ outbox }), []);
    assert.equal(server.operations().length, 1);
  } finally {
    restore();
  }
});

test("without a database the operations live as long as the tab", async () => {
  const store = createStore(() => Promise.reject(new DOMException("no", "SecurityError")));
  const { outbox } = phone.tab({ store });
  const { isKept } = await outbox.add(answer("serial", "x"));
  assert.equal(isKept, false);
  assert.deepEqual(await settled({ outbox }), []);
  assert.equal(server.applied.length, 1);
});

test("an older page that holds the database open delays nothing", async () => {
  const old = await openDB("laudo", 1, { upgrade: versionOne });
  const { outbox } = phone.tab({ store: createStore(undefined, 50) });
  const { isKept } = await outbox.add(answer("serial", "x", { hold: 1000 }));
  assert.equal(isKept, false);
  old.close();
  while (await outbox.keepRest()) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(await settled({ outbox }), []);
});

function versionOne(db) {
  db.createObjectStore("saves", { keyPath: "key" });
  db.createObjectStore("photos", { keyPath: "key" });
}

async function oldPhone(records) {
  const db = await openDB("laudo", 1, { upgrade: versionOne });
  for (const [store, record] of records) await db.put(store, record);
  db.close();
}

const saved = (field, entries, more = {}) => ["saves", {
  key: `${ANA} /reports/${REPORT}/fields/${field}`, account: ANA, at: 5, entries, rowVersion: "0", save: null, choice: [], ...more,
}];

test("version 1 is moved without loss: saves, saves of unknown outcome, photos", async () => {
  const file = new File([new Uint8Array(bytesOf(2000))], "busbar.jpg", { type: "image/jpeg" });
  const sent = { clientId: "5a5a5a5a-0000-4000-8000-000000000001", clientAt: "2026-04-30T10:00:00.000Z", rowVersion: "0", entries: [["value", "sent"]], choice: [] };
  await oldPhone([
    saved("serial", [["value", "typed"]]),
    saved("tag", [["value", "newer"]], { save: sent, at: 6 }),
    saved("same", sent.entries, { save: { ...sent, clientId: "5a5a5a5a-0000-4000-8000-000000000003" }, at: 7 }),
    ["photos", { key: `${ANA} 5a5a5a5a-0000-4000-8000-000000000002`, account: ANA, url: `/reports/${REPORT}/fields/tight/photos`, file, source: "camera", clientAt: "2026-04-30T10:01:00.000Z", at: 8, position: { latitude: "-23.5", longitude: "-46.6" } }],
  ]);
  server.account = null;
  const { outbox } = phone.tab();
  const all = await outbox.list();
  assert.deepEqual(all.map(({ kind, field, state }) => [kind, field, state]), [
    ["answer", "serial", "waiting"],
    ["answer", "tag", "sent-unknown"],
    ["answer", "tag", "waiting"],
    ["answer", "same", "sent-unknown"],
    ["photo", "tight", "waiting"],
  ]);
  assert.deepEqual(all[2].after, [sent.clientId]);
  const picture = all[4];
  assert.equal(picture.clientId, "5a5a5a5a-0000-4000-8000-000000000002");
  assert.deepEqual(Object.fromEntries(picture.payload), {
    file_name: "busbar.jpg", source: "camera", latitude: "-23.5", longitude: "-46.6",
    sha256: sha256(bytesOf(2000)), byte_size: "2000",
  });
  assert.ok((await outbox.bytesOf(picture.clientId)) instanceof ArrayBuffer);
  Object.assign(server, { account: ANA });
  outbox.send();
  assert.deepEqual(await settled({ outbox }), []);
  assert.equal(server.applied.length, 5);
});

test("a photo whose move was cut is moved by the next page, once", async () => {
  const file = new File([new Uint8Array(bytesOf(50))], "a.jpg");
  const record = (id) => ["photos", { key: `${ANA} ${id}`, account: ANA, url: `/reports/${REPORT}/fields/tight/photos`, file, source: "file", clientAt: "2026-04-30T10:01:00.000Z", at: 1 }];
  await oldPhone([record("a"), record("b")]);
  const { arrayBuffer } = File.prototype;
  let reads = 0;
  File.prototype.arrayBuffer = function once() {
    if ((reads += 1) > 1) throw new DOMException("gone", "NotReadableError");
    return arrayBuffer.call(this);
  };
  server.account = null;
  try {
    assert.equal((await phone.tab().outbox.list()).length, 1);
  } finally {
    File.prototype.arrayBuffer = arrayBuffer;
  }
  assert.deepEqual((await phone.tab().outbox.list()).map(({ clientId }) => clientId), ["a", "b"]);
});

test("the queue leaves as a ZIP file with a manifest and the bytes", async () => {
  server.account = null;
  const { outbox } = phone.tab();
  await outbox.add(answer("serial", "typed"));
  const bytes = bytesOf(3000);
  const { operation } = await outbox.add(photo("tight", { payload: [["file_name", "../p 1.jpg"], ["source", "file"]] }), bytes);
  const zip = Buffer.from(await (await outbox.exportZip()).arrayBuffer());
  assert.equal(zip.subarray(0, 4).toString("latin1"), "PK\x03\x04");
  const text = zip.toString("latin1");
  assert.ok(text.includes(`photos/${operation.clientId}-.._p_1.jpg`));
  assert.ok(zip.includes(Buffer.from(bytes)));
  const manifest = JSON.parse(text.slice(text.indexOf("{"), text.indexOf("\n}") + 2));
  assert.equal(manifest.format, "laudo-outbox/1");
  assert.deepEqual(manifest.operations.map(({ kind }) => kind), ["answer", "photo"]);
  assert.deepEqual(manifest.operations.map((one) => one.sha256), [undefined, sha256(bytes)]);
  await outbox.close();
});

test("another tab hears of every change, and sends if the first one dies", async () => {
  server.account = null;
  const [first, second] = [phone.tab(), phone.tab()];
  const heard = [];
  second.outbox.subscribe(({ type, operation }) => heard.push([type, operation?.field]));
  await first.outbox.add(answer("serial", "x"));
  first.die();
  server.account = ANA;
  second.outbox.send();
  assert.deepEqual(await settled(second), []);
  assert.ok(heard.some(([type, field]) => type === "added" && field === "serial"));
  assert.equal(server.applied.length, 1);
});

test("a page that is put away leaves nothing open, and goes on when it comes back", async () => {
  const [away, other] = [createStore(), createStore()];
  const scope = `${ANA} ${REPORT}`;
  const one = { clientId: "c1", account: ANA, scope, seq: 1 };
  let isFirst = true;
  const plan = (stored) => {
    if (isFirst) away.leave();
    isFirst = false;
    return stored.length ? null : { put: [one], result: one };
  };
  const written = away.change(scope, plan);
  while (isFirst) await new Promise(setImmediate);
  assert.deepEqual(await other.list(), []);
  const read = away.list();
  assert.equal(await Promise.race([written, read, new Promise((resolve) => setTimeout(resolve, 50, "waits"))]), "waits");
  away.enter();
  assert.deepEqual(await written, { result: one, isKept: true });
  await read;
  assert.deepEqual(await other.list(), [one]);
});

/** Like localStorage. */
function newStorage() {
  const items = new Map();
  return {
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => items.set(key, value),
    removeItem: (key) => items.delete(key),
  };
}

const values = () => server.applied.map(({ value }) => value);

test("what was entered while the page was left is written by the next page, once", async () => {
  const storage = newStorage();
  const left = phone.tab({ storage });
  const added = left.outbox.add(answer("serial", "last"));
  left.outbox.leave();
  const other = phone.tab({ storage, account: "bob" });
  other.outbox.enter();
  assert.deepEqual(await other.outbox.list(), []);
  const next = phone.tab({ storage });
  next.outbox.enter();
  await next.outbox.list();
  await settled(next);
  assert.deepEqual(values(), ["last"]);
  left.outbox.enter();
  assert.deepEqual(await added, { operation: null, isKept: true });
  await settled(left);
  assert.deepEqual(values(), ["last"]);
});

test("the page that comes back writes it itself, once", async () => {
  const storage = newStorage();
  const left = phone.tab({ storage });
  const written = [];
  left.outbox.subscribe(({ type }) => type === "added" && written.push(type));
  const added = left.outbox.add(answer("serial", "last"));
  left.outbox.leave();
  left.outbox.enter();
  assert.equal((await added).isKept, true);
  await left.outbox.list();
  assert.equal(written.length, 1);
  const next = phone.tab({ storage });
  next.outbox.enter();
  await settled(next);
  assert.deepEqual(values(), ["last"]);
});

test("without room for the journal, the page that comes back writes it", async () => {
  const storage = { ...newStorage(), setItem: () => { throw new Error("full"); } };
  const left = phone.tab({ storage });
  const added = left.outbox.add(answer("serial", "last"));
  left.outbox.leave();
  left.outbox.enter();
  assert.equal((await added).isKept, true);
  await settled(left);
  assert.deepEqual(values(), ["last"]);
});
