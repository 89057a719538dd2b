/**
 * The parts of Tabler and of Leaflet's sheet that we use.
 *
 * @tabler/core ships one 620 kB style sheet. `@import "tabler"` in app.css gives the rules whose
 * classes occur in a template, form or script, with dark mode following the system instead of an
 * attribute, which would need an inline script to be set before first paint.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import postcss from "postcss";
import { PurgeCSS } from "purgecss";

const USERS_OF_CLASSES = [
  "templates/**/*.html",
  "assets/src/**/*.js",
  "*/forms.py",
  "web/**/*.py",
];
const DARK = /(?::root|:host|body)?\[data-bs-theme=dark\]/g;
const LIGHT = /(?::root|:host|body)?\[data-bs-theme=light\]/g;

/** esbuild plugin: resolves "tabler" to the purged sheet and "fonts/..." to the cut fonts. */
export function tablerPlugin(app, fontFolder) {
  return {
    name: "tabler",
    setup(build) {
      build.onResolve({ filter: /^tabler$/ }, () => ({ path: "tabler", namespace: "tabler" }));
      build.onResolve({ filter: /^fonts\/.+\.woff2$/ }, ({ path }) => ({
        path: join(fontFolder, path.slice("fonts/".length)),
      }));
      build.onLoad({ filter: /.*/, namespace: "tabler" }, async () => ({
        contents: await usedTabler(app),
        loader: "css",
      }));
    },
  };
}

/** esbuild plugin: Leaflet's sheet without the rules that name pictures, which our map has not. */
export const leafletPlugin = {
  name: "leaflet",
  setup(build) {
    build.onLoad({ filter: /[/]leaflet[.]css$/ }, async ({ path }) => {
      const root = postcss.parse(await readFile(path, "utf8"));
      root.walkDecls((declaration) => {
        if (declaration.value.includes("url(")) declaration.remove();
      });
      return { contents: root.toString(), loader: "css" };
    });
  },
};

async function usedTabler(app) {
  const sheet = join(app, "assets/node_modules/@tabler/core/dist/css/tabler.min.css");
  const raw = followTheSystemTheme(await readFile(sheet, "utf8"));
  const [{ css }] = await new PurgeCSS().purge({
    content: USERS_OF_CLASSES.map((pattern) => join(app, pattern)),
    css: [{ raw }],
    variables: true,
    keyframes: true,
    fontFace: true,
    safelist: { standard: ["html", "body", ":root"] },
    // Class names stand in attributes, Jinja expressions and strings alike.
    defaultExtractor: (content) => content.match(/[A-Za-z][\w-]*/g) ?? [],
  });
  return css;
}

/** Rules for [data-bs-theme=dark] move into a media query; those for light lose the attribute. */
function followTheSystemTheme(css) {
  const root = postcss.parse(css);
  root.walkRules((rule) => {
    if (rule.selector.includes("[data-bs-theme=light]")) {
      rule.selector = withoutTheme(rule.selector, LIGHT);
    }
    if (!rule.selector.includes("[data-bs-theme=dark]")) return;
    const dark = rule.selectors.filter((selector) => selector.includes("[data-bs-theme=dark]"));
    const rest = rule.selectors.filter((selector) => !dark.includes(selector));
    const media = postcss.atRule({ name: "media", params: "(prefers-color-scheme: dark)" });
    media.append(rule.clone({ selector: withoutTheme(dark.join(","), DARK) }));
    rule.after(media);
    if (rest.length) rule.selectors = rest;
    else rule.remove();
  });
  return root.toString();
}

function withoutTheme(selector, theme) {
  return selector
    .split(",")
    .map((one) => one.replace(theme, (match) => (match.startsWith("body") ? "body" : ":root")))
    .join(",");
}
