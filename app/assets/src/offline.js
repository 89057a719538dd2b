/** The banner that says there is no connection. */

export function watchConnection() {
  const show = () => {
    for (const banner of document.querySelectorAll("[data-offline]")) {
      banner.hidden = navigator.onLine;
    }
  };
  addEventListener("online", show);
  addEventListener("offline", show);
  show();
}
