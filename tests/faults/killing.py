"""Killing a worker in the middle of a render, and verifying that it really was in the middle."""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass
from enum import StrEnum

from redis.exceptions import RedisError
from rq import Worker

from tests.faults.site import Site, children, is_running, kill, wait_until

REDIS_BEAT = 0.02


class Victim(StrEnum):
    CHILD = "child"
    PARENT = "parent"
    GROUP = "group"


@dataclass(frozen=True)
class Render:
    """A document being rendered: its worker, forked child and fence."""

    document_id: str
    worker: str
    parent: int
    child: int
    fence: int

    def is_going_on(self, site: Site) -> bool:
        return is_running(self.child) and self.is_open(site)

    def is_open(self, site: Site) -> bool:
        row = site.ask("select state, fence from documents where id = %s", self.document_id)
        return row == [("running", self.fence)]


def find_render(site: Site, worker: str) -> Render | None:
    """The render that this worker is doing now, according to its job in RQ."""
    process = site.processes[worker]
    forked = children(process.pid)
    if len(forked) != 1:
        return None
    document_id = _document_of(site, process.pid)
    if document_id is None:
        return None
    row = site.ask("select state, fence from documents where id = %s", document_id)
    if not row or row[0][0] != "running":
        return None
    return Render(document_id, worker, process.pid, forked[0], int(str(row[0][1])))


def is_listed(site: Site, worker: str) -> bool:
    """Whether RQ lists the worker, so that its renders are found."""
    with contextlib.closing(site.redis()) as client:
        return any(one.pid == site.processes[worker].pid for one in Worker.all(connection=client))


def _document_of(site: Site, pid: int) -> str | None:
    """The document of the process's newest entry: RQ keeps the one of before an outage of Redis,
    with its last job, until it expires."""
    client = site.redis()
    with contextlib.suppress(RedisError), contextlib.closing(client):
        entries = [
            one for one in Worker.all(connection=client) if one.pid == pid and one.birth_date
        ]
        if entries:
            newest = max(entries, key=lambda one: one.birth_date)
            kind, _, rest = (newest.get_current_job_id() or "").partition("-")
            return rest.rpartition("-")[0] if kind == "document" else None
    return None


def wait_for_render(site: Site, worker: str, seconds: float = 60) -> Render:
    found: list[Render] = []

    def look() -> bool:
        one = find_render(site, worker)
        found.extend([one] if one else [])
        return bool(one)

    def silence() -> str:
        return f"{worker} renders nothing\n{site.log(worker)[-2000:]}"

    wait_until(look, silence, seconds, REDIS_BEAT)
    return found[0]


def strike(site: Site, render: Render, victim: Victim, delay: float) -> bool:
    """Kill after `delay` seconds; True if the render was running and did not finish.

    The child must end soon in every case: an orphan would waste the processor.
    """
    time.sleep(delay)
    was_going_on = render.is_going_on(site)
    pids = {
        Victim.CHILD: [render.child],
        Victim.PARENT: [render.parent],
        Victim.GROUP: [render.parent, render.child],
    }[victim]
    for pid in pids:
        kill(pid)
    if victim is not Victim.CHILD:
        site.processes.pop(render.worker).wait(10)
    wait_until(lambda: not is_running(render.child), f"an orphan runs on after {victim}", 5)
    return was_going_on and render.is_open(site)
