/** The parts of work without a connection that load when a page is at rest. */
import { askForBackground } from "./background.js";
import { show, startButtons } from "./buttons.js";
import { startInstalling } from "./install.js";
import { keepByItself } from "./keeping.js";
import { ask } from "./link.js";
import { warnOfRoom } from "./room.js";

export { maySignOut } from "./sign_out.js";

let isStarted = false;

export async function start(page) {
  if (isStarted) return;
  isStarted = true;
  startInstalling(page);
  const isOfflinePage = document.querySelector("[data-offline-page]");
  if (isOfflinePage) await (await import("./offline_page.js")).startOfflinePage(page, null);
  if (!page.account) return;
  askForBackground(page);
  const summary = await ask("list", { account: page.account });
  startButtons(page, summary);
  warnOfRoom(page);
  const kept = await keepByItself(page, summary);
  if (kept) show(isOfflinePage ? await ask("list", { account: page.account }) : kept);
}
