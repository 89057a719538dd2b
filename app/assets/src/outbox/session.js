/** Who is logged in, by the server, and the token of that session. Never read from a kept page. */
import { AWAY, LOGGED_OUT, ask, parsed } from "./answers.js";

const PATIENCE_MS = 10_000;

export function createSession({ fetch }) {
  let known = null;

  /** {account, token} or {outcome}: AWAY or LOGGED_OUT. Asks only if nothing is known. */
  async function current() {
    known ??= await asked();
    const found = known;
    if (found.outcome) known = null;
    return found;
  }

  async function asked() {
    const answer = await ask(fetch, "/session.json", { patience: PATIENCE_MS });
    const facts = answer.type.startsWith("application/json") ? parsed(answer.text) : null;
    if (facts?.account && answer.status === 200) return { account: facts.account, token: facts.csrf_token };
    return { outcome: facts && answer.status === 401 ? LOGGED_OUT : AWAY };
  }

  return { current, forget: () => { known = null; } };
}
