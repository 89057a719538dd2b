/** A server, phones and tabs for the tests of the outbox: everything that may fail, fails here. */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";

const require = createRequire(new URL("../../../app/assets/package.json", import.meta.url));
require("fake-indexeddb/auto");
export const { IDBFactory } = require("fake-indexeddb");
export const { createOutbox } = await import("../../../app/assets/src/outbox/index.js");
export const { createSending } = await import("../../../app/assets/src/worker/sending.js");
export const { createStore } = await import("../../../app/assets/src/outbox/store.js");
export const { openDB } = await import(require.resolve("idb").replace(/index\.cjs$/, "index.js"));

export const REPORT = "11111111-1111-4111-8111-111111111111";
export const ANA = "ana";

export function newPhone() {
  globalThis.indexedDB = new IDBFactory();
}

export function sha256(buffer) {
  return createHash("sha256").update(new Uint8Array(buffer)).digest("hex");
}

/** Repeatable random numbers. */
export function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state * 1664525 + 1013904223) % 4294967296;
    return state / 4294967296;
  };
}

export class Clock {
  wall = Date.parse("2026-05-01T08:00:00Z");
  time = 0;

  pass(milliseconds) {
    this.wall += milliseconds;
    this.time += milliseconds;
  }
}

/** Web Locks for tabs that can die. */
export class Locks {
  queue = [];

  tab() {
    const mine = new Set();
    return {
      request: (_name, work) => new Promise((resolve, reject) => {
        const turn = { work, resolve, reject, mine };
        mine.add(turn);
        this.queue.push(turn);
        if (this.queue[0] === turn) this.#start(turn);
      }),
      die: () => {
        for (const turn of mine) this.#leave(turn);
      },
    };
  }

  async #start(turn) {
    await Promise.resolve().then(turn.work).then(turn.resolve, turn.reject);
    this.#leave(turn);
  }

  #leave(turn) {
    const at = this.queue.indexOf(turn);
    if (at < 0) return;
    this.queue.splice(at, 1);
    turn.mine.delete(turn);
    if (at === 0 && this.queue.length) this.#start(this.queue[0]);
  }
}

/**
 * The server's side of the contract. `faults(request)` may return a fault for each request: "cut"
 * (never arrives), "lost" (arrives, its answer does not), a status, or an {status, text, type}.
 */
export class Server {
  account = ANA;
  token = "token-1";
  receipts = new Map();
  applied = [];
  fields = new Map();
  uploads = new Map();
  requests = [];
  faults = () => null;
  judge = () => null;
  at = Date.parse("2026-05-01T09:00:00Z");

  fetch = async (url, options = {}) => {
    const request = { url, method: options.method ?? "GET", headers: options.headers ?? {}, body: options.body };
    this.requests.push(request);
    await new Promise((resolve) => setImmediate(resolve));
    const fault = this.faults(request);
    if (fault === "cut") throw new TypeError("fetch failed");
    if (typeof fault === "number") return new Response("<h1>", { status: fault, headers: { "Content-Type": "text/html" } });
    if (fault?.status) {
      const protocol = fault.isEarlierRelease ? {} : { "Laudo-Operations": "1" };
      return new Response(fault.text, { status: fault.status, headers: { "Content-Type": fault.type ?? "text/plain", ...protocol } });
    }
    const answer = this.#answer(request);
    if (fault === "lost") throw new TypeError("fetch failed");
    return answer;
  };

  operations() {
    return this.requests.filter(({ url }) => url.endsWith("/operations"));
  }

  #answer({ url, method, headers, body }) {
    if (url === "/session.json") {
      return this.account ? json({ account: this.account, csrf_token: this.token }) : json({ account: null }, 401);
    }
    if (!this.account) return new Response("", { status: 401 });
    if (headers["X-CSRFToken"] !== this.token) return new Response("Too old.", { status: 400 });
    if (url.startsWith("/uploads")) return this.#upload(url, method, headers, body);
    return json(this.#verdict(body));
  }

  #upload(url, method, headers, body) {
    if (method === "POST") {
      const [id, digest] = headers["Upload-Metadata"].split(",").map((pair) => atob(pair.split(" ")[1]));
      const known = this.uploads.get(id) ?? { digest, size: Number(headers["Upload-Length"]), parts: Buffer.alloc(0) };
      this.uploads.set(id, known);
      return this.#received(id, known, known.parts.length ? null : body, 201);
    }
    const id = url.split("/").at(-1);
    const known = this.uploads.get(id);
    if (!known) return new Response("", { status: 404, headers: { "Laudo-Operations": "1" } });
    if (Number(headers["Upload-Offset"]) !== known.parts.length) return this.#place(known, 409);
    return this.#received(id, known, body, 204);
  }

  #received(id, known, body, status) {
    if (body) known.parts = Buffer.concat([known.parts, Buffer.from(body)]);
    if (known.parts.length === known.size && sha256(known.parts) !== known.digest) {
      this.uploads.delete(id);
      return this.#place({ parts: [] }, 460);
    }
    return this.#place(known, status);
  }

  #place({ parts }, status) {
    return new Response(null, { status, headers: { "Upload-Offset": String(parts.length) } });
  }

  #verdict(body) {
    const given = Object.fromEntries([...body].map(([name, value]) => [name, typeof value === "string" ? value : value.size]));
    const after = body.getAll("after");
    const { kind, client_id: id, field_id: field = "", block = "" } = given;
    const said = { client_id: id, kind, field_id: field, block, row_version: null, placement: null, sentence: "", status: 200, fragment: "", redirect: null, at: new Date((this.at += 1000)).toISOString() };
    const receipt = this.receipts.get(id);
    const content = JSON.stringify([...body].filter(([, value]) => typeof value === "string"));
    if (receipt && receipt.content !== content) return { ...said, verdict: "refused", status: 409 };
    if (receipt) return { ...said, ...receipt.said, verdict: "known", was: receipt.said.verdict };
    if (after.some((one) => !this.receipts.has(one))) return { ...said, verdict: "early", needs: "predecessor" };
    const photo = this.uploads.get(id);
    if (kind === "photo" && photo?.parts.length !== photo?.size) return { ...said, verdict: "early", needs: "bytes" };
    if (given.photo && !this.receipts.has(given.photo)) return { ...said, verdict: "early", needs: "predecessor" };
    const made = { ...said, verdict: "applied", ...this.#store(kind, field, given, after, id), ...this.judge(given) };
    if (made.verdict === "early") return made;
    this.receipts.set(id, { said: made, content, base: made.row_version });
    if (made.verdict === "applied") this.applied.push({ ...given, after });
    return made;
  }

  #store(kind, field, { base_version: base, value }, after, id) {
    if (kind === "photo") return { placement: `placed-${id}`, sha256: this.uploads.get(id).digest };
    if (kind !== "answer") return {};
    const current = this.fields.get(field) ?? { version: 0, value: "" };
    const seen = after.length ? this.receipts.get(after[0]).base : Number(base ?? 0);
    if (seen !== current.version && value !== current.value) {
      return { verdict: "conflict", sentence: "Changed.", row_version: seen, conflict: `c-${field}` };
    }
    this.fields.set(field, { version: current.version + 1, value });
    return { row_version: current.version + 1 };
  }
}

function json(content, status = 200) {
  return new Response(JSON.stringify(content), { status, headers: { "Content-Type": "application/json" } });
}

/** The tabs of one phone: they share the database, the locks, the channel and the clock. */
export class Phone {
  constructor(server, { seed = 1 } = {}) {
    Object.assign(this, { server, clock: new Clock(), locks: new Locks(), random: randomOf(seed), tabs: [] });
  }

  /** `dies(step)` says before which step the tab ends for ever. */
  tab({ account = ANA, dies = () => false, store = createStore(), locks = this.locks.tab(), ...given } = {}) {
    const tab = { isDead: false, steps: 0, locks };
    const alive = (work) => async (...args) => {
      if (tab.isDead || dies((tab.steps += 1))) return tab.die();
      const result = await work(...args);
      return tab.isDead || dies((tab.steps += 1)) ? tab.die() : result;
    };
    const dead = Promise.withResolvers();
    tab.dead = dead.promise;
    tab.die = () => {
      tab.isDead = true;
      dead.resolve(null);
      locks?.die();
      return new Promise(() => undefined);
    };
    tab.outbox = createOutbox({
      account,
      store: { ...store, change: alive(store.change) },
      ...this.#environment(tab),
      fetch: alive(this.server.fetch),
      ...given,
    });
    this.tabs.push(tab);
    return tab;
  }

  /** What the service worker does when the browser says that the network is back. */
  background() {
    return createSending(this.#environment({ locks: this.locks.tab() }));
  }

  #environment(tab) {
    return {
      fetch: this.server.fetch,
      locks: tab.locks,
      channel: () => this.#channel(tab),
      now: () => this.clock.wall,
      ticks: () => this.clock.time,
      random: this.random,
      sleep: (delay) => this.#sleep(delay),
    };
  }

  /** Tabs that wait for a session or a server would do so for ever. */
  end() {
    for (const tab of this.tabs) tab.outbox.close();
  }

  /** A wait takes no time here: the clock moves on. */
  #sleep(delay) {
    let end;
    const ended = new Promise((resolve) => (end = resolve));
    if (Number.isFinite(delay)) {
      setImmediate(() => {
        this.clock.pass(delay);
        end();
      });
    }
    return { ended, end };
  }

  #channel(tab) {
    const channel = {
      postMessage: (data) => {
        for (const other of this.tabs) {
          if (other !== tab && !other.isDead) setImmediate(() => other.channel?.onmessage?.({ data: structuredClone(data) }));
        }
      },
      close: () => undefined,
    };
    tab.channel = channel;
    return channel;
  }
}

/** Wait until nothing on the phone goes on by itself; returns what is left. */
export async function settled({ outbox }, { most = 20_000 } = {}) {
  for (let turn = 0; turn < most; turn += 1) {
    const left = await outbox.list();
    if (left.every(({ state }) => state === "parked")) return left;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`never settled: ${JSON.stringify(await outbox.list(), null, 1)}`);
}

export function answer(field, value, more = {}) {
  return { report: REPORT, reportName: "R-1", kind: "answer", field, payload: [["value", value]], baseVersion: 0, ...more };
}

export function photo(field, more = {}) {
  return { report: REPORT, kind: "photo", field, payload: [["file_name", "p.jpg"], ["source", "camera"]], ...more };
}

export function bytesOf(size, seed = 7) {
  const random = randomOf(seed);
  return Uint8Array.from({ length: size }, () => Math.floor(random() * 256)).buffer;
}
