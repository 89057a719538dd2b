"""`make bench` at a tiny size, for the tests of its tables."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from app.config import ROOT

TINY = {
    "PHOTOS": "2",
    "PLAIN": "",
    "ROWS": "3",
    "ROUNDS": "1",
    "NAIVE_ROUNDS": "1",
    "READY": "S3",
    "READY_ROUNDS": "1",
    "PAGE_ROUNDS": "0",
    "WARM_UP": "0",
    "TENANTS": "2",
    "REPORTS": "5",
    "SECTIONS": "2",
    "PHOTO_SIZE": "800x600",
}


def run_bench(folder: Path, *contenders: str, **options: str) -> tuple[str, dict[str, Any]]:
    """Run the bench; returns its output and results. The files are in `folder`."""
    own = {
        **options,
        "CONTENDERS": " ".join(contenders),
        "ALBUM": str(folder / "album"),
        "RESULTS": str(folder / "results.json"),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=ROOT,
        env={**os.environ, **TINY, **own},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(Path(own["RESULTS"]).read_text())


def check_series(kept: dict[str, Any], *contenders: str) -> None:
    """Each contender printed the whole report and was timed."""
    (series,) = kept["pdf"]
    assert [one["name"] for one in series["results"]] == list(contenders)
    for one in series["results"]:
        assert one["contents"]["photos"] == 2, one
        assert one["contents"]["answers"] == (0 if one["name"] == "copy" else 3), one
        (sample,) = one["samples"]
        assert sample["cpu"] > 0 and sample["wall"] > 0 and sample["peak_mb"] > 20, one
    assert series["results"][0]["ratios"] == [1.0]


def check_pages(pages: list[dict[str, Any]]) -> None:
    """Each act was measured in time and statements on both sides."""
    measured = {one["name"]: one for one in pages}
    acts = {"start page", "list, first page", "fill page, 300 fields", "one save"}
    assert acts | {"report page, 100 photos", "upload, until done"} <= measured.keys()
    for name in acts:
        page = measured[name]
        assert page["ratio"] > 0 and page["web"] > 0 and page["database"] > 0, page
        assert page["statements"] > 0 and page["earlier_statements"] > 0, page
        assert page["kilobytes"] > 0 and page["goal"], page
    assert measured["upload, until done"]["worker"] > 0
    assert measured["drawing a photo / bare decode"]["ratio"] > 0
    assert "noise: list, first page, again" in measured
