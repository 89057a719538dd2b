/** Addresses of pages that may be kept, and what to open instead of one that is not. */

export const START = "/";
export const LIST = "/reports/";
export const OFFLINE = "/offline";
const REPORT = /^\/reports\/([0-9a-f-]{36})(?:\/|$)/;

/** The address under which a page is kept. Where a report's page was opened makes no difference. */
export function keyOf(url) {
  const { pathname, search } = new URL(url, "http://any");
  return reportOf(url) ? pathname : pathname + search;
}

/** The id of the report that the page belongs to, or an empty string. */
export function reportOf(url) {
  return REPORT.exec(new URL(url, "http://any").pathname)?.[1] ?? "";
}

export function fillOf(report) {
  return `/reports/${report}/fill`;
}

/** Kept pages that may stand in for one that is not, best first. */
export function insteadOf(url) {
  const report = reportOf(url);
  if (report) return [fillOf(report)];
  return new URL(url, "http://any").pathname === LIST ? [LIST] : [];
}
