import assert from "node:assert/strict";
import { test } from "node:test";
import { FILL, NOON, ORIGIN, OTHER_REPORT, REPORT, answered, worker } from "./fakes.mjs";

test("a visited page opens again when the server is gone, and says of when it is", async () => {
  const { server, visit } = worker();
  const first = await visit(FILL);
  assert.ok(!first.text.includes("data-kept-at"));
  server.isStopped = true;
  const again = await visit(`${FILL}?at=serial`);
  assert.match(again.text, new RegExp(`data-kept-at="${NOON.replace("+", "\\+")}".*fill of tess`));
});

test("a page that the server does not allow to be kept is not kept", async () => {
  const { caches, server, visit } = worker();
  await visit("/people/");
  await visit(`/reports/${REPORT}`);
  server.status = 500;
  await visit(FILL);
  assert.deepEqual(caches.paths("laudo-kept-tess"), []);
});

test("a slow network gives way to the kept page, which is then renewed", async () => {
  let pass;
  const waited = [];
  const wait = (ms) => new Promise((resolve) => { waited.push(ms); pass = resolve; });
  const { pages, server, visit, kept } = worker({ wait });
  await visit(FILL);
  let arrive;
  const late = new Promise((resolve) => { arrive = resolve; });
  server.answers.set(FILL, () => late);
  const work = [];
  const answer = pages.answer({ url: ORIGIN + FILL }, (promise) => work.push(promise));
  await new Promise((resolve) => setTimeout(resolve));
  assert.deepEqual(waited.slice(-1), [4000]);
  pass();
  assert.match(await (await answer).text(), /data-kept-at/);
  server.answers.delete(FILL);
  server.drawnAt = "2026-11-30T13:00:00+00:00";
  arrive(server.fetch(FILL));
  await Promise.all(work);
  assert.equal((await kept.find(FILL)).headers.get("Kept-At"), server.drawnAt);
});

test("without a kept page, a slow network is waited for", async () => {
  const { server, visit } = worker({ wait: async () => undefined });
  server.answers.set("/people/", async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return answered("late");
  });
  assert.equal((await visit("/people/")).text, "late");
});

test("the answer of a proxy for a server that is away does not replace a kept page", async () => {
  const { server, visit } = worker();
  await visit(FILL);
  for (const status of [502, 503, 504]) {
    server.answers.set(FILL, () => answered("Bad gateway", { status }));
    assert.match((await visit(FILL)).text, /data-kept-at/);
  }
  server.answers.set(FILL, () => answered("Not yours", { status: 403 }));
  assert.equal((await visit(FILL)).text, "Not yours");
});

test("what is not kept leads to what is, else to the offline page", async () => {
  const { pages, server, visit } = worker();
  await pages.prepare();
  await visit(FILL);
  await visit("/reports/");
  server.isStopped = true;
  assert.equal((await visit(`/reports/${REPORT}`)).location, ORIGIN + FILL);
  assert.equal((await visit("/reports/?status=open")).location, `${ORIGIN}/reports/`);
  for (const path of [`/reports/${OTHER_REPORT}`, `/reports/${OTHER_REPORT}/fill`, "/people/", "/"]) {
    assert.match((await visit(path)).text, /\/offline of/, path);
  }
});

test("the person's own offline page comes before that of nobody", async () => {
  const { pages, server, visit } = worker();
  await pages.prepare();
  await visit("/offline");
  server.isStopped = true;
  assert.match((await visit("/people/")).text, /data-kept-at.*\/offline of tess/);
});

test("nobody else sees a kept page", async () => {
  const { caches, pages, server, visit } = worker();
  await pages.prepare();
  await visit(FILL);
  server.account = "tom";
  await visit("/people/");
  server.isStopped = true;
  const seen = await visit(FILL);
  assert.match(seen.text, /\/offline of/);
  assert.ok(!seen.text.includes("data-kept-at"));
  assert.deepEqual(caches.paths("laudo-kept-tess"), []);
});

test("a session that ended takes its pages along", async () => {
  const { caches, server, visit } = worker();
  await visit(FILL);
  server.account = "";
  await visit("/login");
  assert.ok(!(await caches.keys()).includes("laudo-kept-tess"));
});

test("a login in the dialog of a page tells who is logged in", async () => {
  const { caches, pages, server, visit } = worker();
  await visit(FILL);
  const headers = { "Laudo-Account": "tom" };
  server.answers.set("/login", () => answered("Hello, Tom", { headers }));
  const response = await pages.signIn({ url: `${ORIGIN}/login`, method: "POST" });
  assert.equal(await response.text(), "Hello, Tom");
  assert.ok(!(await caches.keys()).includes("laudo-kept-tess"));
  server.isStopped = true;
  assert.equal((await visit(FILL)).status, 0);
});

test("an answer that names nobody ends nothing", async () => {
  const { server, visit } = worker();
  await visit(FILL);
  server.answers.set("/health", () => answered("ok"));
  await visit("/health");
  server.isStopped = true;
  assert.match((await visit(FILL)).text, /fill of tess/);
});

test("a new start of the worker still knows who is logged in", async () => {
  const first = worker();
  await first.visit(FILL);
  first.server.isStopped = true;
  const second = worker({ caches: first.caches, server: first.server });
  assert.match((await second.visit(FILL)).text, /fill of tess/);
});

test("logging out erases the kept pages, and only when it succeeds", async () => {
  const { caches, pages, server, visit } = worker();
  await pages.prepare();
  await visit(FILL);
  const request = { url: `${ORIGIN}/logout`, method: "POST" };
  server.isStopped = true;
  assert.match(await (await pages.signOut(request)).text(), /\/offline of/);
  assert.match((await visit(FILL)).text, /fill of tess/);
  server.isStopped = false;
  server.answers.set("/logout", () => answered("", { status: 403 }));
  await pages.signOut(request);
  assert.deepEqual(caches.paths("laudo-kept-tess"), [FILL]);
  server.answers.set("/logout", () => answered("", { status: 200 }));
  await pages.signOut(request);
  assert.ok(!(await caches.keys()).includes("laudo-kept-tess"));
  server.isStopped = true;
  assert.match((await visit(FILL)).text, /\/offline of/);
});
