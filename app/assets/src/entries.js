/**
 * What a field's form holds, as [name, value] pairs without the hidden inputs of the protocol.
 * Which of two numbers a text means (reading, reading:<row>:<column>) is a choice of its own.
 */

const PROTOCOL = new Set(["csrf_token", "client_id", "client_at", "row_version"]);

export function entriesOf(form) {
  return [...new FormData(form)].filter(([name]) => !PROTOCOL.has(name) && !isChoice(name));
}

function isChoice(name) {
  return name === "reading" || name.startsWith("reading:");
}

/** The same text for the same content. */
export function signatureOf(form) {
  return JSON.stringify(entriesOf(form));
}

/** Put `entries` back into the inputs of `form`. */
export function putEntries(form, entries) {
  for (const input of form.elements) {
    if (!input.name || PROTOCOL.has(input.name)) continue;
    const values = entries.filter(([name]) => name === input.name).map(([, value]) => value);
    if (["radio", "checkbox"].includes(input.type)) input.checked = values.includes(input.value);
    else if ("value" in input && input.type !== "submit") input.value = values[0] ?? "";
    const folded = input.value && values.length && input.closest("details");
    if (folded) folded.open = true;
  }
  form.dispatchEvent(new Event("input", { bubbles: true }));
}
