/** Asks the service worker; every answer is null if there is no worker. */

const PATIENCE_MS = 10 * 60 * 1000;
// A worker that cannot be installed never becomes ready.
const READY_MS = 15_000;

export function hasWorkers() {
  return Boolean(navigator.serviceWorker);
}

export async function ask(order, given = {}) {
  if (!hasWorkers() || !(await navigator.serviceWorker.getRegistration())) return null;
  const active = await activeWorker();
  if (!active) return null;
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), PATIENCE_MS);
    port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      resolve(data);
    };
    active.postMessage({ order, ...given }, [port2]);
  });
}

function activeWorker() {
  const late = new Promise((resolve) => setTimeout(() => resolve({ active: null }), READY_MS));
  return Promise.race([navigator.serviceWorker.ready, late]).then(({ active }) => active);
}
