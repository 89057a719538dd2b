/** Payloads of operations that have bytes, as [name, value] pairs. */
import { sha256Of } from "./hash.js";

/** What is known of a photo without its bytes; what is unknown is left out. */
export function photoPayload({ name, source, position }) {
  const facts = { file_name: name, source, ...position };
  return Object.entries(facts).filter(([, value]) => value !== undefined && value !== null && value !== "");
}

/** `payload` with the digest and the size of the bytes that belong to it. */
export async function withDigest(payload, bytes) {
  return [...payload, ["sha256", await sha256Of(bytes)], ["byte_size", String(bytes.byteLength)]];
}
