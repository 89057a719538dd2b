"""`make bench` at a tiny size: it completes, and its tables have the measurements.

Without the bench extra, so without ReportLab, and without the earlier commit: test_contest.py has
all contenders and both sides of the pages.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from app.config import ROOT
from bench import pages
from bench.pdf.originals import take
from tests.bench.running import check_pages, check_series, run_bench
from tests.support import servers

pytestmark = pytest.mark.xdist_group("bench")

TINY = {"tenants": 2, "each": 5, "sections": 2}


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict[str, Any]]:
    return run_bench(tmp_path_factory.mktemp("bench"), "ours", "copy")


@pytest.fixture
def lent_redis() -> Iterator[str]:
    """Of its own: the worker of another stack would take the work."""
    with servers.current().lend_redis() as url:
        yield url


def test_our_engine_renders_the_report_and_is_timed(ran):
    check_series(ran[1], "ours", "copy")


def test_a_submitted_report_is_timed_until_its_pdf_is_ready(ran):
    (waited,) = ran[1]["ready"]
    assert (waited["storage"], waited["photos"]) == ("S3", 2)
    assert waited["seconds"] > waited["render"] > 0 and waited["worker"] > 0
    assert "submit to ready" in ran[0]


def test_the_tables_name_machine_and_figures(ran):
    printed, kept = ran
    assert f"{kept['machine']['cores']} cores" in printed
    assert "weasyprint" in kept["machine"]["packages"]
    for words in ("Laudo's engine", "copy limit"):
        assert words in printed


def test_pages_are_counted_in_time_and_statements(tmp_path, lent_redis):
    """Every act once on our side, which stands for the earlier one too, on the servers of this
    run."""
    photo = take(1, tmp_path, size=(800, 600))[0].original
    running = json.loads(os.environ[servers.ENV])
    running["redis_url"] = lent_redis
    process = subprocess.Popen(
        [sys.executable, "-P", ROOT / "bench" / "side.py"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), servers.ENV: json.dumps(running)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        side = pages.Peer(process, {**TINY, "picture": str(photo)})
        names = side.acts()
        samples = {name: side.measure(name) for name in names}
    finally:
        process.communicate(timeout=120)
    seen = {(name, at): one for name, one in samples.items() for at in (pages.OURS, pages.EARLIER)}
    seen[pages.NOISE, pages.AGAIN] = samples[pages.NOISE]
    rows = pages.rows_of(names, [seen], [pages.drawn_and_decoded(photo)])
    check_pages(pages.as_json(rows))
    assert "one save" in pages.table(rows)
