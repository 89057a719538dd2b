/** What only pages with fields, photos or signatures need, loaded apart from app.js. */
import * as fill from "./fill.js";
import * as leftovers from "./leftovers.js";
import * as measure from "./measure.js";
import * as photos from "./photos.js";
import * as signature from "./signature.js";

const PARTS = [
  ["[data-reading]", measure],
  ["form[data-field-form], form[data-refused-field]", fill],
  ["[data-photos]", photos],
  ["form[data-signature]", signature],
  ["[data-leftovers]", leftovers],
];

/** Start what the page has; called again when htmx has put something new on it. */
export function start() {
  for (const [selector, part] of PARTS) if (document.querySelector(selector)) part.start();
}
