/**
 * What the service worker does with a request. Whatever is not named here goes to the network as
 * if there were no worker: posts, operations, uploads, session.json, fragments and files.
 */

export const PAGE = "page";
export const SIGN_OUT = "sign-out";
/** A login by script, in the dialog of a page whose session has ended. */
export const SIGN_IN = "sign-in";
export const ASSET = "asset";
/** A picture or stylesheet that may belong to a kept page: thumbnails, signatures, the brand. */
export const FILE = "file";
export const NOTHING = "nothing";

export const ASSETS = "/static/dist/";
const SIGN_OUT_PATH = "/logout";
const SIGN_IN_PATH = /^\/login(?:\/|$)/;
const FILES = ["image", "style"];

export function taskOf({ method, mode, destination, url }, origin) {
  const at = new URL(url);
  if (at.origin !== origin) return NOTHING;
  if (mode === "navigate") {
    if (method === "GET") return PAGE;
    return method === "POST" && at.pathname === SIGN_OUT_PATH ? SIGN_OUT : NOTHING;
  }
  if (method === "POST" && SIGN_IN_PATH.test(at.pathname)) return SIGN_IN;
  if (method !== "GET") return NOTHING;
  if (at.pathname.startsWith(ASSETS)) return ASSET;
  return FILES.includes(destination) ? FILE : NOTHING;
}
