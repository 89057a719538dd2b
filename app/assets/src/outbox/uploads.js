/**
 * Uploads in parts that go on where they were cut (tus 1.0.0: creation, offset, parts). Each call
 * of `step` makes one request, so that answers go between the parts of a photo.
 */
import { NO_ANSWER, ask } from "./answers.js";
import { valueOf } from "./kinds.js";

const FIRST_PART = 1024 * 1024;
const LARGEST_PART = 8 * FIRST_PART;
const SMALLEST_PART = FIRST_PART / 8;
// A part that takes less time makes the next one larger; one that takes more, smaller.
const QUICK_MS = 1000;
const SLOW_MS = 8000;
const PATIENCE_MS = 5 * 60 * 1000;
const WRONG_HASH = 460;
const PART = "application/offset+octet-stream";
const MOST_STALLS = 4;
// The server answers, but the upload does not move on: it fails like a fault of the server.
const STALLED = { ...NO_ANSWER, status: 500 };

export function createUploads({ fetch, ticks }) {
  // Client id -> {offset, stalls}: what the server has, and how often it had no more than before.
  const places = new Map();
  let size = FIRST_PART;

  /** One request of the upload of `operation`. Resolves to {offset, isDone} or {answer}. */
  async function step(operation, bytes, token) {
    const { clientId } = operation;
    const place = places.get(clientId);
    if (place?.offset === bytes.byteLength) return { offset: place.offset, isDone: true };
    const isOpen = place?.offset >= 0;
    const answer = await (isOpen ? sendPart(operation, bytes, place.offset, token) : create(operation, bytes, token));
    const offset = isGone(answer, isOpen) ? -1 : offsetIn(answer);
    if (offset === null) return lost(operation, answer);
    return moved(operation, offset, place) ?? { offset: Math.max(0, offset), isDone: offset === bytes.byteLength };
  }

  /** Null if the upload moved on, or may still do. */
  function moved({ clientId }, offset, place) {
    const stalls = place && offset <= place.offset ? place.stalls + 1 : 0;
    places.set(clientId, { offset, stalls });
    return stalls > MOST_STALLS ? lost({ clientId }, STALLED) : null;
  }

  /** Opening an upload again opens the same one: its answer says where to go on. */
  function create(operation, bytes, token) {
    const { clientId, report, tries } = operation;
    const facts = { client_id: clientId, sha256: valueOf(operation, "sha256"), report_id: report };
    const metadata = Object.entries(facts).map(([name, value]) => `${name} ${btoa(value)}`);
    const headers = { "Upload-Length": String(bytes.byteLength), "Upload-Metadata": metadata.join(",") };
    if (tries || places.has(clientId)) return request("/uploads", "POST", token, headers);
    return sending(bytes.slice(0, size), (body) =>
      request("/uploads", "POST", token, { ...headers, "Content-Type": PART }, body));
  }

  function sendPart({ clientId }, bytes, offset, token) {
    const headers = { "Upload-Offset": String(offset), "Content-Type": PART };
    return sending(bytes.slice(offset, offset + size), (body) =>
      request(`/uploads/${clientId}`, "PATCH", token, headers, body));
  }

  async function sending(body, send) {
    const began = ticks();
    const answer = await send(body);
    adapt(ticks() - began, answer, body.byteLength);
    return answer;
  }

  function adapt(took, { status }, sent) {
    if (![201, 204].includes(status) || took > SLOW_MS) size = Math.max(SMALLEST_PART, size / 2);
    else if (took < QUICK_MS && sent === size) size = Math.min(LARGEST_PART, size * 2);
  }

  function request(url, method, token, headers, body) {
    return ask(fetch, url, {
      method,
      body,
      patience: PATIENCE_MS,
      headers: { "Tus-Resumable": "1.0.0", "X-CSRFToken": token, "X-Requested-With": "fetch", ...headers },
    });
  }

  /** The place is not known any more: the next step opens the upload again, which says it. */
  function lost({ clientId }, answer) {
    places.set(clientId, { offset: -1, stalls: 0 });
    return { answer };
  }

  return { step, forget: (clientId) => places.delete(clientId) };
}

/** The upload was swept, or its bytes arrived wrong: it begins again from its start. */
function isGone({ status }, isOpen) {
  return isOpen && (status === 404 || status === WRONG_HASH);
}

/** The offset in an answer; a 409 names the right one too. */
function offsetIn({ status, header }) {
  const text = [200, 201, 204, 409].includes(status) ? header("Upload-Offset") : null;
  return text !== null && /^\d+$/.test(text) ? Number(text) : null;
}
