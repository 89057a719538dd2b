/** Reads and changes pages as text: a worker has no DOM. The pages are our own. */
import { ASSETS } from "./tasks.js";

const SHELL = /<meta name="shell" content="([^"]+)"/;
const ELEMENTS = /<(?:img|link)\b[^>]*>/g;
const ADDRESS = /\s(?:src|href)="([^"]+)"/;

/** The address of the list of the page's assets, or null. */
export function shellOf(html) {
  return SHELL.exec(html)?.[1] ?? null;
}

/** The pictures and stylesheets that the page shows besides its release's assets. */
export function filesOf(html) {
  const found = new Set();
  for (const [element] of html.matchAll(ELEMENTS)) {
    if (element.startsWith("<link") && !/\srel="stylesheet"/.test(element)) continue;
    const address = ADDRESS.exec(element)?.[1].replaceAll("&amp;", "&");
    if (address?.startsWith("/") && !address.startsWith("//") && !address.startsWith(ASSETS)) {
      found.add(address);
    }
  }
  return [...found];
}

/** Whether the address is shown on all pages, and not only on those of one report. */
export function isShared(address) {
  return address.startsWith("/brand/") || address.startsWith("/logo/");
}

/** The page with the moment at which it was drawn, by which it is known to be a kept one. */
export function markKept(html, drawnAt) {
  return html.replace(/<html /, `<html data-kept-at="${drawnAt}" `);
}
