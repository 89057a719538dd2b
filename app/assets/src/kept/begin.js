/**
 * What every page does for work without a connection: register the service worker, say that a page
 * is a kept copy, and load the rest when the page is at rest.
 */
import { account, csrfToken } from "../csrf.js";
import { device, eraseWork, exportWork } from "../device.js";
import { momentOf } from "../moments.js";
import { toast } from "../toasts.js";
import { word } from "../words.js";

const SCRIPT = "/sw.js";
const REST_MS = 2000;
const AGAIN_MS = 15_000;
let offer = null;

export function watchKept() {
  sayKept();
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event;
    document.dispatchEvent(new Event("laudo:installable"));
  });
  document.addEventListener("submit", askFirst, true);
  // A page that loads has better use for the connection.
  addEventListener("load", () => setTimeout(begin, REST_MS));
  if (document.querySelector("[data-offline-page]")) begin();
}

/** A kept page carries when it was drawn; the worker has added that. */
function sayKept() {
  const at = document.documentElement.dataset.keptAt;
  const banner = document.querySelector("[data-kept]");
  if (!at || !banner) return;
  const words = banner.querySelector("[data-kept-words]");
  words.textContent = words.textContent.replace("{at}", momentOf(at));
  banner.hidden = false;
}

async function begin() {
  await register();
  // Without a connection, the next page keeps what this one does not.
  const loaded = await parts().catch(() => null);
  loaded?.start(page());
}

/** Absent on an insecure origin and in some private windows; everything else works without it. */
async function register() {
  const workers = navigator.serviceWorker;
  if (!workers) return;
  await workers.register(SCRIPT).catch(() => undefined);
  // The server may have been away when the worker or what it keeps was fetched.
  setTimeout(async () => (await workers.getRegistration())?.active || register(), AGAIN_MS);
}

function parts() {
  return import("./start.js");
}

/** What the parts that load later need of the page; they import nothing that this script has. */
function page() {
  return {
    account: account(),
    token: csrfToken,
    word,
    toast,
    momentOf,
    outbox: device(),
    exportWork,
    eraseWork,
    installOffer: () => offer,
  };
}

/** Logging out asks first if work on this device is not sent. */
async function askFirst(event) {
  const form = event.target;
  if (!form.matches("form[data-sign-out]") || form.dataset.asked) return;
  event.preventDefault();
  const { maySignOut } = await parts();
  if (!(await maySignOut(form, page()))) return;
  form.dataset.asked = "yes";
  form.requestSubmit(event.submitter);
}
