/** The login's passkey button, wherever it is drawn, and buttons that copy a text. */
import { answer } from "./passkeys.js";
import { toast } from "./toasts.js";
import { word } from "./words.js";

export function watchAccount() {
  // Before anybody else: without its answer the form must go nowhere.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-passkey]") || form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    answer(form);
  }, true);
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest?.("[data-copy]");
    if (!button) return;
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      toast("success", word("copied"));
    } catch {
      toast("error", word("not_copied"));
    }
  });
}
