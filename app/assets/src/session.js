/**
 * A session that ends during work: 401 opens a dialog with the login and its second step, the page
  * and typed content stay, and the request is repeated after the login. Other modules call
  * `loggedInAgain()` for the same.
 */
import htmx from "htmx.org";
import { delayOf } from "./outbox/backoff.js";
import { account, adoptToken, csrfToken } from "./csrf.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

// The pages of the login and of the second step.
const LOGIN_STEP = "[data-login-step]";
// Why the page was reloaded; shown on the new page, because the old one is gone at once.
const RELOADED = "laudo:another-account";
const again = [];
let login = null;

export function watchSession() {
  if (sessionStorage.getItem(RELOADED)) {
    sessionStorage.removeItem(RELOADED);
    toast("warning", word("another_account"));
  }
  document.addEventListener("htmx:response:error", async ({ detail: { ctx } }) => {
    if (ctx.response.status !== 401) return;
    again.push([ctx.sourceElement, ctx.sourceEvent?.type]);
    await loggedInAgain();
    for (const [element, type] of again.splice(0)) {
      if (element.isConnected && type) htmx.trigger(element, type);
    }
  });
}

/** Resolves when the person has logged in again. Many callers share one dialog. */
export function loggedInAgain() {
  login ??= askForLogin().finally(() => {
    login = null;
  });
  return login;
}

/**
 * Another account has logged in on this device. The page belongs to another person, whose unsent
 * work stays in the outbox.
 */
export function hasAnotherAccount() {
  sessionStorage.setItem(RELOADED, "yes");
  location.reload();
}

async function askForLogin() {
  const url = document.body.dataset.loginUrl;
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  dialog.ariaLabel = word("session_gone");
  document.body.append(dialog);
  // Closing the dialog would leave unsent work without a notice.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  const first = await untilAnswered(url);
  // Another tab may have logged in meanwhile: then the login page redirects to a signed-in page.
  const page = isSignedIn(first) ? first : await loginIn(dialog, url, first);
  dialog.remove();
  await goOn(page);
}

/** Resolves with the page behind the login. The dialog stays after any other answer. */
function loginIn(dialog, url, page) {
  draw(dialog, page);
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = new FormData(event.target, event.submitter);
      const { action } = event.target;
      const answer = await pageAt(action, { method: "POST", body }).catch(() => null);
      if (answer && isSignedIn(answer)) resolve(answer);
      else if (answer?.querySelector(LOGIN_STEP)) draw(dialog, answer);
      else {
        // An error page or no answer: the token may be old, so fetch the form again.
        toast("error", word("no_connection"));
        const fresh = await pageAt(url).catch(() => null);
        if (fresh && isSignedIn(fresh)) resolve(fresh);
        else if (fresh?.querySelector(LOGIN_STEP)) draw(dialog, fresh);
      }
    });
  });
}

/** The login page or its redirect target; requested until the server answers with either. */
async function untilAnswered(url) {
  for (let tries = 1; ; tries += 1) {
    const page = await pageAt(url).catch(() => null);
    if (page && (isSignedIn(page) || page.querySelector(LOGIN_STEP))) return page;
    await new Promise((resolve) => setTimeout(resolve, delayOf(tries)));
  }
}

function isSignedIn(page) {
  return Boolean(account(page));
}

async function goOn(page) {
  if (account(page) !== account()) {
    hasAnotherAccount();
    // Callers that wait for the session do not continue.
    await new Promise(() => {});
  }
  adoptToken(page);
}

function draw(dialog, page) {
  const step = document.adoptNode(page.querySelector(LOGIN_STEP));
  const words = document.createElement("p");
  words.textContent = word("session_gone");
  dialog.replaceChildren(words, step);
  // Links in the dialog must not leave the page with its typed content.
  for (const link of dialog.querySelectorAll("a[href]")) link.target = "_blank";
  if (dialog.open) dialog.querySelector("[autofocus]")?.focus();
}

async function pageAt(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
