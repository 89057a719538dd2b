/** A browser's caches and a server, for the worker's modules in Node. */
import { createAccounts } from "../../../app/assets/src/worker/accounts.js";
import { createAssets } from "../../../app/assets/src/worker/assets.js";
import { createKept } from "../../../app/assets/src/worker/kept.js";
import { createOrders } from "../../../app/assets/src/worker/orders.js";
import { createPages } from "../../../app/assets/src/worker/pages.js";

export const ORIGIN = "https://laudo.test";
export const REPORT = "0f8fad5b-d9cb-469f-a165-70867728950e";
export const OTHER_REPORT = "7c9e6679-7425-40de-944b-e07fc1f90ae7";
export const FILL = `/reports/${REPORT}/fill`;
export const REVIEW = `/reports/${REPORT}/review`;
export const NOON = "2026-11-30T12:00:00.000000+00:00";

const addressOf = (given) => new URL(given.url ?? given, ORIGIN).href;

class FakeCache {
  entries = new Map();

  async match(given) {
    const stored = this.entries.get(addressOf(given));
    return stored && new Response(stored.body, stored);
  }

  async put(given, response) {
    const body = await response.arrayBuffer();
    this.entries.set(addressOf(given), { body, status: response.status, headers: [...response.headers] });
  }

  async delete(given) {
    return this.entries.delete(addressOf(given));
  }

  async keys() {
    return [...this.entries.keys()].map((url) => ({ url }));
  }
}

export class FakeCaches {
  made = new Map();

  async open(name) {
    if (!this.made.has(name)) this.made.set(name, new FakeCache());
    return this.made.get(name);
  }

  async keys() {
    return [...this.made.keys()];
  }

  async delete(name) {
    return this.made.delete(name);
  }

  /** The paths in a cache. */
  paths(name) {
    return [...(this.made.get(name)?.entries.keys() ?? [])].map((url) => url.slice(ORIGIN.length));
  }
}

/** A server of one release. Change its fields to log in, to deploy, or to stop it. */
export class FakeServer {
  account = "tess";
  release = 1;
  drawnAt = NOON;
  isStopped = false;
  status = 200;
  pages = new Map([["/", ""], ["/reports/", ""], ["/offline", ""], [FILL, ""], [REVIEW, ""]]);
  asked = [];
  answers = new Map();
  /** How often a page of the log-in was drawn for the worker: each begins a session. */
  begun = 0;

  fetch = async (given, options = {}) => {
    const path = addressOf(given).slice(ORIGIN.length);
    this.asked.push(path);
    if (this.isStopped) throw new TypeError("Failed to fetch");
    const special = this.answers.get(path);
    if (special) return special();
    if (path.startsWith("/static/dist/")) return this.#asset(path.slice("/static/dist/".length));
    if (/\.(png|jpg)$/.test(path) && !this.account) return this.#refused(options);
    if (/\.(png|jpg|css)$/.test(path)) return answered(`bytes of ${path}`);
    if (!this.account && options.headers) return this.#refused(options);
    return this.#page(path, options.credentials !== "omit");
  };

  #refused({ headers = {} }) {
    if (headers["X-Requested-With"] === "fetch") return answered("logged out", { status: 401 });
    this.begun += 1;
    return answered("the log-in", { headers: { "Laudo-Account": "none" } });
  }

  #asset(file) {
    const date = { Date: new Date(0).toUTCString() };
    if (!file.includes(`-${this.release}.`)) return answered("gone", { status: 404 });
    if (file.startsWith("shell")) return answered(JSON.stringify(this.files()), { headers: date });
    return answered(`asset ${file}`, { headers: date });
  }

  files() {
    return [`app-${this.release}.js`, `parts-${this.release}.js`, `app-${this.release}.css`];
  }

  #page(path, knowsPerson) {
    const content = this.pages.get(path.split("?")[0]);
    const mayBeKept = content !== undefined && this.account && knowsPerson;
    const headers = {
      "Content-Type": "text/html",
      "Content-Security-Policy": "script-src 'self'",
      "Laudo-Account": (knowsPerson && this.account) || "none",
      ...(mayBeKept && this.status === 200 ? { "Laudo-Drawn-At": this.drawnAt } : {}),
    };
    const html = `<html lang="en"><meta name="shell" content="/static/dist/shell-${this.release}.json">${path} of ${this.account}, release ${this.release}${content ?? ""}`;
    return answered(html, { status: this.status, headers });
  }
}

export function answered(body, options = {}) {
  return new Response(body, options);
}

/** All modules of a worker on fake caches and a fake server. `passes` is a wait that ends. */
export function worker({ caches = new FakeCaches(), server = new FakeServer(), now = () => 10 ** 9, wait } = {}) {
  const fetch = server.fetch;
  const assets = createAssets({ caches, fetch, now });
  const accounts = createAccounts({ caches });
  const kept = createKept({ accounts, assets, fetch });
  const pages = createPages({ accounts, caches, fetch, kept, wait: wait ?? (() => new Promise(() => {})) });
  const obey = createOrders({ accounts, assets, fetch, kept });
  /** A navigation, with all that the worker does after it: {text, status, location}. */
  const visit = async (path) => {
    const work = [];
    const response = await pages.answer({ url: ORIGIN + path }, (promise) => work.push(promise));
    const text = await response.text();
    await Promise.all(work);
    return { text, status: response.status, location: response.headers.get("Location") };
  };
  return { accounts, assets, caches, kept, obey, pages, server, visit };
}

export function report(id = REPORT, changes = {}) {
  const pages = [`/reports/${id}/fill`, `/reports/${id}/review`];
  return { id, name: "ATS-1 Board", changed: "2026-11-30T11:00:00+00:00", pages, ...changes };
}
