/**
 * The icons: a rule of CSS for each name in src/icons.json, from @tabler/icons.
 *
 * They are masks, not <svg><use>: a fill page of 300 questions shows 2,400 of them, and a browser
 * copies the shapes of each <use> into the page, which took half of the page's time.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** esbuild plugin: resolves "icons" to the rules. The build fails when a name is not of the set. */
export function iconsPlugin(assets) {
  return {
    name: "icons",
    setup(build) {
      build.onResolve({ filter: /^icons$/ }, () => ({ path: "icons", namespace: "icons" }));
      build.onLoad({ filter: /.*/, namespace: "icons" }, async () => ({
        contents: await rules(assets),
        loader: "css",
      }));
    },
  };
}

async function rules(assets) {
  const names = JSON.parse(await readFile(join(assets, "src/icons.json"), "utf8"));
  return (await Promise.all(names.map((name) => rule(assets, name)))).join("\n");
}

async function rule(assets, name) {
  const path = join(assets, `node_modules/@tabler/icons/icons/outline/${name}.svg`);
  const svg = await readFile(path, "utf8").catch(() => {
    throw new Error(`src/icons.json names ${name}, which @tabler/icons does not have`);
  });
  const shapes = svg
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/<path stroke="none"[^>]*\/>/, "")
    .replace(/\s*\/>/g, "/>")
    .replace(/>\s+</g, "><")
    .trim();
  const image =
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#000" ` +
    `stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes}</svg>`;
  return `.icon-${name}{mask-image:url("data:image/svg+xml,${escaped(image)}")}`;
}

/** As short as a URL in CSS allows: single quotes need no escape there. */
function escaped(svg) {
  return svg.replaceAll('"', "'").replace(/[%#<>{}]/g, (character) => encodeURIComponent(character));
}
