/**
 * The assets of releases, by their hashed names: from the cache first, since their content never
 * changes. Those that a kept page needs stay as long as it is kept.
 */
import { ASSETS } from "./tasks.js";

const CACHE = "laudo-assets";
// A page that is still open may load a part of its own release later.
const SPARED_MS = 24 * 3600 * 1000;
const ANY = { ignoreVary: true };

export function createAssets({ caches, fetch, now }) {
  async function get(request) {
    const cache = await caches.open(CACHE);
    const known = await cache.match(request, ANY);
    if (known) return known;
    const response = await fetch(request);
    if (response.status === 200) await cache.put(request, response.clone());
    return response;
  }

  async function filesOf(shell) {
    const response = await get(shell);
    if (!response.ok) throw new Error(`${shell}: ${response.status}`);
    return (await response.json()).map((file) => ASSETS + file);
  }

  /** Have everything that `shell` lists, or throw. */
  async function complete(shell) {
    for (const file of await filesOf(shell)) {
      const response = await get(file);
      if (!response.ok) throw new Error(`${file}: ${response.status}`);
    }
  }

  /** Remove what none of these shells lists, unless it was stored recently. */
  async function sweep(shells) {
    const named = new Set(shells);
    for (const shell of shells) {
      for (const file of await filesOf(shell).catch(() => [])) named.add(file);
    }
    const cache = await caches.open(CACHE);
    for (const request of await cache.keys()) {
      const stored = await cache.match(request, ANY);
      const age = now() - Date.parse(stored?.headers.get("Date") ?? new Date(now()).toUTCString());
      if (age > SPARED_MS && !named.has(new URL(request.url).pathname)) await cache.delete(request, ANY);
    }
  }

  /** The bytes that all assets take. */
  async function bytes() {
    const cache = await caches.open(CACHE);
    let sum = 0;
    for (const request of await cache.keys()) {
      const stored = await cache.match(request, ANY);
      sum += stored ? (await stored.arrayBuffer()).byteLength : 0;
    }
    return sum;
  }

  return { get, complete, sweep, bytes };
}
