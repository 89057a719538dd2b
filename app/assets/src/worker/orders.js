/**
 * What pages ask of the worker, each a message {order, account, ...} that gets one answer. Pages of
 * other releases ask too: an unknown order gets null, and a field may be missing.
 */
import { LIST, OFFLINE, START, keyOf, reportOf } from "./addresses.js";
import { BY_LIST, BY_PERSON, inOwnName, mayBeKept } from "./kept.js";

const OWN_PAGES = [START, LIST, OFFLINE];

export function createOrders({ accounts, assets, fetch, kept }) {
  /**
   * Keep these `reports` ({id, name, changed, pages}) and the person's own pages, each only if it
   * changed since it was kept. `listed` are the ids of all reports of the person, if known; `shell`
   * is that of the asking page.
   */
  async function keep({ account, reports = [], isAsked = false, listed = null, spared = [], shell = "" }) {
    const why = isAsked ? BY_PERSON : BY_LIST;
    const newest = reports.map(({ changed }) => changed).sort().at(-1);
    const wanted = OWN_PAGES.map((url) => ({ url, changed: newest, isOwn: true, name: "", why: BY_LIST }));
    for (const { id, name, changed, pages } of reports) {
      for (const url of pages) wanted.push({ id, url, changed, name, why });
    }
    const failed = new Set();
    const known = new Map((await kept.entries(account)).map((one) => [one.url, one]));
    for (const one of wanted) {
      if (isFresh(known.get(keyOf(one.url)), one, shell)) continue;
      const outcome = await keepPage(account, one);
      if (outcome === STRANGER) return null;
      if (outcome === FAILED) failed.add(one.id ?? one.url);
    }
    if (listed) await kept.sweep(account, listed, spared);
    await sweepAssets(account, shell);
    return { failed: [...failed], ...(await kept.summary(account)) };
  }

  async function keepPage(account, { url, name, why }) {
    const response = await fetch(url, inOwnName({ cache: "no-store" })).catch(() => null);
    if (!response) return FAILED;
    await (response.status === 401 ? accounts.leave(account) : accounts.learn(response));
    if ((await accounts.current()) !== account) return STRANGER;
    if (mayBeKept(response)) {
      return kept.keep(account, url, response, { why, name }).then(() => KEPT, () => FAILED);
    }
    // Closed, handed over or discarded: it takes no more work.
    const report = reportOf(url);
    if (report && (response.ok || [403, 404, 410].includes(response.status))) {
      await kept.forgetReport(account, report);
    }
    return FAILED;
  }

  async function sweepAssets(account, shell) {
    const shells = (await kept.entries(account)).map((one) => one.shell).filter(Boolean);
    await assets.sweep([...new Set([...shells, shell].filter(Boolean))]);
  }

  async function list({ account }) {
    if ((await accounts.current()) !== account) return { reports: [], bytes: 0, shared: 0 };
    return { ...(await kept.summary(account)), shared: await assets.bytes() };
  }

  async function forget({ account, report = null }) {
    if ((await accounts.current()) !== account) return null;
    await (report ? kept.forgetReport(account, report) : kept.forgetAll(account));
    return kept.summary(account);
  }

  const known = { keep, list, forget };
  return async ({ order, ...given }) => (Object.hasOwn(known, order) ? known[order](given) : null);
}

const KEPT = "kept";
const FAILED = "failed";
const STRANGER = "stranger";
// The person's own pages also show what changed elsewhere.
const FRESH_MS = 5 * 60 * 1000;

function isFresh(entry, { changed, isOwn, why, name }, shell) {
  if (!entry) return false;
  if (shell && entry.shell !== shell) return false;
  if (why === BY_PERSON && entry.why !== BY_PERSON) return false;
  if (name && entry.name !== name) return false;
  if (isOwn && Date.now() - Date.parse(entry.at) >= FRESH_MS) return false;
  return !changed || Date.parse(entry.at) >= Date.parse(changed);
}
