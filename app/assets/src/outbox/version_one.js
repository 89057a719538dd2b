/**
 * What version 1 of the database kept: "saves" (the last content of a field) and "photos" (chosen
 * files). Each record becomes operations in one transaction, so a move that was cut goes on later.
 *
 * It imports nothing of the outbox, which would be split for the few phones that need this: `make`
 * has firstOperation, photoPayload, withDigest and uuid.
 */

const FIELD_ADDRESS = /^\/reports\/([^/]+)\/fields\/([^/]+)/;

/** Move all of `db`; what cannot be read stays. */
export async function moveAll(db, make) {
  for (const save of await recordsOf(db, "saves")) {
    await move(db, "saves", save.key, operationsOf(save, make).map((one) => [one, null]));
  }
  for (const photo of await recordsOf(db, "photos")) {
    const found = await photoOf(photo, make).catch(() => null);
    if (found) await move(db, "photos", photo.key, [found]);
  }
}

async function recordsOf(db, store) {
  const found = db.objectStoreNames.contains(store) ? await db.getAll(store) : [];
  return found.sort((one, other) => one.at - other.at);
}

async function move(db, store, key, found) {
  const tx = db.transaction(["operations", "bytes", store], "readwrite");
  // Another tab may have moved it meanwhile.
  if (!(await tx.objectStore(store).getKey(key))) return;
  const newest = await tx.objectStore("operations").index("seq").openKeyCursor(null, "prev");
  const writes = found.map(([one, data], at) => {
    if (data) tx.objectStore("bytes").put(data, one.clientId);
    return tx.objectStore("operations").put({ ...one, seq: (newest?.key ?? 0) + at + 1 });
  });
  await Promise.all([...writes, tx.objectStore(store).delete(key), tx.done]);
}

async function photoOf({ account, key, url, at, clientAt, file, ...facts }, make) {
  const data = await file.arrayBuffer();
  const payload = await make.withDigest(make.photoPayload({ ...facts, name: file.name }), data);
  const clientId = key.slice(account.length + 1);
  return [make.firstOperation({ ...placeAt(account, url), kind: "photo", clientId, clientAt, payload }, at), data];
}

/** A save of unknown outcome keeps its id and content; newer text follows it. */
function operationsOf({ account, key, at, entries, rowVersion, save, choice = [] }, make) {
  const place = placeAt(account, key.slice(account.length + 1));
  if (!place) return [];
  const made = (facts) => make.firstOperation({ ...place, kind: "answer", ...facts }, at);
  const sent = save && made({
    clientId: save.clientId,
    clientAt: save.clientAt,
    baseVersion: Number(save.rowVersion),
    payload: save.entries,
    state: "sent-unknown",
  });
  const newer = [...entries, ...choice];
  if (sent && JSON.stringify(newer) === JSON.stringify(save.entries)) return [sent];
  const last = made({
    clientId: make.uuid(),
    clientAt: new Date(at).toISOString(),
    baseVersion: Number(rowVersion),
    after: sent ? [sent.clientId] : [],
    payload: newer,
  });
  return sent ? [sent, last] : [last];
}

function placeAt(account, address) {
  const [, report, field] = FIELD_ADDRESS.exec(address) ?? [];
  return report && { account, report, field: decodeURIComponent(field) };
}
