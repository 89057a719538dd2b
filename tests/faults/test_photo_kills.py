"""A worker that reads a photo is stopped in the middle: the photo is read again, exactly once.

The worker reads photos itself, and only their pixels in a child (docs/adr/0028).
"""

from __future__ import annotations

import io
import signal
from functools import cache
from uuid import uuid4

import pytest
from PIL import Image

from tests.faults import truth
from tests.faults.conftest import RECOVERY_SECONDS
from tests.faults.outages import stopped
from tests.faults.people import Client, make_reports, upload_form
from tests.faults.site import Site, children, is_running, kill, wait_until

pytestmark = pytest.mark.xdist_group("faults")


@cache
def _noise() -> bytes:
    """Takes a second to decode and draw, so that a strike hits it."""
    small = Image.effect_noise((1500, 1100), 90).convert("RGB")
    out = io.BytesIO()
    small.resize((6000, 4400)).save(out, "JPEG", quality=80)
    return out.getvalue()


def a_large_jpeg() -> bytes:
    """The same pixels each time, in another file: what follows the end of the picture is unread."""
    return _noise() + uuid4().bytes


class Reading:
    """A large photo that is sent, and its reading."""

    def __init__(self, site: Site, tess: Client) -> None:
        self.site, self.data = site, a_large_jpeg()
        (self.report,) = make_reports(site, 1)
        self.client_id = uuid4()
        address = f"/reports/{self.report}/fields/place/photos"
        form = upload_form(self.data, self.client_id)
        assert tess.insist(address, form, self.data) == 201
        ((self.photo,),) = site.ask(
            "select id::text from photos where client_id = %s", str(self.client_id)
        )

    def row(self) -> tuple[object, ...]:
        ((*row,),) = self.site.ask(
            "select state, attempts, fence from photo_checks where photo_id = %s", self.photo
        )
        return tuple(row)

    def wait_for_child(self, worker: str = "worker") -> int:
        """The process that decodes the photo, once it runs."""
        parent, found = self.site.processes[worker].pid, []

        def look() -> bool:
            found[:] = children(parent)
            return bool(found) and self.row()[0] == "running"

        wait_until(look, lambda: f"nobody reads: {self.row()}", 60, 0.005)
        return found[0]

    def wait_until_done(self) -> None:
        wait_until(
            lambda: self.row()[0] == "done",
            lambda: f"{self.row()}\n{self.site.log('worker')[-3000:]}",
            RECOVERY_SECONDS,
        )

    def check(self, tries: int) -> None:
        """Read once: one reading that is good, its derivatives, and their bytes."""
        assert self.row() == ("done", tries, tries)
        found = self.site.ask("select verdict from photo_readings where photo_id = %s", self.photo)
        assert found == [("good",)]
        drawn = self.site.ask(
            "select kind, storage_key from derivatives where photo_id = %s", self.photo
        )
        assert sorted(kind for kind, _key in drawn) == ["print", "thumbnail"]
        assert all((self.site.storage / str(key)).exists() for _kind, key in drawn)
        assert truth.wrong_photos(self.site, [self.client_id]) == []
        assert truth.wrong_objects(self.site) == []


@pytest.fixture
def reading(site: Site, tess: Client) -> Reading:
    """A photo that nobody reads before the test looks: its worker stands still meanwhile."""
    pid = site.processes["worker"].pid
    kill(pid, signal.SIGSTOP)
    try:
        return Reading(site, tess)
    finally:
        kill(pid, signal.SIGCONT)


def test_a_killed_child_costs_one_try_and_not_the_worker(site, reading):
    process = site.processes["worker"]
    kill(reading.wait_for_child())
    reading.wait_until_done()
    assert process.poll() is None
    reading.check(2)


def test_another_worker_reads_the_photo_of_a_killed_one(site, reading):
    child = reading.wait_for_child()
    site.kill("worker")
    wait_until(lambda: not is_running(child), "an orphan decodes on", 5)
    assert reading.row()[0] == "running"
    site.start("worker")
    reading.wait_until_done()
    reading.check(2)


def test_a_worker_that_should_stop_finishes_its_photo(site, reading):
    reading.wait_for_child()
    process = site.processes.pop("worker")
    kill(process.pid, signal.SIGTERM)
    assert process.wait(60) == 0, site.log("worker")[-3000:]
    reading.check(1)
    site.start("worker")


def test_the_worker_outlives_a_redis_that_goes_away(site, tess, reading):
    process = site.processes["worker"]
    reading.wait_for_child()
    with stopped(site):
        reading.wait_until_done()
    reading.check(1)
    following = Reading(site, tess)
    following.wait_until_done()
    assert process.poll() is None, site.log("worker")[-3000:]
