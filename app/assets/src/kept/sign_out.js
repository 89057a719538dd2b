/**
 * Before logging out with unsent work, the person chooses: stay, take it along as a file and erase
 * it here, or leave it here, locked until they log in again. Kept pages end with the session anyway.
 */
import { waitingWork } from "./waiting.js";

const STAY = "stay";
const EXPORT = "export";
const LOCK = "lock";

/** Whether the log-out may go on. */
export async function maySignOut(form, { account, exportWork, eraseWork }) {
  const { count } = await waitingWork(account);
  if (!count) return true;
  const choice = await chosen(form, count, Boolean(exportWork));
  if (choice !== EXPORT) return choice === LOCK;
  if (!(await exportWork(account))) return false;
  await eraseWork(account);
  return true;
}

function chosen(form, count, mayExport) {
  const template = document.querySelector("template[data-sign-out-choice]");
  const dialog = template.content.firstElementChild.cloneNode(true);
  const words = dialog.querySelector("[data-sign-out-count]");
  words.textContent = words.textContent.replace("{count}", count);
  dialog.querySelector(`[value="${EXPORT}"]`).hidden = !mayExport;
  form.after(dialog);
  dialog.returnValue = STAY;
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue);
    });
  });
}
