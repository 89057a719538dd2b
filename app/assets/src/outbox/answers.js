/**
 * What an answer of the server means for an operation.
 *
 * A verdict is JSON with status 200 about this very operation. Everything else says nothing about
 * it: the phone waits (no answer, an outage, a pause), logs in, renews its token, or parks the
 * operation for the person.
 */

export const VERDICT = "verdict";
/** The server, or the way to it: nothing else would arrive either. */
export const AWAY = "away";
/** The server fails at this operation; others may pass. */
export const FAILED = "failed";
export const LOGGED_OUT = "logged out";
export const OLD_TOKEN = "old token";
export const PARKED = "parked";

export const NO_ANSWER = { status: 0, text: "", type: "", header: () => null };
const VERDICTS = new Set(["applied", "known", "conflict", "refused", "early"]);
const AWAY_STATUSES = new Set([408, 425, 429, 502, 503, 504, 507]);
// A server without its database or storage, or of an earlier release, says so itself.
const AWAY_FOR_A_REASON = new Set([501, 503, 507]);

export function meaningOf({ status, header }) {
  if (status === 401) return LOGGED_OUT;
  // A web process of an earlier release does not know the address; the next one asked may.
  if ([404, 405].includes(status) && !header("Laudo-Operations")) return FAILED;
  if (status === 400) return OLD_TOKEN;
  if (AWAY_STATUSES.has(status) || status < 400) return AWAY;
  return status >= 500 ? FAILED : PARKED;
}

/** The verdict on the operation `clientId` in an answer, or null. */
export function verdictIn(answer, clientId) {
  if (answer.status !== 200 || !answer.type.startsWith("application/json")) return null;
  const found = parsed(answer.text);
  return found?.client_id === clientId && VERDICTS.has(found.verdict) ? found : null;
}

export function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The server's message for the person; empty for an error page of a proxy. */
export function sentenceIn({ status, text, type }) {
  const isUseful = (status >= 400 && status < 500) || AWAY_FOR_A_REASON.has(status);
  return isUseful && type.startsWith("text/plain") ? text : "";
}

/** Send a request; an answer that is cut or does not come counts as none. */
export async function ask(fetch, url, { patience, ...options }) {
  try {
    const response = await fetch(url, {
      credentials: "same-origin",
      cache: "no-store",
      redirect: "error",
      signal: AbortSignal.timeout(patience),
      ...options,
    });
    return {
      status: response.status,
      text: await response.text(),
      type: response.headers.get("Content-Type") ?? "",
      header: (name) => response.headers.get(name),
    };
  } catch {
    return NO_ANSWER;
  }
}
