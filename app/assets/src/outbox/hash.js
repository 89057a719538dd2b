/** SHA-256 of bytes, also on an insecure origin, where the browser offers no crypto.subtle. */

/** The digest of an ArrayBuffer in hex. */
export async function sha256Of(buffer) {
  return hexOf(crypto.subtle ? await crypto.subtle.digest("SHA-256", buffer) : await slowly(buffer));
}

async function slowly(buffer) {
  const { sha256 } = await import("@noble/hashes/sha2.js");
  return sha256(new Uint8Array(buffer));
}

function hexOf(digest) {
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
