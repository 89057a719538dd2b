/**
 * Sends what waits on this device when the browser regains the network, also with no page open
 * (Background Sync, where there is one). It sends for the account that is logged in, by the server's
 * word, under the lock that the tabs take. Nothing relies on it: the next page sends what is left.
 */
import { LOGGED_OUT } from "../outbox/answers.js";
import { environmentOf } from "../outbox/environment.js";
import { uuid } from "../outbox/ids.js";
import { isActive } from "../outbox/queue.js";
import { createSender } from "../outbox/sender.js";
import { createSession } from "../outbox/session.js";
import { createStore } from "../outbox/store.js";

// Browsers end a worker that takes longer than some minutes.
const PATIENCE_MS = 2 * 60 * 1000;

export function createSending({ store = createStore(), newId = uuid, ...given } = {}) {
  const environment = environmentOf(given);

  /** Throws if there is more to send: then the browser calls again, later and a few times. */
  async function sendAll() {
    const { account, outcome } = await createSession(environment).current();
    // A page asks for the login.
    if (outcome === LOGGED_OUT) return;
    if (outcome) throw new Error(`the server is ${outcome}`);
    if (!(await waiting(account)).length) return;
    const status = await send(account);
    if (status !== LOGGED_OUT && (await waiting(account)).length) throw new Error("not everything is sent");
  }

  async function waiting(account) {
    return (await store.list(account)).filter(isActive);
  }

  /** Resolves to why the sender gave up, or an empty string. */
  async function send(account) {
    const channel = environment.channel();
    const began = environment.ticks();
    let status = "";
    const publish = (event) => {
      channel?.postMessage({ ...event, account });
      if (event.type === "status") status = event.status;
      if (status || environment.ticks() - began > PATIENCE_MS) sender.stop();
    };
    const sender = createSender({ account, store, publish, environment, newId });
    await sender.wake();
    channel?.close();
    return status;
  }

  return sendAll;
}
