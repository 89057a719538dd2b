/** select[data-browser-zone]: preselects the device's time zone if none was chosen yet. */

const INHERITED = "inherited";

export function offerZone() {
  const { timeZone } = Intl.DateTimeFormat().resolvedOptions();
  for (const select of document.querySelectorAll("select[data-browser-zone]")) {
    const company = [...select.options].find(({ value }) => value === INHERITED);
    if (select.value !== INHERITED || company?.text.replaceAll(" ", "_") === timeZone) continue;
    if ([...select.options].some(({ value }) => value === timeZone)) select.value = timeZone;
  }
}
