/** The CSRF token of the session and the account that this page was drawn for. */

const HEADERS = "hx-headers:inherited";

export function csrfToken() {
  return metaOf(document, "csrf-token");
}

/** The account's id, or an empty string if nobody is logged in. */
export function account(page = document) {
  return metaOf(page, "account");
}

/** Replace all tokens in this document by that of `page`, a document of a newer session. */
export function adoptToken(page) {
  const token = metaOf(page, "csrf-token");
  if (!token) return;
  document.querySelector('meta[name="csrf-token"]').content = token;
  document.body.setAttribute(HEADERS, JSON.stringify({ "X-CSRFToken": token }));
  for (const input of document.querySelectorAll('input[name="csrf_token"]')) input.value = token;
}

function metaOf(page, name) {
  return page.querySelector(`meta[name="${name}"]`)?.content ?? "";
}
