/** Moments as the pages write them: the day first and 24 hours, on the device's clock. */

/** "30 Nov, 14:05"; of today only the time if `isShort`. */
export function momentOf(at, isShort = false) {
  const { lang } = document.documentElement;
  const moment = new Date(at);
  const isDayKnown = isShort && moment.toDateString() === new Date().toDateString();
  const day = isDayKnown ? {} : { day: "numeric", month: "short" };
  const time = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" };
  return moment.toLocaleString(lang === "en" ? "en-GB" : lang, { ...day, ...time });
}
