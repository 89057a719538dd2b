/** One photo to the server. XMLHttpRequest, because fetch reports no upload progress. */
import { csrfToken } from "./csrf.js";

const TIMEOUT_MS = 5 * 60 * 1000;

/** SHA-256 in hex, or an empty string on an insecure origin, which has no crypto.subtle. */
export async function sha256Of(file) {
  if (!crypto.subtle) return "";
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Resolves to {status, text}; status 0 means that no answer came. */
export function upload(photo, onProgress) {
  const request = new XMLHttpRequest();
  request.open("POST", photo.url);
  request.timeout = TIMEOUT_MS;
  request.setRequestHeader("X-CSRFToken", csrfToken());
  request.setRequestHeader("HX-Request", "true");
  request.upload.addEventListener("progress", ({ loaded, total }) => {
    if (total) onProgress(Math.round((100 * loaded) / total));
  });
  return new Promise((resolve) => {
    request.addEventListener("loadend", () => {
      resolve({ status: request.status, text: request.responseText });
    });
    request.send(bodyOf(photo));
  });
}

function bodyOf({ key, file, source, clientAt, position, sha256 }) {
  const body = new FormData();
  const fields = { client_id: key, client_at: clientAt, source, sha256, ...position };
  for (const [name, value] of Object.entries(fields)) {
    if (value !== "" && value !== null && value !== undefined) body.append(name, value);
  }
  body.append("file", file, file.name);
  return body;
}
