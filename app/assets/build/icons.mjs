/** The icon sprite: one <symbol> for each name in src/icons.json, from @tabler/icons. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The sprite as SVG text. Throws when a name is not an icon of the set. */
export async function iconSprite(assets) {
  const names = JSON.parse(await readFile(join(assets, "src/icons.json"), "utf8"));
  const symbols = await Promise.all(names.map((name) => symbol(assets, name)));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

async function symbol(assets, name) {
  const path = join(assets, `node_modules/@tabler/icons/icons/outline/${name}.svg`);
  const svg = await readFile(path, "utf8").catch(() => {
    throw new Error(`src/icons.json names ${name}, which @tabler/icons does not have`);
  });
  const shapes = svg
    .replace(/^[\s\S]*?<svg[^>]*>/, "")
    .replace(/<\/svg>\s*$/, "")
    .replace(/<path stroke="none"[^>]*\/>/, "")
    .replace(/>\s+</g, "><")
    .trim();
  return (
    `<symbol id="${name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" ` +
    `stroke-width="2" stroke-linecap="round" stroke-linejoin="round">${shapes}</symbol>`
  );
}
