"""The build's output: everything that pages need, small, compressed and self-contained."""

from __future__ import annotations

import gzip
import json
import re
import subprocess

import brotli  # type: ignore[import-untyped]
from PIL import Image

from tests.assets.building import (
    APP,
    ASSETS,
    DIST,
    built,
    manifest,
    node,
    sent_bytes,
    shared_scripts,
)

FIRST_LOAD = 160 * 1024
# The longest fill page of the sample checklists compresses to well below this.
ROOM_FOR_HTML = 40 * 1024
# The form with the map is one screen long.
ROOM_FOR_A_FORM = 8 * 1024
COMPRESSED = (".js", ".css", ".svg", ".json")


def test_first_load_of_the_fill_page_stays_within_the_budget() -> None:
    parts = ["app.css", "app.js", *shared_scripts(), "parts.js", "favicon.svg"]
    at_rest = ["kept/start.js", "shell.json", "webapp.json"]
    fonts = ["fonts/InterCut-Regular.woff2", "fonts/InterCut-SemiBold.woff2"]
    assert sum(map(sent_bytes, parts + at_rest + fonts)) + ROOM_FOR_HTML <= FIRST_LOAD


def test_first_load_of_the_page_with_the_map_stays_within_it_too() -> None:
    parts = ["app.css", "app.js", *shared_scripts(), "favicon.svg"]
    map_parts = ["site_map.js", "site_map.css"]
    fonts = ["fonts/InterCut-Regular.woff2", "fonts/InterCut-SemiBold.woff2"]
    assert sum(map(sent_bytes, parts + map_parts + fonts)) + ROOM_FOR_A_FORM <= FIRST_LOAD


def test_every_asset_that_a_template_names_is_built() -> None:
    named = {
        name
        for template in (APP / "templates").rglob("*.html")
        for name in re.findall(r"asset_url\(['\"]([^'\"]+)['\"]\)", template.read_text())
    }
    assert named
    assert named <= set(manifest())


def test_compressed_files_hold_the_same_bytes() -> None:
    for file in manifest().values():
        path = DIST / file
        if path.suffix not in COMPRESSED:
            continue
        content = path.read_bytes()
        assert brotli.decompress(path.with_name(path.name + ".br").read_bytes()) == content
        assert gzip.decompress(path.with_name(path.name + ".gz").read_bytes()) == content


def test_assets_load_nothing_from_other_hosts() -> None:
    outside = re.compile(r"""(?:url\(|@import\s+|from\s*|import\()["']?(?:https?:)?//""")
    scripts = [name for name in manifest() if name.endswith((".js", ".css"))]
    assert {"app.js", "parts.js", "sw.js", "site_map.js"} <= set(scripts)
    for name in scripts:
        assert not outside.search(built(name).read_text()), name


def test_land_across_the_antimeridian_draws_no_line() -> None:
    """Land that crosses the antimeridian continues past it; a jump of 360 degrees would draw a
    line."""
    script = """
      import * as esbuild from "esbuild";
      import { landPlugin } from "./build/land.mjs";
      const { outputFiles } = await esbuild.build({
        stdin: { contents: 'import land from "land"; export default land;', resolveDir: "." },
        bundle: true, format: "esm", write: false, plugins: [landPlugin(process.cwd())],
      });
      const code = Buffer.from(outputFiles[0].contents).toString("base64");
      console.log(JSON.stringify((await import("data:text/javascript;base64," + code)).default));
    """
    command = [node(), "--input-type=module", "-e", script]
    ran = subprocess.run(command, cwd=ASSETS, check=True, capture_output=True, timeout=60)
    rings = [ring for polygon in json.loads(ran.stdout) for ring in polygon]
    assert len(rings) > 100
    # One long step is intended: along the pole.
    long = [step for ring in rings for step in ring[2::2] if abs(step) > 4 * 180]
    assert len(long) == 1


def test_a_phone_can_install_it() -> None:
    made = json.loads(built("webapp.json").read_text())
    assert (made["start_url"], made["scope"], made["display"]) == ("/", "/", "standalone")
    assert made["name"] and made["short_name"] and made["theme_color"]
    offered = {(icon["sizes"], icon["purpose"]) for icon in made["icons"]}
    assert offered == {(f"{n}x{n}", use) for n in (192, 512) for use in ("any", "maskable")}
    for icon in made["icons"]:
        with Image.open(DIST / icon["src"]) as image:
            assert f"{image.width}x{image.height}" == icon["sizes"]


def test_an_icon_that_a_phone_cuts_has_ground_up_to_its_corners() -> None:
    blue = (0x1F, 0x5F, 0xA8, 255)
    for name, corner in (("app-192.png", 0), ("app-mask-192.png", 255), ("touch.png", 255)):
        with Image.open(built(name)) as image:
            assert image.getpixel((0, 0))[3] == corner, name
            assert image.getpixel((image.width // 2, image.height // 8)) == blue, name


def test_the_shell_lists_what_a_kept_page_needs() -> None:
    listed = set(json.loads(built("shell.json").read_text()))
    named = ["app.js", "app.css", "parts.js", "kept/start.js", *shared_scripts()]
    assert {manifest()[name] for name in named} <= listed
    assert all((DIST / file).exists() for file in listed)
    assert not any("site_map" in file for file in listed)


def test_the_worker_is_one_small_file_that_knows_its_release() -> None:
    script = built("sw.js").read_text()
    assert f"/static/dist/{manifest()['shell.json']}" in script
    assert not re.search(r"\bimport\b", script)
    assert sent_bytes("sw.js") <= 13 * 1024
