/**
 * Requests of htmx that failed and that nothing else answers for: a sentence instead of silence.
 * Fields (fill.js) and a gone session (session.js) speak for themselves.
 */
import { toast } from "./toasts.js";
import { word } from "./words.js";

const SPEAKS_FOR_ITSELF = "form[data-field-form]";

export function watchFailures() {
  document.addEventListener("htmx:response:error", ({ detail: { ctx } }) => {
    const said = ctx.hx?.trigger?.includes("toast") || [401, 422].includes(ctx.response.status);
    if (!said && !ctx.sourceElement.matches(SPEAKS_FOR_ITSELF)) toast("error", word("failed"));
  });
  document.addEventListener("htmx:error", ({ detail: { ctx } }) => {
    if (!ctx || ctx.sourceElement.matches(SPEAKS_FOR_ITSELF)) return;
    toast("error", word("no_connection"));
  });
}
