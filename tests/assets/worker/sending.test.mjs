import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { ANA, Phone, Server, answer, bytesOf, newPhone, photo, settled } from "../outbox/world.mjs";

const BOB = "bob";
let server;
let phone;

beforeEach(() => {
  newPhone();
  server = new Server();
  phone = new Phone(server);
});

afterEach(() => phone.end());

/** Operations of an account that a tab could not send before it was closed. */
async function leave(operations, account = ANA) {
  server.faults = () => "cut";
  const { outbox } = phone.tab({ account });
  for (const [operation, bytes = null] of operations) await outbox.add(operation, bytes);
  await outbox.close();
  server.faults = () => null;
  server.requests = [];
}

/** What a person finds on the phone later. */
async function waiting(account = ANA) {
  server.faults = () => "cut";
  const { outbox } = phone.tab({ account });
  const found = await outbox.list();
  await outbox.close();
  server.faults = () => null;
  return found.map(({ field }) => field);
}

const values = () => server.applied.map(({ value, kind }) => value ?? kind);

test("everything that waits is sent once, without a page", async () => {
  await leave([[answer("serial", "1")], [answer("tag", "2")], [photo("board"), bytesOf(3000)]]);
  await phone.background()();
  assert.deepEqual(values(), ["1", "2", "photo"]);
  assert.equal(server.operations().length, 3);
  assert.deepEqual(await waiting(), []);
});

test("a phone without work asks only who is logged in", async () => {
  await phone.background()();
  assert.deepEqual(server.requests.map(({ url }) => url), ["/session.json"]);
});

test("another account's work is neither sent nor touched", async () => {
  await leave([[answer("serial", "of Ana")]]);
  await leave([[answer("tag", "of Bob")]], BOB);
  server.account = BOB;
  await phone.background()();
  assert.deepEqual(values(), ["of Bob"]);
  assert.deepEqual(await waiting(), ["serial"]);
});

test("the account changes between two operations: the rest waits for its owner", async () => {
  await leave([[answer("serial", "1")], [answer("tag", "2")]]);
  server.faults = ({ url }) => {
    if (!url.endsWith("operations") || !server.applied.length) return null;
    Object.assign(server, { account: BOB, token: "token-2" });
    return 400;
  };
  await phone.background()();
  assert.deepEqual(values(), ["1"]);
  assert.deepEqual(await waiting(), ["tag"]);
});

test("nobody is logged in: nothing is sent, and the browser need not call again", async () => {
  await leave([[answer("serial", "1")]]);
  server.account = null;
  await phone.background()();
  assert.deepEqual(values(), []);
  assert.deepEqual(await waiting(), ["serial"]);
});

test("without a server, or if it goes away meanwhile, the browser is to call again", async () => {
  await leave([[answer("serial", "1")], [answer("tag", "2")]]);
  for (const isGone of [() => true, ({ url }) => url.endsWith("operations") && server.applied.length === 1]) {
    server.faults = (request) => (isGone(request) ? "cut" : null);
    await assert.rejects(phone.background()());
  }
  assert.deepEqual(values(), ["1"]);
  server.faults = () => null;
  await phone.background()();
  assert.deepEqual(values(), ["1", "2"]);
});

test("an operation at which the server fails does not keep the worker for ever", async () => {
  await leave([[answer("serial", "1")]]);
  const began = phone.clock.time;
  server.faults = ({ url }) => (url.endsWith("operations") ? 500 : null);
  await assert.rejects(phone.background()());
  assert.ok(phone.clock.time - began < 3 * 60 * 1000);
  assert.deepEqual(await waiting(), ["serial"]);
});

test("a tab and the worker at once send each operation once, and the tab hears of it", async () => {
  await leave(Array.from({ length: 12 }, (_, n) => [answer(`field-${n}`, String(n))]));
  const tab = phone.tab();
  const heard = new Set();
  tab.outbox.subscribe(({ type, operation }) => type === "settled" && heard.add(operation.field));
  await Promise.all([phone.background()(), tab.outbox.send(), phone.background()()]);
  assert.deepEqual(await settled(tab), []);
  assert.equal(server.operations().length, 12);
  assert.equal(new Set(server.applied.map(({ client_id: id }) => id)).size, 12);
  await new Promise((resolve) => setTimeout(resolve));
  assert.equal(heard.size, 12);
});
