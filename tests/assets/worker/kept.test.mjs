import assert from "node:assert/strict";
import { test } from "node:test";
import { FILL, OTHER_REPORT, REPORT, REVIEW, FakeServer, answered, report, worker } from "./fakes.mjs";

const OWN = ["/", "/reports/", "/offline"];
const keep = (changes = {}) => ({ order: "keep", account: "tess", reports: [report()], shell: "/static/dist/shell-1.json", ...changes });

test("reports and the person's own pages are kept before they are visited", async () => {
  const { caches, obey, server, visit } = worker();
  const done = await obey(keep({ listed: [REPORT] }));
  assert.deepEqual(done.failed, []);
  assert.deepEqual(done.reports.map(({ report: id, name, why }) => [id, name, why]), [[REPORT, "ATS-1 Board", "list"]]);
  assert.deepEqual(caches.paths("laudo-kept-tess"), [...OWN, FILL, REVIEW]);
  server.isStopped = true;
  for (const path of [...OWN, FILL, REVIEW]) assert.match((await visit(path)).text, /data-kept-at/, path);
});

test("a page is kept with the pictures and styles that it shows", async () => {
  const { caches, kept, obey, server } = worker();
  server.pages.set(FILL, '<link rel="stylesheet" href="/brand/1/2.css"><img src="/photos/1.jpg"><img src="/photos/2.jpg">');
  server.answers.set("/photos/2.jpg", () => answered("not made yet", { status: 404 }));
  const { reports, bytes } = await obey(keep());
  assert.ok(caches.paths("laudo-kept-tess").includes("/photos/1.jpg"));
  assert.ok(!caches.paths("laudo-kept-tess").includes("/photos/2.jpg"));
  server.isStopped = true;
  assert.equal(await (await kept.find("/brand/1/2.css", false)).text(), "bytes of /brand/1/2.css");
  const entries = await kept.entries("tess");
  const own = entries.filter((one) => one.report === REPORT);
  assert.equal(reports[0].bytes, own.reduce((sum, one) => sum + one.bytes, 0));
  assert.equal(bytes, entries.reduce((sum, one) => sum + one.bytes, 0));
  assert.ok(reports[0].bytes > 0 && bytes > reports[0].bytes);
});

test("what did not change is not fetched again", async () => {
  const { obey, server } = worker();
  server.drawnAt = new Date().toISOString();
  await obey(keep());
  server.asked = [];
  await obey(keep());
  assert.deepEqual(server.asked.filter((path) => !path.startsWith("/static/")), []);
  // The home page and the list show what changed, too.
  await obey(keep({ reports: [report(REPORT, { changed: new Date(Date.now() + 1000).toISOString() })] }));
  assert.deepEqual(server.asked.filter((path) => !path.startsWith("/static/")), [...OWN, FILL, REVIEW]);
});

test("a page of an older release is kept again by a page of a newer one", async () => {
  const { kept, obey, server } = worker();
  await obey(keep());
  server.release = 2;
  await obey(keep({ shell: "/static/dist/shell-2.json" }));
  assert.equal((await kept.find(FILL)).headers.get("Kept-Shell"), "/static/dist/shell-2.json");
});

test("a report that was handed over or closed is forgotten, with its pictures", async () => {
  for (const status of [200, 404, 403]) {
    const { caches, obey, server } = worker();
    server.pages.set(FILL, '<link rel="stylesheet" href="/brand/1/2.css"><img src="/photos/1.jpg">');
    await obey(keep());
    const headers = { "Laudo-Account": "tess" };
    server.answers.set(FILL, () => answered("", { status, headers }));
    server.answers.set(REVIEW, () => answered("", { status, headers }));
    const done = await obey(keep({ reports: [report(REPORT, { changed: "2100-01-01T00:00:00+00:00" })] }));
    assert.deepEqual(done.reports, []);
    assert.deepEqual(caches.paths("laudo-kept-tess").sort(), [...OWN, "/brand/1/2.css"].sort());
  }
});

test("reports that left the list are forgotten; asked for, unsent and visited ones stay", async () => {
  const server = new FakeServer();
  server.pages.set(`/reports/${OTHER_REPORT}/fill`, "");
  server.pages.set(`/reports/${OTHER_REPORT}/review`, "");
  const ids = ({ reports }) => reports.map((one) => one.report);
  const stays = async (how, sweep) => {
    const { obey, visit } = worker({ server });
    if (how) await obey(keep({ reports: [report(OTHER_REPORT)], ...how }));
    else await visit(`/reports/${OTHER_REPORT}/fill`);
    return ids(await obey(keep({ reports: [], listed: [], ...sweep }))).includes(OTHER_REPORT);
  };
  assert.equal(await stays({}, {}), false);
  assert.equal(await stays({}, { spared: [OTHER_REPORT] }), true);
  assert.equal(await stays({ isAsked: true }, {}), true);
  assert.equal(await stays(null, {}), true);
});

test("of visited reports the newest twenty stay", async () => {
  const { obey, server, visit } = worker();
  const idOf = (n) => REPORT.slice(0, -2) + String(n).padStart(2, "0");
  for (let n = 0; n < 23; n += 1) {
    const page = `/reports/${idOf(n)}/fill`;
    server.pages.set(page, "");
    server.drawnAt = `2026-11-30T12:00:${String(n).padStart(2, "0")}+00:00`;
    await visit(page);
  }
  const { reports } = await obey(keep({ reports: [], listed: [] }));
  assert.deepEqual(reports.map((one) => one.report), Array.from({ length: 20 }, (_, n) => idOf(22 - n)));
});

test("asked for outlives kept by itself, and a visit changes neither", async () => {
  const { obey, visit } = worker();
  await obey(keep());
  assert.equal((await obey(keep({ isAsked: true }))).reports[0].why, "person");
  await obey(keep({ shell: "" }));
  await visit(FILL);
  const { reports } = await obey({ order: "list", account: "tess" });
  assert.deepEqual([reports[0].why, reports[0].name], ["person", "ATS-1 Board"]);
});

test("nothing is kept or shown for a page of another account", async () => {
  const { caches, obey, server, visit } = worker();
  await obey(keep());
  server.account = "tom";
  await visit("/people/");
  assert.equal(await obey(keep()), null);
  assert.deepEqual(caches.paths("laudo-kept-tess"), []);
  assert.deepEqual(await obey({ order: "list", account: "tess" }), { reports: [], bytes: 0, shared: 0 });
  assert.equal(await obey({ order: "forget", account: "tess" }), null);
});

test("a log-out while a page is being kept leaves nothing behind", async () => {
  const { accounts, caches, kept, server } = worker();
  const response = await server.fetch(FILL);
  await accounts.learn(response);
  const keeping = kept.keep("tess", FILL, response, { why: "visit" });
  await accounts.become("");
  await keeping;
  assert.deepEqual(caches.paths("laudo-kept-tess"), []);
});

test("nothing is kept for somebody who has just logged out", async () => {
  const { accounts, caches, kept, server } = worker();
  server.pages.set(FILL, '<img src="/photos/1.jpg">');
  const response = await server.fetch(FILL);
  await accounts.learn(response);
  await accounts.become("");
  await kept.keep("tess", FILL, response, { why: "visit" });
  assert.deepEqual(caches.paths("laudo-kept-tess"), []);
});

test("after a log-out the worker's requests begin no session and keep nothing", async () => {
  const { accounts, caches, kept, obey, server } = worker();
  server.pages.set(FILL, '<img src="/photos/1.jpg">');
  const response = await server.fetch(FILL);
  await accounts.learn(response);
  // The session ends at the server; the worker does not know it yet.
  server.account = "";
  await kept.keep("tess", FILL, response, { why: "visit" });
  assert.deepEqual(caches.paths("laudo-kept-tess").filter((path) => path.endsWith(".jpg")), []);
  assert.equal(await obey(keep()), null);
  assert.equal(server.begun, 0);
  assert.equal(await accounts.current(), "");
  assert.deepEqual(caches.paths("laudo-kept-tess"), []);
});

test("a late refusal of a former account does not log out the next one", async () => {
  const { accounts } = worker();
  await accounts.become("tom");
  await accounts.leave("tess");
  assert.equal(await accounts.current(), "tom");
});

test("what the server says wins over what is just being read", async () => {
  const { accounts } = worker();
  const [, read] = await Promise.all([accounts.become("tess"), accounts.current(), accounts.current()]);
  assert.equal(await accounts.current(), "tess");
  assert.ok(["", "tess"].includes(read));
});

test("a report is removed on request, and all of them", async () => {
  const { caches, obey } = worker();
  await obey(keep());
  const left = await obey({ order: "forget", account: "tess", report: REPORT });
  assert.deepEqual(left.reports, []);
  await obey(keep());
  await obey({ order: "forget", account: "tess" });
  assert.deepEqual(caches.paths("laudo-kept-tess"), ["/offline"]);
});

test("without a network nothing is lost and the failure is told", async () => {
  const { obey, server } = worker();
  await obey(keep());
  server.isStopped = true;
  const done = await obey(keep({ reports: [report(REPORT, { changed: "2100-01-01T00:00:00+00:00" })] }));
  assert.ok(done.failed.includes(REPORT));
  assert.equal(done.reports.length, 1);
});

test("an order of another release gets an answer", async () => {
  const { obey } = worker();
  assert.equal(await obey({ order: "later" }), null);
  assert.equal(await obey({ order: "constructor" }), null);
  assert.equal(await obey({}), null);
});
