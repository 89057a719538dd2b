/**
 * Asks the browser to wake the worker when it has the network again, also with no page open: it
 * sends what waits (worker/sending.js). Where there is no Background Sync (Safari, Firefox), or the
 * person has forbidden it, nothing happens, and nothing relies on it. Asking twice is one request.
 */

export function askForBackground({ outbox }) {
  const ask = async () => {
    const registration = await navigator.serviceWorker?.getRegistration();
    registration?.sync?.register("laudo-outbox").catch(() => undefined);
  };
  outbox.subscribe(({ status }) => {
    if (status === "away") ask();
  });
  document.addEventListener("visibilitychange", async () => {
    if (document.hidden && (await outbox.list()).length) ask();
  });
}
