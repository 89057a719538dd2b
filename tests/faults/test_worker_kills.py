"""SIGKILL during a render: whichever process dies, the PDF is published exactly once."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults import truth
from tests.faults.conftest import RECOVERY_SECONDS
from tests.faults.killing import Victim, is_listed, strike, wait_for_render
from tests.faults.people import make_reports
from tests.faults.site import children, wait_until

pytestmark = pytest.mark.xdist_group("faults")

ROWS = 600  # a few seconds of rendering, so that a kill hits it


@pytest.fixture(autouse=True)
def listed_worker(site):
    """Restart the worker if RQ does not list it, because renders are found by that list. Another
    test's Redis fault may have removed its entry."""
    if not is_listed(site, "worker"):
        site.stop("worker")
        site.start("worker")


def test_each_killed_render_is_repeated_and_published_once(site, tess):
    reports = make_reports(site, len(Victim), rows=ROWS)
    # The relay queues a row again only after 15 s, so submit each when the worker is free.
    for victim, report in zip(Victim, reports, strict=True):
        assert tess.submit(report) == 200
        render = wait_for_render(site, "worker")
        assert strike(site, render, victim, delay=0.3), f"{victim} was hit too late"
        if victim is not Victim.CHILD:
            site.start("worker")
    wait_until(lambda: not truth.count_open(site, reports), "open", RECOVERY_SECONDS)
    assert truth.wrong_documents(site, reports) == []
    assert truth.wrong_evidence(site) == []
    tries = site.ask(
        "select attempts, fence from documents where report_id = any(%s::uuid[])",
        list(map(str, reports)),
    )
    assert all(attempts == fence == 2 for attempts, fence in tries), tries


def test_a_frozen_worker_cannot_publish_after_its_lease(site, tess):
    """A machine that sleeps through its lease, as virtual machines do: the fence blocks its
    result."""
    (report,) = make_reports(site, 1, rows=ROWS)
    assert tess.submit(report) == 200
    frozen = wait_for_render(site, "worker")
    group = [frozen.parent, frozen.child]
    for pid in group:
        os.kill(pid, signal.SIGSTOP)
    try:
        site.processes["frozen"] = site.processes.pop("worker")
        site.start("worker")
        wait_until(lambda: not truth.count_open(site, [report]), "open", RECOVERY_SECONDS)
        before = truth.figures(site).chains
    finally:
        for pid in reversed(group):
            os.kill(pid, signal.SIGCONT)
    wait_until(lambda: not children(frozen.parent), "the frozen render never ended", 60)
    assert "the fence was lost" in site.log("worker")
    assert truth.figures(site).chains == before
    assert truth.wrong_documents(site, [report]) == []
    assert site.ask("select fence from documents where id = %s", frozen.document_id) == [(2,)]
    site.stop("frozen")
