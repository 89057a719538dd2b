/**
 * The script of every page. Pages work without it; it adds autosave, uploads and signing.
  * The parts of the fill page are loaded only if their markup exists.
 */
import htmx from "htmx.org";
import { watchColours } from "./colours.js";
import { watchAccount } from "./account.js";
import { watchOutbox } from "./device.js";
import { watchConfirm, watchDetails } from "./dialogs.js";
import { watchFailures } from "./failures.js";
import { watchHere } from "./here.js";
import { watchKept } from "./kept/begin.js";
import { watchConnection } from "./offline.js";
import { watchSession } from "./session.js";
import { showOpenTab } from "./tabs.js";
import { watchToasts } from "./toasts.js";
import { offerZone } from "./zone.js";

watchToasts();
watchConnection();
watchKept();
watchSession();
watchOutbox();
watchFailures();
watchConfirm();
watchDetails();
watchHere();
watchAccount();
watchColours();
showOpenTab();
offerZone();

const NEEDS_PARTS =
  "form[data-field-form], [data-reading], [data-photos], [data-signature-place], form[data-operation], [data-submit-place], [data-leftovers]";

async function startParts() {
  if (document.querySelector(NEEDS_PARTS)) (await import("./parts.js")).start();
}

async function startReviewing() {
  if (document.querySelector("[data-reviewing]")) (await import("./reviewing.js")).start();
}

htmx.on("htmx:after:process", startParts);
startReviewing();
startParts();
