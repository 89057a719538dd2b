/** Offers to install Laudo: by the browser's own question, or on iOS by a hint. */

const DISMISSED = "laudo:install-hint-dismissed";

export function startInstalling({ installOffer }) {
  showOffer(installOffer);
  document.addEventListener("laudo:installable", () => showOffer(installOffer));
  document.addEventListener("click", async ({ target }) => {
    if (target.closest?.("[data-install]")) {
      await installOffer()?.prompt();
      for (const button of document.querySelectorAll("[data-install]")) button.hidden = true;
    }
    const hint = target.closest?.("[data-install-dismiss]")?.closest("[data-install-hint]");
    if (!hint) return;
    localStorage.setItem(DISMISSED, "yes");
    hint.hidden = true;
  });
  if (!isIos() || isInstalled()) return;
  for (const hint of document.querySelectorAll("[data-install-hint]")) {
    const isDismissed = localStorage.getItem(DISMISSED) && hint.querySelector("[data-install-dismiss]");
    hint.hidden = Boolean(isDismissed);
  }
}

function showOffer(installOffer) {
  for (const button of document.querySelectorAll("[data-install]")) button.hidden = !installOffer();
}

export function isInstalled() {
  return navigator.standalone === true || matchMedia("(display-mode: standalone)").matches;
}

/** iPads call themselves Macs, but Macs have no touch screen. */
function isIos() {
  const { userAgent, maxTouchPoints } = navigator;
  return /iPhone|iPad|iPod/.test(userAgent) || (/Macintosh/.test(userAgent) && maxTouchPoints > 1);
}
