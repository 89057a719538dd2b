/** The queue as a ZIP file: what a person can hand to an admin when the phone cannot send it. */
import { downloadZip } from "client-zip";
import { sha256Of } from "./hash.js";

const FORMAT = "laudo-outbox/1";
const UNSAFE = /[^\p{L}\p{N}._-]+/gu;

/**
 * A Blob with manifest.json and one file for the bytes of each photo and signature.
 * `fileNameOf(operation)` is the name of its bytes, or null if it has none.
 */
export function zipOf(given) {
  return downloadZip(filesOf(given)).blob();
}

async function* filesOf({ account, operations, bytesOf, fileNameOf, at }) {
  const exported = [];
  for (const operation of operations) exported.push(await recordOf(operation, fileNameOf(operation), bytesOf));
  const manifest = { format: FORMAT, account, exported_at: new Date(at).toISOString(), operations: exported };
  const lastModified = new Date(at);
  yield { name: "manifest.json", lastModified, input: JSON.stringify(manifest, null, 1) };
  for (const { clientId, file } of exported) {
    const input = file && (await bytesOf(clientId));
    if (input) yield { name: file, lastModified, input };
  }
}

/** A photo's hash is known since it was taken; a signature is small enough to be read for it. */
async function recordOf({ fragment: _shown, ...operation }, name, bytesOf) {
  if (!name) return { ...operation, file: null };
  const known = operation.payload.find(([key]) => key === "sha256")?.[1];
  const sha256 = known ?? (await sha256Of((await bytesOf(operation.clientId)) ?? new ArrayBuffer(0)));
  return { ...operation, file: nameOf(operation, name), sha256 };
}

function nameOf({ kind, clientId }, name) {
  return name && `${kind}s/${clientId}-${name.replace(UNSAFE, "_")}`;
}
