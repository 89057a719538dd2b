/** Code only for pages with fields, photos or signatures, loaded separately from app.js. */
import * as cardForms from "./card_forms.js";
import { entriesOf } from "./entries.js";
import { FORM, formOf } from "./field_form.js";
import * as fill from "./fill.js";
import * as measure from "./measure.js";
import * as photos from "./photos.js";
import * as pulse from "./pulse.js";
import * as signature from "./signature.js";
import * as submit from "./submit.js";

// Pages of closed reports have none of the others.
const leftovers = { start: async () => (await import("./leftovers.js")).start() };
// Few checklists have conditions. What it needs is handed over: a chunk that both import would be
// one more request on every fill page.
const page = { FORM, formOf, entriesOf, readingOf: measure.readingOf };
const logic = { start: async () => (await import("./logic/page.js")).start(page) };
const PARTS = [
  ["[data-reading]", measure],
  ["form[data-field-form], form[data-refused-field]", fill],
  ["[data-photos]", photos],
  ["template[data-logic]", logic],
  ["form[data-operation], [data-photos]", cardForms],
  ["[data-signature-place]", signature],
  ["[data-submit-place]", submit],
  ["form[data-field-form]", pulse],
  ["[data-leftovers]", leftovers],
];

/** Start the parts on the page; called again when htmx has added content. */
export function start() {
  for (const [selector, part] of PARTS) if (document.querySelector(selector)) part.start();
  document.documentElement.dataset.parts = "started";
}
