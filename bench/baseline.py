"""A checkout of an earlier commit beside this one, so that the same act can be timed with both.

The earlier code runs in processes of its own, in this environment's libraries: start them with
`cwd=checkout()` and `python -m`, and `app` is the earlier one. What the set-up builds and git does
not keep (fonts, gazetteer) is linked from this checkout; translations are compiled. Of the browser
files only the manifest is made: the pages print their addresses, and no browser loads them.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path
from tempfile import mkdtemp

from app.config import ROOT

COMMIT = "36b4e8040cad282e034514f358e42790a9816ae6"
"""The last commit before the work on speed. Ratios of `make bench` are against it."""

FOLDER = ROOT / "instance" / "bench-baseline"
BUILT = ("app/static/fonts", "app/gazetteer/places.bin")
DIST = Path("app/static/dist")
NAMED = re.compile(r"""asset_url\(\s*["']([^"']+)["']""")


class NoBaseline(RuntimeError):
    """The earlier commit cannot be checked out, so there is nothing to compare with."""


def checkout(commit: str = COMMIT, folder: Path = FOLDER) -> Path:
    """The folder with the code of `commit`, made by the first call. Raises NoBaseline."""
    kept = folder / commit
    if not kept.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = Path(mkdtemp(prefix="making-", dir=folder))
        try:
            _fill(made, commit)
            made.rename(kept)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    return kept


def _fill(made: Path, commit: str) -> None:
    done = subprocess.run(
        ["git", "archive", commit], cwd=ROOT, capture_output=True, check=False, timeout=120
    )
    if done.returncode:
        raise NoBaseline(f"git archive {commit}: {done.stderr.decode().strip()}")
    with tarfile.open(fileobj=BytesIO(done.stdout)) as archive:
        archive.extractall(made, filter="data")
    for name in BUILT:
        link = made / name
        if not link.exists():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(ROOT / name)
    _write_manifest(made)
    compile_messages = [sys.executable, "-m", "babel.messages.frontend", "-q", "compile"]
    subprocess.run([*compile_messages, "-d", "app/translations"], cwd=made, check=True, timeout=120)


def _write_manifest(made: Path) -> None:
    """Name every browser file that the earlier pages name; addresses are as long as real ones."""
    sources = [*(made / "app/templates").rglob("*.html"), *(made / "app").rglob("*.py")]
    names = {name for source in sources for name in NAMED.findall(source.read_text())}
    manifest = {name: f"{Path(name).stem}-00000000{Path(name).suffix}" for name in sorted(names)}
    (made / DIST).mkdir(parents=True, exist_ok=True)
    (made / DIST / "manifest.json").write_text(json.dumps(manifest))
