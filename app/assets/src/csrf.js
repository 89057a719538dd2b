/** The CSRF token of the session and the account that this page was drawn for. */

const HEADERS = "hx-headers:inherited";

export function csrfToken() {
  return metaOf(document, "csrf-token");
}

/** The account's id, or an empty string where nobody is logged in. */
export function account(page = document) {
  return metaOf(page, "account");
}

/** Take over the token of `page`, a document of a newer session, everywhere in this one. */
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
