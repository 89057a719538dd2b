/**
 * What every page runs. Pages work without it; it adds saving as you go, uploads and signing.
 * The parts of the fill page are loaded only where their markup stands.
 */
import htmx from "htmx.org";
import { watchConfirm, watchDetails } from "./dialogs.js";
import { watchFailures } from "./failures.js";
import { watchHere } from "./here.js";
import { watchConnection } from "./offline.js";
import { watchSession } from "./session.js";
import { watchToasts } from "./toasts.js";

watchToasts();
watchConnection();
watchSession();
watchFailures();
watchConfirm();
watchDetails();
watchHere();

const NEEDS_PARTS = "form[data-field-form], [data-reading], [data-photos], form[data-signature]";

async function startParts() {
  if (document.querySelector(NEEDS_PARTS)) (await import("./parts.js")).start();
}

htmx.on("htmx:after:process", startParts);
startParts();
