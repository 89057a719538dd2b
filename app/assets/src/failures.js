/** Shows a message for failed htmx requests that nothing else handles: an ended session is session.js's. */
import { toast } from "./toasts.js";
import { word } from "./words.js";

export function watchFailures() {
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    const said = ctx.hx?.trigger?.includes("toast") || [401, 422].includes(ctx.response.status);
    if (!said) toast("error", word("failed"));
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (ctx) toast("error", word("no_connection"));
  });
}
