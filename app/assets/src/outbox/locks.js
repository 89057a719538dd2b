/**
 * One tab sends at a time: a Web Lock, or a lease in the database where there are none (insecure
 * origins). The server takes each operation once, so a lease that two tabs take is slow, not wrong.
 */

const NAME = "laudo-outbox";
const LEASE_MS = 10_000;
const RENEW_MS = 3000;

/** Run `work` while no other tab does. Resolves to its result, or null if another tab is at it. */
export async function alone(work, { locks, now, holder, database }) {
  if (locks) return locks.request(NAME, work);
  const db = await database();
  if (!db) return work();
  if (!(await takeLease(db, holder, now()))) return null;
  const renewal = setInterval(() => takeLease(db, holder, now()).catch(() => false), RENEW_MS);
  try {
    return await work();
  } finally {
    clearInterval(renewal);
    await db.delete("leases", NAME).catch(() => undefined);
  }
}

async function takeLease(db, holder, now) {
  const tx = db.transaction("leases", "readwrite");
  const lease = await tx.store.get(NAME);
  // A lease that ends too far ahead was taken before the clock was set back.
  const isTaken = lease && lease.holder !== holder && lease.until > now && lease.until - now <= LEASE_MS;
  if (!isTaken) await tx.store.put({ name: NAME, holder, until: now + LEASE_MS });
  await tx.done;
  return !isTaken;
}
