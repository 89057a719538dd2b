/**
 * What every page runs. Pages work without it; it adds saving as you go, uploads and signing.
 * The parts of the fill page are loaded only where their markup stands.
 */
import htmx from "htmx.org";
import { watchColours } from "./colours.js";
import { watchAccount } from "./account.js";
import { watchConfirm, watchDetails } from "./dialogs.js";
import { watchFailures } from "./failures.js";
import { watchHere } from "./here.js";
import { watchConnection } from "./offline.js";
import { watchSession } from "./session.js";
import { showOpenTab } from "./tabs.js";
import { watchToasts } from "./toasts.js";
import { offerZone } from "./zone.js";

watchToasts();
watchConnection();
watchSession();
watchFailures();
watchConfirm();
watchDetails();
watchHere();
watchAccount();
watchColours();
showOpenTab();
offerZone();

const NEEDS_PARTS =
  "form[data-field-form], [data-reading], [data-photos], form[data-signature], [data-leftovers]";

async function startParts() {
  if (document.querySelector(NEEDS_PARTS)) (await import("./parts.js")).start();
}

htmx.on("htmx:after:process", startParts);
startParts();
