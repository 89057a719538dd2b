/** Pages and scripts stay of one release: old workers with new servers, new workers with old pages. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { FILL, REPORT, answered, report, worker } from "./fakes.mjs";

const DAY_MS = 24 * 3600 * 1000;
const assetsOf = (n) => [`/static/dist/shell-${n}.json`, `/static/dist/app-${n}.js`, `/static/dist/parts-${n}.js`, `/static/dist/app-${n}.css`];

async function opens({ assets }, release) {
  for (const path of assetsOf(release)) assert.equal((await assets.get(path)).status, 200, path);
}

test("a kept page of an old release opens with its own scripts after a new release", async () => {
  const first = worker();
  await first.visit(FILL);
  first.server.release = 2;
  const second = worker({ caches: first.caches, server: first.server });
  await second.assets.complete("/static/dist/shell-2.json");
  await second.pages.prepare();
  second.server.isStopped = true;
  assert.match((await second.visit(FILL)).text, /release 1/);
  await opens(second, 1);
});

test("an old worker keeps a page of a new server with the new scripts", async () => {
  const old = worker();
  await old.assets.complete("/static/dist/shell-1.json");
  old.server.release = 2;
  await old.visit(FILL);
  old.server.isStopped = true;
  assert.match((await old.visit(FILL)).text, /release 2/);
  await opens(old, 2);
});

test("a page whose scripts cannot be had is not kept in place of one that is whole", async () => {
  const { server, visit } = worker();
  await visit(FILL);
  server.release = 2;
  server.answers.set("/static/dist/parts-2.js", () => answered("", { status: 404 }));
  await visit(FILL);
  server.isStopped = true;
  assert.match((await visit(FILL)).text, /release 1/);
});

test("scripts stay until no kept page names them, and a day longer", async () => {
  let time = 0;
  const made = worker({ now: () => time });
  const { caches, obey, server } = made;
  await obey({ order: "keep", account: "tess", reports: [report()], shell: assetsOf(1)[0] });
  server.release = 2;
  const next = { order: "keep", account: "tess", shell: assetsOf(2)[0] };
  time = 2 * DAY_MS;
  await obey({ ...next, reports: [] });
  await opens(made, 1);
  await obey({ order: "forget", account: "tess", report: REPORT });
  time = DAY_MS - 1;
  await obey({ ...next, reports: [] });
  assert.ok(caches.paths("laudo-assets").includes(assetsOf(1)[1]));
  time = 2 * DAY_MS;
  await obey({ ...next, reports: [] });
  assert.deepEqual(caches.paths("laudo-assets").sort(), assetsOf(2).sort());
});

test("an asset is fetched once and a missing one is not remembered", async () => {
  const { assets, server } = worker();
  await assets.get(assetsOf(1)[1]);
  await assets.get(assetsOf(1)[1]);
  assert.equal(server.asked.length, 1);
  assert.equal((await assets.get(assetsOf(2)[1])).status, 404);
  server.release = 2;
  assert.equal((await assets.get(assetsOf(2)[1])).status, 200);
});
