"""Redis is stopped, hung or emptied while reports are submitted: no error, and no PDF is lost."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest

from tests.faults import truth
from tests.faults.outages import emptied, hung, stopped
from tests.faults.people import Client, make_reports
from tests.faults.site import Site, wait_until

pytestmark = pytest.mark.xdist_group("faults")

EACH = 2


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
        # The worker continues, but RQ's list, which other tests use to find renders, has lost it.
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
