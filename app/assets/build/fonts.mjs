/**
 * The type family of the pages: Inter, cut for the web. Strips and PDFs have it from app/fonts.py.
 *
 * Pages use two weights. One static cut of each weight, with Latin, Greek and the symbols that
 * measurements need, is 42 kB for both; the variable font with the same characters is 120 kB.
 * Characters outside the cut (Cyrillic, Vietnamese...) come from the whole file, which browsers
 * fetch only when a page has one of them.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import subsetFont from "subset-font";

const WEB_WEIGHTS = ["Regular", "SemiBold"];
// app.css repeats these ranges as unicode-range of the cut.
const RANGES = [
  [0x20, 0x7e], [0xa0, 0xff], [0x152, 0x153], [0x391, 0x3a9], [0x3b1, 0x3c9],
  [0x2010, 0x2026], [0x2030, 0x203a], [0x2070, 0x2089], [0x2190, 0x2194],
];
const SYMBOLS = "€№™Ω∂∅∆∏∑−√∞∫≈≠≤≥✓✗";
// What browsers apply by themselves, and the tabular figures that app.css asks for. With its
// stylistic alternates, which no page uses, the cut has twice the glyphs.
const FEATURES = ["calt", "ccmp", "kern", "locl", "mark", "mkmk", "tnum"];

function charactersOfTheCut() {
  let text = SYMBOLS;
  for (const [first, last] of RANGES) {
    for (let code = first; code <= last; code += 1) text += String.fromCodePoint(code);
  }
  return text;
}

/** Write InterCut-<weight>.woff2 and Inter-<weight>.woff2 for app.css into `folder`. */
export async function writeWebFonts(assets, folder) {
  const text = charactersOfTheCut();
  for (const weight of WEB_WEIGHTS) {
    const whole = await readFile(join(assets, `node_modules/inter-ui/web/Inter-${weight}.woff2`));
    const cut = await subsetFont(whole, text, { targetFormat: "woff2", keepFeatures: FEATURES });
    await writeFile(join(folder, `InterCut-${weight}.woff2`), cut);
    await writeFile(join(folder, `Inter-${weight}.woff2`), whole);
  }
}
