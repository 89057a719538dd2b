/**
 * A session that ended while somebody works: 401 opens a dialog with the login and its second
 * step, the page and what was typed stay, and the request is made again after the login. Other
 * modules ask for the same with `loggedInAgain()`.
 */
import htmx from "htmx.org";
import { waited } from "./backoff.js";
import { account, adoptToken, csrfToken } from "./csrf.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

// The login, and the second step of whoever has one.
const LOGIN_STEP = "[data-login-step]";
// Why the page was loaded again; said on the new page, since the old one is gone at once.
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
    const { sourceElement, sourceEvent } = ctx;
    const retriesItself = sourceElement.matches("form[data-field-form]");
    if (!retriesItself) again.push([sourceElement, sourceEvent?.type]);
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
 * After a 400: the token may be old, or the whole session gone with its cookie. True when the
 * same request is worth sending again.
 */
export async function renewToken() {
  const before = csrfToken();
  const page = await pageAt(location.href).catch(() => null);
  if (!page) return false;
  if (isSignedIn(page)) await goOn(page);
  else await loggedInAgain();
  return csrfToken() !== before;
}

async function askForLogin() {
  const url = document.body.dataset.loginUrl;
  const dialog = document.createElement("dialog");
  dialog.className = "dialog";
  document.body.append(dialog);
  // Closing it would leave work that cannot be sent, with nothing to say so.
  dialog.addEventListener("cancel", (event) => event.preventDefault());
  const first = await untilAnswered(url);
  // Another tab may have logged in meanwhile: then the login page leads on to a signed-in one.
  const page = isSignedIn(first) ? first : await loginIn(dialog, url, first);
  dialog.remove();
  await goOn(page);
}

/** Resolves with the page behind the login. Whatever else comes back, the dialog stays. */
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
        // An error page or no answer: the token may be old, so the form is fetched anew.
        toast("error", word("no_connection"));
        const fresh = await pageAt(url).catch(() => null);
        if (fresh && isSignedIn(fresh)) resolve(fresh);
        else if (fresh?.querySelector(LOGIN_STEP)) draw(dialog, fresh);
      }
    });
  });
}

/** The login page, or where it leads; asked for again until the server answers with either. */
async function untilAnswered(url) {
  for (let tries = 1; ; tries += 1) {
    const page = await pageAt(url).catch(() => null);
    if (page && (isSignedIn(page) || page.querySelector(LOGIN_STEP))) return page;
    await waited(tries);
  }
}

function isSignedIn(page) {
  return Boolean(account(page));
}

async function goOn(page) {
  if (account(page) !== account()) {
    // The page and what it kept belong to somebody else; it must not go out in this name, so
    // nobody who waits for the session goes on.
    sessionStorage.setItem(RELOADED, "yes");
    location.reload();
    await new Promise(() => {});
  }
  adoptToken(page);
  document.dispatchEvent(new CustomEvent("laudo:session-back"));
}

function draw(dialog, page) {
  const step = document.adoptNode(page.querySelector(LOGIN_STEP));
  const words = document.createElement("p");
  words.textContent = word("session_gone");
  dialog.replaceChildren(words, step);
  // The ways out of the dialog must not leave the page and what was typed into it.
  for (const link of dialog.querySelectorAll("a[href]")) link.target = "_blank";
  if (dialog.open) dialog.querySelector("[autofocus]")?.focus();
}

async function pageAt(url, options = {}) {
  const response = await fetch(url, { credentials: "same-origin", ...options });
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
