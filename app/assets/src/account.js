/** The login's passkey button, on any page, and buttons that copy a text. */
import { toast } from "./toasts.js";
import { word } from "./words.js";

export function watchAccount() {
  // Before other listeners: the form must not be sent without the passkey's answer.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-passkey]") || form.elements.credential.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    import("./passkeys.js").then(({ answer }) => answer(form));
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
