/**
 * The content of a field's form, as [name, value] pairs without the hidden inputs of the protocol.
  * The choice between two numbers (reading, reading:<row>:<column>) and the conflicts that the
  * person saw are apart: they are sent with the content, but are not part of it.
 */

const PROTOCOL = new Set(["csrf_token", "client_id", "client_at", "row_version", "conflict"]);

export function entriesOf(form) {
  return contentOf([...new FormData(form)]);
}

/** The content among the entries of an operation or a form. */
export function contentOf(entries) {
  return entries.filter(([name]) => !PROTOCOL.has(name) && !isChoice(name));
}

/** The conflicts that are shown at the field: an answer given here decides them. */
export function conflictsOf(form) {
  return [...new FormData(form)].filter(([name]) => name === "conflict");
}

export function choicesOf(entries) {
  return entries.filter(([name]) => isChoice(name));
}

function isChoice(name) {
  return name === "reading" || name.startsWith("reading:");
}

/** A string that is equal for equal content. */
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
