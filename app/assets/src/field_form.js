/** The form of one field on the fill page: its parts, and what its status says. */
import htmx from "htmx.org";
import { word } from "./words.js";

export const FORM = "form[data-field-form]";

export function formOf(field) {
  return document.querySelector(`#field-${CSS.escape(field)} ${FORM}`);
}

export function statusOf(form) {
  return form.querySelector("[data-field-status]");
}

/** The row version of the answer that the page shows. */
export function versionOf(form) {
  return Number(form.querySelector('input[name="row_version"]').value);
}

/** `state` is unsaved, saving, retrying, refused or unkept: all of it is on this device only. */
export function mark(form, state, words = word(state)) {
  const status = statusOf(form);
  status.dataset.state = state;
  status.dataset.where = "phone";
  status.querySelector("[data-save-words]")?.replaceChildren(words);
  // The tick or warning belongs to an earlier save.
  status.querySelector(".save-mark .icon")?.remove();
}

/** Replace the status by the server's; its counts go to their own places. */
export async function drawStatus(form, html) {
  const target = statusOf(form);
  await htmx.swap({ text: html, target, sourceElement: target, swap: "outerHTML" });
}
