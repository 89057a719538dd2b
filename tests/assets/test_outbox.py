"""The outbox needs no page, and sends everything exactly once (outbox/*.test.mjs, run by node)."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.assets.building import ASSETS, node

OUTBOX = ASSETS / "src" / "outbox"
MODULES = sorted(OUTBOX.glob("*.js"))
NODE_TESTS = sorted((Path(__file__).parent / "outbox").glob("*.test.mjs"))
PACKAGES = {"idb", "client-zip", "@noble/hashes/sha2.js"}
COMMENTS = re.compile(r"/\*.*?\*/|(?<!:)//[^\n]*", re.DOTALL)
# Names that do not exist in a service worker.
ONLY_ON_PAGES = re.compile(
    r"\b(document|window|location|history|localStorage|sessionStorage|XMLHttpRequest"
    r"|DOMParser|alert|confirm|requestAnimationFrame|matchMedia|htmx)\b(?!\s*:)"
)
IMPORTS = re.compile(r"""(?:from\s+|import\s*\(?\s*)["']([^"']+)["']""")


def _code(path: Path) -> str:
    return COMMENTS.sub("", path.read_text())


def _run(script: str, *arguments: str) -> Any:
    command = [node(), "--input-type=module", "-e", script, *arguments]
    ran = subprocess.run(
        command, cwd=ASSETS, check=True, capture_output=True, text=True, timeout=60
    )
    return json.loads(ran.stdout)


def test_the_outbox_has_the_modules_that_send_and_store() -> None:
    assert {"index.js", "sender.js", "store.js"} <= {path.name for path in MODULES}
    assert NODE_TESTS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_of_the_outbox_touches_no_page(path: Path) -> None:
    assert ONLY_ON_PAGES.findall(_code(path)) == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_a_module_of_the_outbox_imports_nothing_of_a_page(path: Path) -> None:
    known = {f"./{one.name}" for one in MODULES} | PACKAGES
    assert set(IMPORTS.findall(_code(path))) <= known


@pytest.mark.parametrize(
    "code", ["document.body", "window.idb", "new XMLHttpRequest()", "location.reload()", "htmx.on("]
)
def test_the_lint_finds_violations(code: str) -> None:
    assert ONLY_ON_PAGES.search(code)


BUNDLE = """
import * as esbuild from "esbuild";
const modules = JSON.parse(process.argv[1]);
const contents = modules.map((name, n) => `export * as m${n} from ${JSON.stringify(name)};`).join("");
const { outputFiles, metafile } = await esbuild.build({
  stdin: { contents, resolveDir: process.cwd() },
  bundle: true, format: "esm", platform: "browser", write: false, metafile: true,
});
const inputs = Object.keys(metafile.inputs);
const made = await import("data:text/javascript;base64," + Buffer.from(outputFiles[0].contents).toString("base64"));
const names = Object.values(made).flatMap((one) => Object.keys(one));
console.log(JSON.stringify({ inputs, names, hasPage: "document" in globalThis || "window" in globalThis }));
"""


def test_the_outbox_is_bundled_and_loaded_without_a_page() -> None:
    found = _run(BUNDLE, json.dumps([str(path) for path in MODULES]))
    assert not found["hasPage"]
    assert {"createOutbox", "createSender", "createStore"} <= set(found["names"])
    packages = ("idb/", "client-zip/", "@noble/hashes/")
    within = ("src/outbox/", *(f"node_modules/{one}" for one in packages), "<stdin>")
    assert [path for path in found["inputs"] if not path.startswith(within)] == []


@pytest.mark.parametrize("path", NODE_TESTS, ids=lambda path: path.name)
def test_everything_arrives_exactly_once(path: Path) -> None:
    """tests/assets/outbox/: the real outbox over a database in memory and a server that fails."""
    command = [node(), "--test", "--test-timeout=120000", str(path)]
    ran = subprocess.run(command, cwd=ASSETS, capture_output=True, text=True, timeout=300)
    assert ran.returncode == 0, ran.stdout[-8000:]
