/**
 * Passkeys: converts the server's JSON options for the browser, and sends the browser's answer
  * as a form.
 */
import { word } from "./words.js";

const REFUSALS = {
  NotAllowedError: "passkey_none",
  AbortError: "passkey_none",
  InvalidStateError: "passkey_known",
  NotSupportedError: "passkey_cannot",
  SecurityError: "passkey_cannot",
};

/** Ask the browser for the form's passkey and send the form with its answer. */
export async function answer(form) {
  const said = form.querySelector("[data-passkey-error]");
  said.hidden = true;
  form.querySelector("[type=submit]").disabled = true;
  try {
    if (!window.PublicKeyCredential) throw new DOMException("", "NotSupportedError");
    const options = decoded(await optionsFor(form));
    const ask = form.dataset.passkey === "create" ? "create" : "get";
    const made = await navigator.credentials[ask]({ publicKey: options });
    form.elements.credential.value = JSON.stringify(encoded(made));
  } catch (error) {
    said.querySelector("span").textContent =
      error instanceof Refused ? error.message : word(REFUSALS[error.name] ?? "no_connection");
    said.hidden = false;
    return;
  } finally {
    form.querySelector("[type=submit]").disabled = false;
  }
  form.requestSubmit();
  // Valid only once: another try needs a new answer.
  form.elements.credential.value = "";
}

class Refused extends Error {}

async function optionsFor(form) {
  const response = await fetch(form.dataset.passkeyOptions, {
    method: "POST",
    body: new FormData(form),
    headers: { "X-Requested-With": "fetch" },
    credentials: "same-origin",
  });
  if (response.ok) return response.json();
  throw new Refused(await response.text());
}

function decoded(options) {
  const listed = (known) => known?.map((one) => ({ ...one, id: bytes(one.id) }));
  return {
    ...options,
    challenge: bytes(options.challenge),
    ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
    ...(options.excludeCredentials && { excludeCredentials: listed(options.excludeCredentials) }),
    ...(options.allowCredentials && { allowCredentials: listed(options.allowCredentials) }),
  };
}

function encoded(made) {
  const { response } = made;
  const fields = ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"];
  const given = fields.filter((name) => response[name]).map((name) => [name, text(response[name])]);
  return {
    id: made.id,
    rawId: text(made.rawId),
    type: made.type,
    response: { ...Object.fromEntries(given), transports: response.getTransports?.() ?? [] },
  };
}

function bytes(base64url) {
  const plain = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function text(buffer) {
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
