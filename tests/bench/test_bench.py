"""`make bench` at a tiny size: it runs to its end, and its tables hold what was measured."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.config import ROOT

pytestmark = pytest.mark.xdist_group("bench")

TINY = {
    "PHOTOS": "2",
    "ROWS": "3",
    "ROUNDS": "1",
    "NAIVE_ROUNDS": "1",
    "PAGE_ROUNDS": "1",
    "TENANTS": "2",
    "REPORTS": "5",
    "SECTIONS": "2",
    "PHOTO_SIZE": "800x600",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    folder = tmp_path_factory.mktemp("bench")
    own = {"ALBUM": str(folder / "album"), "RESULTS": str(folder / "results.json")}
    done = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=ROOT, env={**os.environ, **TINY, **own}, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout, json.loads(Path(own["RESULTS"]).read_text())


def test_every_contender_prints_the_report_and_is_timed(ran):
    (series,) = ran[1]["pdf"]
    names = [one["name"] for one in series["results"]]
    assert names == ["ours", "again", "naive", "reportlab", "copy"]
    for one in series["results"]:
        assert one["contents"]["photos"] == 2, one
        assert one["contents"]["answers"] == (0 if one["name"] == "copy" else 3), one
        (sample,) = one["samples"]
        assert sample["cpu"] > 0 and sample["wall"] > 0 and sample["peak_mb"] > 20, one
    assert series["results"][0]["ratios"] == [1.0]


def test_pages_are_counted_in_time_and_statements(ran):
    pages = {one["name"]: one for one in ran[1]["pages"]}
    assert {"list, first page", "fill page", "one save"} <= pages.keys()
    for page in pages.values():
        assert page["p50"] > 0 and page["statements"] > 0 and page["kilobytes"] > 0, page


def test_the_tables_name_machine_and_figures(ran):
    printed, kept = ran
    assert f"{kept['machine']['cores']} cores" in printed
    for words in ("one save", "noise: Laudo's engine again", "copy limit", "ReportLab"):
        assert words in printed
