/**
 * The kinds of operations: one entry each.
 *
 *   thing(operation)     what it changes; operations on one thing are sent in their order
 *   merges               whether new content replaces that of an operation that was never sent
 *   hasBase              whether it says which state the person saw (base_version or after)
 *   isSingle             whether a second one while the first is unsettled asks for nothing new
 *   awaitsAll            it is about the whole report: it waits for all before it, all after wait
 *   hasBytes             its bytes are uploaded in parts before it is sent
 *   files(operation, bytes)  its small files, as [name, Blob, file name]
 *
 * A photo of this device is one thing with its captions and reasons. Order and removal belong to the
 * photos of their field, because a step depends on the photos before it.
 */

const answer = { thing: ({ field, block }) => `answer|${field}|${block}`, merges: true, hasBase: true };
const photo = { thing: ({ field, block }) => `photos|${field}|${block}` };
const text = { thing: (operation) => `photo|${photoOf(operation)}`, merges: true, hasBase: true };
const role = { thing: (operation) => `signature|${valueOf(operation, "role_id")}` };

const KINDS = {
  answer,
  settle: { ...answer, thing: settled, merges: false, hasBase: false },
  photo: { ...photo, hasBytes: true, also: (operation) => `photo|${operation.clientId}` },
  move: photo,
  removal: { ...photo, also: (operation) => `photo|${photoOf(operation)}` },
  again: { ...photo, also: (operation) => `photo|${operation.clientId}` },
  caption: text,
  reason: text,
  position_reason: text,
  signature: { ...role, merges: true, awaitsAll: true, files: signatureFiles },
  withdrawal: role,
  submit: { thing: () => "submit", merges: true, isSingle: true, awaitsAll: true },
};

export function kindOf({ kind }) {
  const found = KINDS[kind];
  if (!found) throw new TypeError(`no such kind of operation: ${kind}`);
  return found;
}

/** The things that an operation changes; the first is its own. */
export function thingsOf(operation) {
  const { thing, also } = kindOf(operation);
  return also ? [thing(operation), also(operation)] : [thing(operation)];
}

/** The one value of `name` in an operation's payload, or an empty string. */
export function valueOf({ payload }, name) {
  return payload.find(([key]) => key === name)?.[1] ?? "";
}

/** The name of the file that an operation's bytes are, or null if it has none. */
export function fileNameOf(operation) {
  const { hasBytes, files } = kindOf(operation);
  return hasBytes || files ? valueOf(operation, "file_name") || "signature" : null;
}

/** The photo that an operation is about: its placement, or the client id of its photo operation. */
export function photoOf(operation) {
  return valueOf(operation, "placement") || valueOf(operation, "photo");
}

/** A decision belongs to what it decides: an answer, or a caption. */
function settled(operation) {
  const about = photoOf(operation);
  return about ? `photo|${about}` : answer.thing(operation);
}

function signatureFiles(operation, bytes) {
  const type = valueOf(operation, "image_type") || "image/png";
  const files = [["image", new Blob([bytes], { type }), "signature"]];
  const strokes = valueOf(operation, "strokes");
  if (strokes) files.push(["strokes", new Blob([strokes], { type: "application/json" }), "strokes.json"]);
  return files;
}

// What stays on the phone, or travels as a file.
const NOT_FIELDS = new Set(["image_type", "strokes"]);

/** The body of an operation, built only from its record and its bytes. */
export function bodyOf(operation, bytes) {
  const { files } = kindOf(operation);
  const body = files ? new FormData() : new URLSearchParams();
  for (const [name, value] of fieldsOf(operation)) body.append(name, value);
  for (const [name, blob, fileName] of files?.(operation, bytes) ?? []) body.append(name, blob, fileName);
  return body;
}

function fieldsOf({ kind, clientId, clientAt, field, block, baseVersion, after, payload }) {
  const fields = [["kind", kind], ["client_id", clientId], ["client_at", clientAt]];
  if (field) fields.push(["field_id", field], ["block", block]);
  if (after.length) fields.push(...after.map((id) => ["after", id]));
  else if (baseVersion !== null) fields.push(["base_version", String(baseVersion)]);
  return [...fields, ...payload.filter(([name]) => !NOT_FIELDS.has(name))];
}
