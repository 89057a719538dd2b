/** Short messages: from the server's HX-Trigger {"toast": {kind, text}} and from our own code. */

const SECONDS_SHOWN = { success: 5, info: 7 };

export function watchToasts() {
  document.addEventListener("toast", ({ detail }) => toast(detail.kind, detail.text));
  document.addEventListener("click", ({ target }) => {
    target.closest?.("[data-toast-close]")?.closest("[data-toast]").remove();
  });
  for (const drawn of document.querySelectorAll("#toasts [data-toast]")) leaveInTime(drawn);
}

/** Show `text`, and return its element; errors and warnings stay until closed. The same text is
    shown only once. */
export function toast(kind, text) {
  const region = document.getElementById("toasts");
  const known = document.querySelector(`template[data-toast-template="${kind}"]`) ? kind : "info";
  for (const shown of region.querySelectorAll("[data-toast]")) {
    if (shown.querySelector("[data-toast-words]").textContent === text) shown.remove();
  }
  const template = document.querySelector(`template[data-toast-template="${known}"]`);
  const drawn = template.content.firstElementChild.cloneNode(true);
  drawn.querySelector("[data-toast-words]").textContent = text;
  region.append(drawn);
  leaveInTime(drawn);
  return drawn;
}

function leaveInTime(drawn) {
  const seconds = SECONDS_SHOWN[drawn.dataset.kind];
  if (seconds) setTimeout(() => drawn.remove(), seconds * 1000);
}
