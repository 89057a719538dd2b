/**
 * The kept pages of one account. What is known of a page stands in headers of its response, so it
 * is stored and deleted together with the page.
 */
import { OFFLINE, fillOf, insteadOf, keyOf, reportOf } from "./addresses.js";
import { filesOf, isShared, markKept, shellOf } from "./markup.js";

const DRAWN_AT = "Laudo-Drawn-At";
const AT_ONCE = 3;
const PROTECTIONS = [
  "content-type",
  "content-security-policy",
  "cross-origin-opener-policy",
  "cross-origin-resource-policy",
  "permissions-policy",
  "referrer-policy",
  "x-content-type-options",
];
/** Why a page is kept; later ones outlive earlier ones. */
export const BY_VISIT = "visit";
export const BY_LIST = "list";
export const BY_PERSON = "person";
const RANKS = [BY_VISIT, BY_LIST, BY_PERSON];
const MOST_VISITED = 20;

/** Whether the server allows a phone to keep this answer. */
export function mayBeKept(response) {
  return response.status === 200 && response.headers.has(DRAWN_AT);
}

/**
 * How the worker asks for what it keeps. After a log-out the server refuses such a request, instead
 * of leading it to the log-in: that page would begin a session, and the form that the person sees
 * would belong to another one.
 */
export function inOwnName(options = {}) {
  return { credentials: "same-origin", headers: { "X-Requested-With": "fetch" }, ...options };
}

export function createKept({ accounts, assets, fetch }) {
  /** Keep the page with all that it shows, or throw. `why` is one of BY_*. */
  async function keep(account, url, response, { why, name = "" }) {
    const cache = await accounts.cacheOf(account);
    // Who logs out later deletes this very cache, and what is put into it then is gone with it.
    if ((await accounts.current()) !== account) return;
    const drawnAt = response.headers.get(DRAWN_AT);
    const html = await response.text();
    const shell = shellOf(html);
    if (shell) await assets.complete(shell);
    await keepFiles(cache, filesOf(html), reportOf(url));
    const key = keyOf(url);
    const before = await cache.match(key);
    const kept = new TextEncoder().encode(markKept(html, drawnAt));
    const headers = {
      ...protections(response),
      "Kept-At": drawnAt,
      "Kept-Bytes": String(kept.byteLength),
      "Kept-Name": encodeURIComponent(name) || (before?.headers.get("Kept-Name") ?? ""),
      "Kept-Shell": shell ?? "",
      "Kept-Why": stronger(before?.headers.get("Kept-Why"), why),
    };
    await cache.put(key, new Response(kept, { headers }));
  }

  async function keepFiles(cache, addresses, report) {
    const left = [...addresses];
    const work = async () => {
      for (let address = left.shift(); address; address = left.shift()) {
        // A thumbnail that is not made yet does not keep the page from being kept.
        await keepFile(cache, address, isShared(address) ? "" : report).catch(() => undefined);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  async function keepFile(cache, address, report) {
    if (await cache.match(address)) return;
    const response = await fetch(address, inOwnName());
    if (response.status !== 200) return;
    const content = await response.arrayBuffer();
    const headers = {
      "Content-Type": response.headers.get("Content-Type") ?? "",
      "Kept-For": report,
      "Kept-Bytes": String(content.byteLength),
    };
    await cache.put(address, new Response(content, { headers }));
  }

  /** The kept page or file, or undefined. */
  async function find(url, isPage = true) {
    const account = await accounts.current();
    if (!account) return undefined;
    const { pathname, search } = new URL(url, "http://any");
    return (await accounts.cacheOf(account)).match(isPage ? keyOf(url) : pathname + search);
  }

  /** The address of a kept page that stands in for `url`, or null. */
  async function findInstead(url) {
    for (const other of insteadOf(url)) {
      if (other !== keyOf(url) && (await find(other))) return other;
    }
    return null;
  }

  /** All kept pages and files as {url, report, at, bytes, name, shell, why}. */
  async function entries(account) {
    const cache = await accounts.cacheOf(account);
    const found = [];
    for (const request of await cache.keys()) {
      const { headers } = await cache.match(request);
      const { pathname, search } = new URL(request.url);
      const at = headers.get("Kept-At");
      found.push({
        url: pathname + search,
        report: at ? reportOf(request.url) : headers.get("Kept-For"),
        at,
        bytes: Number(headers.get("Kept-Bytes")),
        name: decodeURIComponent(headers.get("Kept-Name") ?? ""),
        shell: headers.get("Kept-Shell"),
        why: headers.get("Kept-Why"),
      });
    }
    return found;
  }

  /** What is kept: {reports: [{report, name, at, bytes, why}], bytes} of the account. */
  async function summary(account) {
    const all = await entries(account);
    const reports = all
      .filter(({ url, report }) => report && url === fillOf(report))
      .map(({ report, name, at, why }) => ({ report, name, at, why, bytes: sizeOf(all, report) }));
    const bytes = all.reduce((sum, one) => sum + one.bytes, 0);
    return { reports: reports.sort((one, other) => other.at.localeCompare(one.at)), bytes };
  }

  async function forgetReport(account, report) {
    const cache = await accounts.cacheOf(account);
    for (const one of await entries(account)) if (one.report === report) await cache.delete(one.url);
  }

  /** Forget all pages but the offline page, which shows that nothing is kept. */
  async function forgetAll(account) {
    const cache = await accounts.cacheOf(account);
    for (const { url } of await entries(account)) {
      if (url !== OFFLINE && !isShared(url)) await cache.delete(url);
    }
  }

  /**
   * Forget reports that are no longer on the person's list, and the oldest of those that were only
   * visited. `spared` have unsent work on this device.
   */
  async function sweep(account, listed, spared) {
    const { reports } = await summary(account);
    const visited = reports.filter(({ why }) => why === BY_VISIT).slice(MOST_VISITED);
    const left = reports.filter(({ why, report }) => why === BY_LIST && !listed.includes(report));
    for (const { report } of [...visited, ...left]) {
      if (!spared.includes(report)) await forgetReport(account, report);
    }
  }

  return { keep, find, findInstead, entries, summary, forgetReport, forgetAll, sweep };
}

/** The page's type and the headers by which the server protects it. */
function protections({ headers }) {
  const found = [...headers].filter(([name]) => PROTECTIONS.includes(name.toLowerCase()));
  return Object.fromEntries(found);
}

function sizeOf(all, report) {
  return all.filter((one) => one.report === report).reduce((sum, { bytes }) => sum + bytes, 0);
}

function stronger(one, other) {
  return RANKS.indexOf(one) > RANKS.indexOf(other) ? one : other;
}
