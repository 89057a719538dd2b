/**
 * Answers navigations: from the network, and if it fails or is slow with the kept page, else with
 * the page that says what is kept.
 */
import { OFFLINE } from "./addresses.js";
import { BY_VISIT, mayBeKept } from "./kept.js";

const PATIENCE_MS = 4000;
// What a proxy answers for a server that is not there.
const AWAY = [502, 503, 504];
const SHELL_CACHE = "laudo-shell";

export function createPages({ accounts, caches, fetch, kept, wait }) {
  /** `later` takes promises that the worker must live to finish. */
  async function answer(request, later) {
    const network = fetch(request);
    later(network.then((response) => visited(request.url, response)).catch(() => undefined));
    const atHand = await kept.find(request.url);
    try {
      // Without a kept page, a slow network is better than nothing.
      const first = await (atHand ? Promise.race([network, slow()]) : network);
      return atHand && (first === null || AWAY.includes(first.status)) ? atHand : first;
    } catch {
      return atHand ?? fallback(request.url);
    }
  }

  async function slow() {
    await wait(PATIENCE_MS);
    return null;
  }

  async function visited(url, response) {
    // The browser reads the response itself.
    const copy = mayBeKept(response) ? response.clone() : null;
    await accounts.learn(response);
    const account = await accounts.current();
    if (copy && account) await kept.keep(account, url, copy, { why: BY_VISIT });
  }

  async function fallback(url) {
    const instead = await kept.findInstead(url);
    if (instead) return Response.redirect(new URL(instead, url).href, 302);
    const own = await kept.find(OFFLINE);
    return own ?? (await (await caches.open(SHELL_CACHE)).match(OFFLINE)) ?? Response.error();
  }

  /** Pass a login on, and take in who is logged in now. */
  async function signIn(request) {
    const response = await fetch(request);
    await accounts.learn(response);
    return response;
  }

  /** Log out at the server; only then are the kept pages erased. */
  async function signOut(request) {
    try {
      const response = await fetch(request);
      const isDone = response.type === "opaqueredirect" || response.ok;
      if (isDone) await accounts.become("");
      return response;
    } catch {
      return fallback(request.url);
    }
  }

  /** Keep the offline page of nobody, for devices on which nobody is logged in. */
  async function prepare() {
    const response = await fetch(OFFLINE, { credentials: "omit", cache: "reload" });
    if (!response.ok) throw new Error(`${OFFLINE}: ${response.status}`);
    await (await caches.open(SHELL_CACHE)).put(OFFLINE, response);
  }

  return { answer, signIn, signOut, prepare };
}
