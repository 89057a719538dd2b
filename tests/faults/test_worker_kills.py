"""SIGKILL in the middle of a render: whoever dies, the PDF is made in the end, and once."""

from __future__ import annotations

import os
import signal

import pytest

from tests.faults import truth
from tests.faults.conftest import LEASE_SECONDS
from tests.faults.killing import Victim, strike, wait_for_render
from tests.faults.people import make_reports
from tests.faults.site import children, wait_until

pytestmark = pytest.mark.xdist_group("faults")

# The promise is 75 s with the lease of 60 s; what is not the lease is the same here.
RECOVERY_SECONDS = 75 - 60 + LEASE_SECONDS + 30  # and what a machine with other work to do takes
ROWS = 150  # a few seconds of rendering, so that a blow after a part of one falls in it


@pytest.fixture(autouse=True)
def listed_worker(site):
    """RQ lists a worker from its start on, and renders are found by that list. What another test
    did to Redis may have taken the entry of one that serves on without it."""
    site.stop("worker")
    site.start("worker")


def test_each_killed_render_is_done_again_and_published_once(site, tess):
    reports = make_reports(site, len(Victim), rows=ROWS)
    # The relay leaves what it has fed for 15 s, so each is submitted when the worker is free.
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


def test_a_worker_that_freezes_and_comes_back_cannot_publish_what_another_made(site, tess):
    """A machine that sleeps through its lease, as virtual ones do: the fence refuses its result."""
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
