/**
 * One tab sends at a time: a Web Lock, or a lease in the database where there are none (insecure
 * origins). The server takes each operation once, so a lease that two tabs take is slow, not wrong.
 */

const NAME = "laudo-outbox";
const LEASE_MS = 10_000;
const RENEW_MS = 3000;

/** Run `work` while no other tab does. Resolves to its result, or null if another tab is at it. */
export async function alone(work, { locks, now, holder, store }) {
  if (locks) return locks.request(NAME, work);
  const db = await store.database();
  if (!db) return work();
  const begin = () => store.begin(db, "leases", "readwrite");
  const take = () => takeLease(begin(), holder, now()).catch(() => false);
  if (!(await take())) return null;
  const renewal = setInterval(take, RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await begin().store.delete(NAME).catch(() => undefined);
  }
}

async function takeLease(tx, holder, now) {
  const lease = await tx.store.get(NAME);
  // A lease that ends too far ahead was taken before the clock was set back.
  const isTaken = lease && lease.holder !== holder && lease.until > now && lease.until - now <= LEASE_MS;
  if (!isTaken) await tx.store.put({ name: NAME, holder, until: now + LEASE_MS });
  await tx.done;
  return !isTaken;
}
