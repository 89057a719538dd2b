"""Redis stopped, hung and emptied while reports are submitted: nobody notices, no PDF is lost."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from uuid import UUID

import pytest

from tests.faults import truth
from tests.faults.people import Client, make_reports
from tests.faults.site import Site, wait_until

pytestmark = pytest.mark.xdist_group("faults")

EACH = 2


@contextmanager
def stopped(site: Site) -> Iterator[None]:
    site.valkey.stop()
    yield
    site.valkey.start()


@contextmanager
def hung(site: Site) -> Iterator[None]:
    """The port takes connections and never answers."""
    pid = site.valkey._pid()
    assert pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def emptied(site: Site) -> Iterator[None]:
    yield
    site.redis().flushall()


def is_rendered(site: Site, report: UUID) -> bool:
    found = site.ask(
        "select 1 from documents where report_id = %s and state = 'running'"
        " and progress_stage is not null",
        str(report),
    )
    return bool(found)


@pytest.mark.parametrize("fault", [stopped, hung, emptied])
def test_reports_are_submitted_and_printed(site, tess, fault: Callable):
    reports = make_reports(site, EACH)
    late = Client(site, site.cast.tom)
    with fault(site):
        assert [tess.submit(report) for report in reports] == [200] * EACH
        assert late.log_in() == 200
        assert late.get("/reports/").status_code == 200
        assert tess.get("/").status_code == 200
    wait_until(lambda: not truth.count_open(site, reports), "open", 60)
    assert truth.wrong_documents(site, reports) == []
    assert truth.wrong_reports(site) == []
    if fault is emptied:
        # The worker serves on, but RQ's list lacks it, by which other tests find its renders.
        site.stop("worker")
    assert set(tess.statuses) | set(late.statuses) == {200}


def test_a_worker_outlives_an_outage_in_the_middle_of_a_render(site, tess):
    (report,) = make_reports(site, 1, rows=120)
    process = site.processes["worker"]
    assert tess.submit(report) == 200
    wait_until(lambda: is_rendered(site, report), "nobody renders it", 30)
    with stopped(site):
        wait_until(lambda: not truth.count_open(site, [report]), "open", 60)
    assert truth.wrong_documents(site, [report]) == []
    (following,) = make_reports(site, 1)
    assert tess.submit(following) == 200
    wait_until(lambda: not truth.count_open(site, [following]), "open", 60)
    assert process.poll() is None, site.log("worker")[-3000:]
