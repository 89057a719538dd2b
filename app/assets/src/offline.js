/** The banner that says there is no connection. A kept page has a banner of its own. */

export function watchConnection() {
  const show = () => {
    for (const banner of document.querySelectorAll("[data-offline]")) {
      banner.hidden = navigator.onLine || Boolean(document.documentElement.dataset.keptAt);
    }
  };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}
