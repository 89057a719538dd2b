/**
 * Builds app/static/dist from src/: `node build.mjs`, offline, in a few seconds.
 *
 * dist holds hashed files, each with its .br and .gz beside it, and manifest.json, which maps a
 * logical name ("app.js") to the hashed file ("app-K3J2.js"). It is made beside the old one and
 * renamed into place, so a running server never sees half a build.
 */
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, extname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliCompress, constants, gzip } from "node:zlib";
import * as esbuild from "esbuild";
import { writeWebFonts } from "./build/fonts.mjs";
import { iconsPlugin } from "./build/icons.mjs";
import { landPlugin } from "./build/land.mjs";
import { leafletPlugin, tablerPlugin } from "./build/styles.mjs";
import { writeWebApp } from "./build/web_app.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const app = resolve(here, "..");
const target = join(app, "static", "dist");
const staging = join(app, "static", `.dist-${process.pid}`);
const COMPRESSED = new Set([".js", ".css", ".svg", ".json"]);

/** The entries of each build. Few pages load more than app.js and app.css: they share no chunk. */
const BUILDS = [
  ["src/app.js", "src/app.css"],
  ["src/site_map.js", "src/site_map.css"],
  ["src/check.js", "src/check.css"],
  ["src/witness.js", "src/witness.css"],
  ["src/builder.js"],
  ["src/brand.css", "src/checklists.css", "src/layouts.css", "src/queue.css", "src/usage.css"],
];

const TARGETS = ["es2022", "chrome111", "firefox121", "safari16.4"];
// What pages load by themselves; the fonts of other scripts are loaded by pages that show them.
const SHELL_FONTS = ["fonts/InterCut-Regular.woff2", "fonts/InterCut-SemiBold.woff2"];

async function bundle(fontFolder) {
  const manifests = [];
  for (const entryPoints of BUILDS) manifests.push(await bundleEntries(entryPoints, fontFolder));
  return Object.assign({}, ...manifests);
}

async function bundleEntries(entryPoints, fontFolder) {
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints,
    outdir: staging,
    bundle: true,
    splitting: true,
    format: "esm",
    minify: true,
    metafile: true,
    target: TARGETS,
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "fonts/[name]-[hash]",
    loader: { ".woff2": "file" },
    legalComments: "none",
    logLevel: "warning",
    plugins: [tablerPlugin(app, fontFolder), iconsPlugin(here), leafletPlugin, landPlugin(here)],
  });
  const manifest = {};
  if (entryPoints.includes("src/app.js")) scriptsOfPages = scriptsOf(result.metafile);
  for (const [output, { entryPoint, imports }] of Object.entries(result.metafile.outputs)) {
    const file = relative(staging, resolve(here, output));
    if (entryPoint) manifest[relative("src", entryPoint)] = file;
    if (entryPoint === "src/app.js") Object.assign(manifest, sharedOf(imports));
    const font = /^fonts\/(.+)-[A-Z0-9]{8}(\.woff2)$/.exec(file);
    if (font) manifest[`fonts/${font[1]}${font[2]}`] = file;
  }
  return manifest;
}

/** The scripts of the application's pages, also those that load later. */
function scriptsOf({ outputs }) {
  const names = Object.keys(outputs).map((output) => relative(staging, resolve(here, output)));
  return names.filter((name) => name.endsWith(".js"));
}

/**
 * Write shell.json, the list of the release's files that any kept page needs. Each page names it,
 * so that a page of one release is never kept with scripts of another.
 */
async function writeShell(manifest) {
  const others = ["app.css", "queue.css", "favicon.svg", ...SHELL_FONTS].map((name) => manifest[name]);
  return writeHashed("shell.json", JSON.stringify([...scriptsOfPages, ...others].sort()));
}

/** A worker only runs where the origin is secure, and there the browser hashes. */
const withoutHashes = {
  name: "without hashes",
  setup(build) {
    build.onLoad({ filter: /[/]@noble[/]hashes[/]/ }, () => ({ contents: "" }));
  },
};

/** The service worker: one file without imports, which knows the shell of its release. */
async function bundleWorker(manifest) {
  const result = await esbuild.build({
    absWorkingDir: here,
    entryPoints: ["src/worker/sw.js"],
    bundle: true,
    format: "iife",
    minify: true,
    target: TARGETS,
    define: { SHELL: JSON.stringify(`/static/dist/${manifest["shell.json"]}`) },
    plugins: [withoutHashes],
    legalComments: "none",
    logLevel: "warning",
    write: false,
  });
  return writeHashed("sw.js", result.outputFiles[0].contents);
}

/** The chunks that app.js shares with its parts; named so that pages can preload them. */
function sharedOf(imports) {
  const chunks = imports.filter(({ kind }) => kind === "import-statement");
  const files = chunks.map(({ path }) => relative(staging, resolve(here, path)));
  return Object.fromEntries(files.map((file, at) => [`shared${at + 1}.js`, file]));
}

/** Write `content` under a name that carries its hash; returns that name. */
async function writeHashed(name, content) {
  const extension = extname(name);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  const file = `${name.slice(0, -extension.length)}-${hash}${extension}`;
  await writeFile(join(staging, file), content);
  return file;
}

async function precompress() {
  const brotli = promisify(brotliCompress);
  for (const entry of await readdir(staging, { recursive: true })) {
    if (!COMPRESSED.has(extname(entry))) continue;
    const path = join(staging, entry);
    const content = await readFile(path);
    const params = { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY };
    await writeFile(`${path}.br`, await brotli(content, { params }));
    await writeFile(`${path}.gz`, await promisify(gzip)(content, { level: 9 }));
  }
}

async function report(manifest) {
  for (const [name, file] of Object.entries(manifest).sort()) {
    const path = join(target, file);
    const { length } = await readFile(`${path}.br`).catch(() => readFile(path));
    console.log(`${name.padEnd(34)} ${file.padEnd(42)} ${(length / 1024).toFixed(1)} kB`);
  }
}

const fontFolder = join(staging, ".fonts");
let scriptsOfPages = [];
try {
  await mkdir(fontFolder, { recursive: true });
  await writeWebFonts(here, fontFolder);
  const manifest = await bundle(fontFolder);
  await rm(fontFolder, { recursive: true });
  manifest["favicon.svg"] = await writeHashed("favicon.svg", await readFile(join(here, "src/favicon.svg")));
  Object.assign(manifest, await writeWebApp(here, writeHashed));
  manifest["shell.json"] = await writeShell(manifest);
  manifest["sw.js"] = await bundleWorker(manifest);
  await writeFile(join(staging, "manifest.json"), JSON.stringify(manifest, null, 1));
  await precompress();
  await rm(target, { recursive: true, force: true });
  await rename(staging, target);
  await report(manifest);
} finally {
  await rm(staging, { recursive: true, force: true });
}
