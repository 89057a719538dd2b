/** The keys of what lies in the device's database. */

/** The operations and bases of one report, for one account. */
export function scopeOf(account, report) {
  return `${account}|${report}`;
}

export function baseKeyOf({ account, report }, thing) {
  return `${scopeOf(account, report)}|${thing}`;
}
