/** The web app manifest and its icons: what a phone needs to install Laudo. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { appIcon } from "./app_icons.mjs";

// An icon that the phone cuts to a circle shows the inner 80 % of it.
const WITHIN_A_CIRCLE = 0.8;
const ICONS = [
  ["app-192.png", 192, "any", {}],
  ["app-512.png", 512, "any", {}],
  ["app-mask-192.png", 192, "maskable", { isWhole: true, scale: WITHIN_A_CIRCLE }],
  ["app-mask-512.png", 512, "maskable", { isWhole: true, scale: WITHIN_A_CIRCLE }],
];
// iOS rounds the corners itself and shows transparent ones black.
const TOUCH_ICON = ["touch.png", 180, { isWhole: true }];

/** Write icons and manifest by `writeHashed`; returns their places in dist by logical name. */
export async function writeWebApp(assets, writeHashed) {
  const svg = await readFile(join(assets, "src/favicon.svg"), "utf8");
  const files = {};
  const icons = [];
  for (const [name, size, purpose, how] of ICONS) {
    files[name] = await writeHashed(name, appIcon(svg, size, how));
    icons.push({ src: files[name], sizes: `${size}x${size}`, type: "image/png", purpose });
  }
  const [name, size, how] = TOUCH_ICON;
  files[name] = await writeHashed(name, appIcon(svg, size, how));
  // Servers know the type of .json; of .webmanifest not all do.
  files["webapp.json"] = await writeHashed("webapp.json", JSON.stringify(webApp(icons)));
  return files;
}

function webApp(icons) {
  return {
    id: "/",
    name: "Laudo",
    short_name: "Laudo",
    start_url: "/",
    scope: "/",
    display: "standalone",
    background_color: "#ffffff",
    theme_color: "#1f5fa8",
    icons,
  };
}
