import assert from "node:assert/strict";
import { test } from "node:test";
import { insteadOf, keyOf, reportOf } from "../../../app/assets/src/worker/addresses.js";
import { filesOf, markKept, shellOf } from "../../../app/assets/src/worker/markup.js";
import { ASSET, FILE, NOTHING, PAGE, SIGN_IN, SIGN_OUT, taskOf } from "../../../app/assets/src/worker/tasks.js";
import { FILL, ORIGIN, REPORT } from "./fakes.mjs";

const request = (method, path, { mode = "cors", destination = "" } = {}) => ({
  method,
  mode,
  destination,
  url: path.startsWith("http") ? path : ORIGIN + path,
});
const page = { mode: "navigate", destination: "document" };

test("each request has one task", () => {
  const expected = [
    [request("GET", "/reports/", page), PAGE],
    [request("GET", "/people/", page), PAGE],
    [request("POST", "/logout", page), SIGN_OUT],
    [request("POST", "/login"), SIGN_IN],
    [request("POST", "/login/second"), SIGN_IN],
    [request("GET", "/static/dist/app-1.js", { destination: "script" }), ASSET],
    [request("GET", "/brand/1/2.css", { destination: "style" }), FILE],
    [request("GET", "/photos/1/thumbnail", { destination: "image" }), FILE],
  ];
  for (const [given, task] of expected) assert.equal(taskOf(given, ORIGIN), task, given.url);
});

test("the worker leaves alone what must never be kept", () => {
  const left = [
    request("POST", `/reports/${REPORT}/operations`),
    request("POST", "/login", page),
    request("GET", "/login"),
    request("POST", `/reports/${REPORT}/fields/serial`, page),
    request("PATCH", "/uploads/1"),
    request("HEAD", "/uploads/1"),
    request("GET", "/session.json"),
    request("GET", "/offline/reports.json"),
    request("GET", `/reports/${REPORT}/pulse`),
    request("GET", "/photos/1/original"),
    request("POST", "/static/dist/app-1.js"),
    request("GET", "https://elsewhere.test/", page),
    request("GET", "https://elsewhere.test/a.png", { destination: "image" }),
  ];
  for (const given of left) assert.equal(taskOf(given, ORIGIN), NOTHING, `${given.method} ${given.url}`);
});

test("a report's page is one page, wherever it was opened; a list is one for each filter", () => {
  assert.equal(keyOf(`${ORIGIN}${FILL}?at=serial#field-serial`), FILL);
  assert.equal(keyOf(`${ORIGIN}/reports/?status=open`), "/reports/?status=open");
  assert.equal(reportOf(FILL), REPORT);
  assert.equal(reportOf("/reports/new"), "");
  assert.deepEqual(insteadOf(`/reports/${REPORT}`), [FILL]);
  assert.deepEqual(insteadOf("/reports/?status=open"), ["/reports/"]);
  assert.deepEqual(insteadOf("/people/"), []);
});

test("a page's own files are found, and no other addresses", () => {
  const html = `
    <meta name="shell" content="/static/dist/shell-1.json">
    <link rel="stylesheet" href="/static/dist/app-1.css">
    <link rel="stylesheet" href="/brand/1/2.css">
    <link rel="manifest" href="/webapp.json">
    <img class="a" alt="" src="/photos/1/thumbnail?a=1&amp;b=2" loading="lazy">
    <img src="/photos/1/thumbnail?a=1&amp;b=2"><img alt="nothing">
    <img src="data:image/png;base64,x"><img src="//elsewhere.test/x.png">
    <a href="/photos/1/original">Original</a>`;
  assert.deepEqual(filesOf(html), ["/brand/1/2.css", "/photos/1/thumbnail?a=1&b=2"]);
  assert.equal(shellOf(html), "/static/dist/shell-1.json");
  assert.equal(shellOf("<p>"), null);
});

test("a kept page is marked once", () => {
  assert.equal(markKept('<html lang="en"><p><html >', "now"), '<html data-kept-at="now" lang="en"><p><html >');
});
