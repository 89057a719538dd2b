"""What needs the bench extra or two whole sides: `make bench` installs it and runs these before it
measures."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from app.config import ROOT
from bench.pdf.contenders import CONTENDERS
from tests.bench.running import check_pages, check_series, run_bench

pytestmark = pytest.mark.contest


def test_every_contender_and_both_sides_of_the_pages_are_timed(tmp_path):
    names = ("ours", "again", "earlier", "naive", "reportlab", "typst", "chromium", "copy")
    assert tuple(CONTENDERS) == names
    printed, kept = run_bench(tmp_path, *names, PAGE_ROUNDS="1")
    check_series(kept, *names)
    check_pages(kept["pages"])
    assert "one save" in printed
    assert "reportlab" in kept["machine"]["packages"]
    for words in ("noise: Laudo's engine again", "engine before", "naive WeasyPrint", "Typst"):
        assert words in printed


def test_locust_finds_the_technician(tmp_path):
    names = ("CHECKLIST_ID", "PROJECT_ID", "FIELDS", "PHOTO_FIELD", "PASSWORD")
    settings = {f"LOAD_{name}": "any" for name in names}
    settings |= {"LOAD_URL": "http://localhost", "LOAD_LEDGER": str(tmp_path / "ledger")}
    done = subprocess.run(
        [sys.executable, "-m", "locust", "-f", "bench/load/people.py", "--list"],
        cwd=ROOT,
        env={**os.environ, **settings, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert "Technician" in done.stdout, done.stdout + done.stderr
