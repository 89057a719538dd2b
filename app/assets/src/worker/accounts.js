/**
 * Who is logged in, by the server's last word: pages of nobody else are shown or kept. The kept
 * pages of an account end with its session, however it ended.
 */

const CACHE = "laudo-state";
const PLACE = "/account";
const HEADER = "Laudo-Account";
const NOBODY = "none";
const PAGES = "laudo-kept-";

export function createAccounts({ caches }) {
  let known = null;

  /** The account's id, or an empty string. */
  async function current() {
    if (known !== null) return known;
    const stored = await (await caches.open(CACHE)).match(PLACE);
    const text = stored ? await stored.text() : "";
    // The server may have answered in the meantime.
    known ??= text;
    return known;
  }

  /** Take in for whom the server has answered; an answer that says nothing changes nothing. */
  async function learn(response) {
    const said = response.headers.get(HEADER);
    if (said) await become(said === NOBODY ? "" : said);
  }

  /** Nobody is logged in any more, unless somebody else is by now. */
  async function leave(account) {
    if ((await current()) === account) await become("");
  }

  async function become(account) {
    const before = await current();
    known = account;
    if (before !== account) await (await caches.open(CACHE)).put(PLACE, new Response(account));
    for (const name of await caches.keys()) {
      if (name.startsWith(PAGES) && name !== PAGES + account) await caches.delete(name);
    }
  }

  /** The cache of the account's pages and their pictures. */
  function cacheOf(account) {
    return caches.open(PAGES + account);
  }

  return { current, learn, leave, become, cacheOf };
}
