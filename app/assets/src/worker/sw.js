/**
 * The service worker: it opens kept pages without a connection, and sends what waits when the
 * browser says that there is one again. Only this file touches the worker's globals. A new release
 * takes over at once: it treats pages of any release alike, since assets are found by their hashed
 * names.
 */
import { createAccounts } from "./accounts.js";
import { createAssets } from "./assets.js";
import { createKept } from "./kept.js";
import { createOrders } from "./orders.js";
import { createPages } from "./pages.js";
import { createSending } from "./sending.js";
import { ASSET, FILE, PAGE, SIGN_IN, SIGN_OUT, taskOf } from "./tasks.js";

const fetch = (...given) => self.fetch(...given);
const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const { caches } = self;
const assets = createAssets({ caches, fetch, now: Date.now });
const accounts = createAccounts({ caches });
const kept = createKept({ accounts, assets, fetch });
const pages = createPages({ accounts, caches, fetch, kept, wait });
const obey = createOrders({ accounts, assets, fetch, kept });
const sendAll = createSending();

addEventListener("install", (event) => {
  event.waitUntil(Promise.all([assets.complete(SHELL), pages.prepare()]).then(() => self.skipWaiting()));
});

addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));

addEventListener("fetch", (event) => {
  const { request } = event;
  const answers = {
    [PAGE]: () => pages.answer(request, (work) => event.waitUntil(work)),
    [SIGN_IN]: () => pages.signIn(request),
    [SIGN_OUT]: () => pages.signOut(request),
    [ASSET]: () => assets.get(request),
    [FILE]: async () => (await kept.find(request.url, false)) ?? fetch(request),
  };
  const answer = answers[taskOf(request, location.origin)];
  if (answer) event.respondWith(answer());
});

addEventListener("message", (event) => {
  const [port] = event.ports;
  event.waitUntil(obey(event.data ?? {}).then((said) => port?.postMessage(said), () => port?.postMessage(null)));
});

// Only browsers with Background Sync say this; the pages ask them for it (kept/background.js).
addEventListener("sync", (event) => event.waitUntil(sendAll()));
