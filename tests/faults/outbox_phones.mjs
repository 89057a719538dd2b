/**
 * Phones with the real outbox over databases in memory, against a real server.
 *
 * Reads {url, account, cookie, phones: [{report, answers, photos}], photo: path, bytes} from its
 * standard input, and writes one line of JSON for each thing that happens: {phone, what, at, kind}.
 * `what` is "captured" (everything is in the outbox), "back" (the first answer after the server was
 * away, which was `asked` for before), "settled", "parked" and "empty". Times are in milliseconds since 1970.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { IDBFactory, Locks, createOutbox, createStore } from "../assets/outbox/world.mjs";

const given = JSON.parse(readFileSync(0, "utf8"));
const picture = readFileSync(given.photo);

function say(phone, what, more = {}) {
  process.stdout.write(`${JSON.stringify({ phone, what, at: Date.now(), ...more })}\n`);
}

/** A picture of its own; what follows the end of a picture is ignored by those that read it. */
function pictureOfItsOwn() {
  const bytes = new Uint8Array(given.bytes);
  bytes.set(randomBytes(given.bytes - picture.length), picture.length);
  bytes.set(picture);
  return bytes.buffer;
}

function fetchOf(phone) {
  let isAway = false;
  return async (path, options) => {
    const headers = { ...options.headers, Cookie: given.cookie };
    const asked = Date.now();
    try {
      const answer = await fetch(given.url + path, { ...options, headers });
      if (isAway) say(phone, "back", { asked });
      isAway = false;
      return answer;
    } catch (error) {
      isAway = true;
      throw error;
    }
  };
}

async function startPhone({ report, answers, photos }, phone) {
  globalThis.indexedDB = new IDBFactory();
  const store = createStore();
  await store.database();
  const outbox = createOutbox({
    account: given.account, store, fetch: fetchOf(phone), locks: new Locks().tab(), channel: () => null,
  });
  outbox.subscribe(async ({ type, operation }) => {
    if (!["settled", "parked"].includes(type)) return;
    say(phone, type, { kind: operation.kind, clientId: operation.clientId });
    if (!(await outbox.list()).length) say(phone, "empty");
  });
  for (const field of answers) {
    await outbox.add({ report, kind: "answer", field, payload: [["value", `phone ${phone}`]], baseVersion: 0 });
  }
  for (let number = 0; number < photos; number += 1) {
    await outbox.add({ report, kind: "photo", field: given.place, payload: [["file_name", "p.jpg"], ["source", "camera"]] }, pictureOfItsOwn());
  }
  say(phone, "captured");
}

for (const [at, phone] of given.phones.entries()) await startPhone(phone, at);
