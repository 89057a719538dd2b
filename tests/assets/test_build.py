"""What the build makes: everything that pages ask for, small, compressed and self-contained."""

from __future__ import annotations

import gzip
import re

import brotli  # type: ignore[import-untyped]

from tests.assets.building import APP, DIST, built, manifest, sent_bytes

FIRST_LOAD = 150 * 1024
# The longest fill page of the sample checklists compresses to well below this.
ROOM_FOR_HTML = 40 * 1024
# The form with the map is one screen long.
ROOM_FOR_A_FORM = 8 * 1024
COMPRESSED = (".js", ".css", ".svg", ".json")


def test_first_load_of_the_fill_page_stays_within_the_budget() -> None:
    parts = ["app.css", "app.js", "shared.js", "parts.js", "icons.svg", "favicon.svg"]
    fonts = ["fonts/InterCut-Regular.woff2", "fonts/InterCut-SemiBold.woff2"]
    assert sum(map(sent_bytes, parts + fonts)) + ROOM_FOR_HTML <= FIRST_LOAD


def test_first_load_of_the_page_with_the_map_stays_within_it_too() -> None:
    parts = ["app.css", "app.js", "shared.js", "icons.svg", "favicon.svg"]
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


def test_nothing_is_fetched_from_elsewhere() -> None:
    outside = re.compile(r"""(?:url\(|@import\s+|from\s*|import\()["']?(?:https?:)?//""")
    for name in ("app.css", "app.js", "shared.js", "parts.js", "site_map.js", "site_map.css"):
        assert not outside.search(built(name).read_text()), name
