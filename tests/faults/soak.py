"""The faults of this folder in large numbers, at random moments, with the real settings.

`python -m tests.faults.soak --kills 500` prints a ledger and exits with status 1 if anything was
lost, duplicated or wrong. Faults and checks are the code of the tests.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from threading import Lock, Thread
from uuid import UUID

from tests.faults import truth
from tests.faults.cutting import cutting
from tests.faults.killing import Victim, find_render, strike
from tests.faults.outages import emptied, hung, stopped
from tests.faults.outbox_phones import Away, break_web, cut_off, p95
from tests.faults.outbox_phones import stopped as web_stopped
from tests.faults.people import Client, make_reports
from tests.faults.phones import plan, run, wrong
from tests.faults.saving import Outage, crash, refusals_outside, savers_at_work
from tests.faults.site import Site, running_site, wait_until
from tests.faults.web_kills import strike_uploads_and_submits

ROWS = 200
WORKERS = ("worker", "worker-2")
# 75 s after a worker is back, as documented, plus time for earlier work in the queue.
LONGEST_SECONDS = 120.0
# After an outage of the web: until all phones have sent, and what others feel of it.
SENT_SECONDS = 15.0
AUTOSAVE_MS = 250.0


@dataclass
class Line:
    """One line of the ledger: the fault, how often it struck, and the results."""

    name: str
    faults: int = 0
    missed: int = 0
    done: int = 0
    longest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return (
            f"{self.name:<34} faults {self.faults:>4}  (fell beside {self.missed:>3})"
            f"  done {self.done:>5}  wrong {len(self.wrong):>3}  longest {self.longest:6.1f} s"
        )


@dataclass
class KillState:
    """The state that the killer threads of all workers share."""

    site: Site
    target: int
    deadline: float
    random: Random
    render_seconds: float = 2.0
    lock: Lock = field(default_factory=Lock)
    struck: dict[str, float] = field(default_factory=dict)
    landed: dict[Victim, int] = field(default_factory=lambda: dict.fromkeys(Victim, 0))
    missed: int = 0
    wrong: list[str] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        return sum(self.landed.values()) >= self.target or time.monotonic() > self.deadline

    def kill_on(self, worker: str) -> None:
        """Kill each document's render once, at a random point; then let it finish.

        Errors of a strike are collected, because an exception would only end its thread.
        """
        while not self.is_over:
            try:
                self._strike_next(worker)
            except Exception as error:
                with self.lock:
                    self.wrong.append(f"striking {worker}: {type(error).__name__}: {error}"[:500])
                if worker in self.site.processes:
                    self.site.stop(worker)
                self.site.start("worker", worker)

    def _strike_next(self, worker: str) -> None:
        render = find_render(self.site, worker)
        if render is None or render.document_id in self.struck:
            time.sleep(0.02)
            return
        with self.lock:
            victim = min(Victim, key=lambda one: self.landed[one])
            delay = self.random.uniform(0, self.render_seconds)
            self.struck[render.document_id] = time.monotonic()
        has_landed = strike(self.site, render, victim, delay)
        with self.lock:
            self.struck[render.document_id] = time.monotonic()
            self.landed[victim] += has_landed
            self.missed += not has_landed
        if victim is not Victim.CHILD:
            self.site.start("worker", worker)


def kill_workers(site: Site, kills: int, minutes: float, random: Random) -> Line:
    """Kill the child, the parent or both, a third each. The delay of a document starts at the
    kill."""
    client = Client(site, site.cast.tess)
    client.log_in()
    shared = KillState(site, kills, time.monotonic() + minutes * 60, random)
    threads = [Thread(target=shared.kill_on, args=(name,), daemon=True) for name in WORKERS]
    for name in WORKERS[1:]:
        site.start("worker", name)
    for thread in threads:
        thread.start()
    reports: list[UUID] = []
    while not shared.is_over:
        if truth.count_open(site, reports) - _waiting_for_lease(site) < 6:
            for report in make_reports(site, 4, rows=ROWS):
                assert client.insist(f"/reports/{report}/submit", {}) == 200
                reports.append(report)
        _learn_pace(shared)
        time.sleep(1)
    for thread in threads:
        thread.join(60)
        if thread.is_alive():
            shared.wrong.append("a killer hangs")
    line = Line("workers killed in a render", wrong=shared.wrong)
    _drain(site, reports, line)
    line.faults, line.missed = sum(shared.landed.values()), shared.missed
    line.longest = _longest_delay(site, shared)
    line.done = len(reports) - truth.count_open(site, reports)
    line.wrong += truth.wrong_documents(site, reports) + truth.wrong_evidence(site)
    line.wrong += truth.wrong_objects(site)
    print({victim.value: count for victim, count in shared.landed.items()}, flush=True)
    site.stop(WORKERS[1])
    return line


def _waiting_for_lease(site: Site) -> int:
    ((count,),) = site.ask(
        "select count(*) from documents where state = 'running' and updated_at < now()"
        " - interval '10 seconds'"
    )
    return int(str(count))


def _learn_pace(shared: KillState) -> None:
    rows = shared.site.ask(
        "select avg(render_seconds) from (select render_seconds from documents"
        " where state = 'done' and render_seconds > 0.9 order by finished_at desc limit 5) last"
    )
    if rows[0][0]:
        shared.render_seconds = float(str(rows[0][0]))


def _longest_delay(site: Site, shared: KillState) -> float:
    """The longest time in seconds from a kill to the finished document.

    A strike that missed its document may have hit one that was struck before. That document lost
    two renders, which count separately.
    """
    now, wall = time.monotonic(), time.time()
    rows = site.ask(
        "select id::text, extract(epoch from finished_at), attempts - 1 from documents"
        " where id = any(%s::uuid[]) and attempts > 1",
        list(shared.struck),
    )
    return max(
        (
            (float(str(end)) - (wall - now + shared.struck[str(one)])) / int(str(lost))
            for one, end, lost in rows
        ),
        default=0.0,
    )


def _drain(site: Site, reports: Sequence[UUID], line: Line, seconds: float = 300) -> float:
    """Wait until every PDF is there; returns the seconds. A missing PDF is an error."""
    try:
        return wait_until(lambda: not truth.count_open(site, reports), "", seconds, 0.5)
    except AssertionError:
        line.wrong.append(f"{truth.count_open(site, reports)} documents never came")
        return seconds


def break_redis(site: Site, seconds: float, fault: Callable) -> Line:
    """Submit one report per second while Redis is down; no answer may be a 5xx."""
    line = Line(f"Redis {fault.__name__} for {seconds:.0f} s", faults=1)
    client = Client(site, site.cast.tess)
    client.log_in()
    reports = make_reports(site, max(1, int(seconds)))
    with fault(site):
        end = time.monotonic() + seconds
        for report in reports:
            if client.submit(report) != 200:
                line.wrong.append(f"submit of {report}: {client.statuses}")
            time.sleep(max(0.0, min(1.0, end - time.monotonic())))
    line.longest = _drain(site, reports, line)
    line.done = len(reports) - truth.count_open(site, reports)
    line.wrong += truth.wrong_documents(site, reports) + truth.wrong_reports(site)
    if fault is emptied:
        site.stop("worker")  # RQ's list, which the killers use, has lost it
        site.start("worker")
    return line


def crash_postgres(site: Site, crashes: int) -> Line:
    """Eight technicians save continuously; `longest` is from a crash to everybody's next save."""
    line = Line("PostgreSQL crashed under autosaves", faults=crashes)
    outages: list[Outage] = []
    with savers_at_work(site, 8) as savers:
        for _crash in range(crashes):
            time.sleep(3)
            outages.append(crash(site))
            back = outages[-1].up
            wait_until(lambda: all(one.last_saved > back for one in savers), "stuck", 60)  # noqa: B023
            line.longest = max(line.longest, time.time() - back)
        time.sleep(3)
    saves = [save for saver in savers for save in saver.client.saves]
    line.done = len(saves)
    line.wrong += refusals_outside(savers, outages, slack=10)
    line.wrong += [f"save answered {status}" for saver in savers for status in saver.trouble]
    line.wrong += truth.lost_saves(site, saves) + truth.wrong_evidence(site)
    print(f"503s while down: {sum(len(one.client.refusals) for one in savers)}", flush=True)
    return line


def kill_web(site: Site, kills: int, random: Random) -> Line:
    client = Client(site, site.cast.tess)
    client.log_in()
    struck = strike_uploads_and_submits(site, client, kills, random)
    line = Line("web killed in uploads and submits", struck.landed, struck.kills - struck.landed)
    line.longest = struck.slowest_return
    line.done = len(struck.photos) + len(struck.reports)
    _drain(site, struck.reports, line)
    line.wrong += truth.wrong_photos(site, struck.photos) + truth.wrong_objects(site)
    line.wrong += truth.wrong_reports(site) + truth.wrong_evidence(site)
    line.wrong += truth.wrong_documents(site, struck.reports)
    return line


def cut_phones(site: Site, devices: int, each: int, random: Random) -> Line:
    """Phones send operations again, out of order and too early, over connections that are cut."""
    operations = plan(site, devices, each, random)
    port = int(site.url.rpartition(":")[2])
    with cutting(port, share=0.3, random=Random(random.random())) as proxy:
        done = run(site, proxy.port, operations, random)
    line = Line("connections of phones cut", faults=proxy.cuts, done=len(operations))
    line.wrong += wrong(site, done) + truth.wrong_evidence(site)
    print(f"phones heard: {dict(done.statuses)}, early: {done.early}", flush=True)
    return line


def break_web_under_phones(site: Site, phones: int, seconds: float, away: Away) -> Line:
    """Phones capture their work while the web is away, and send it when it is back."""
    outage = break_web(site, phones, seconds, away)
    print(outage, flush=True)
    line = Line(f"web {away.__name__}", faults=1, done=outage.operations, longest=outage.last)
    line.wrong += outage.wrong + truth.wrong_evidence(site)
    if outage.last > SENT_SECONDS:
        line.wrong.append(f"the last operation came after {outage.last:.1f} s")
    if p95(outage.autosaves) > AUTOSAVE_MS:
        line.wrong.append(f"autosaves of others took {p95(outage.autosaves):.0f} ms")
    return line


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=500, help="worker kills that land")
    parser.add_argument("--minutes", type=float, default=60, help="at most, for those kills")
    parser.add_argument("--redis-seconds", type=float, default=60)
    parser.add_argument("--crashes", type=int, default=10, help="of PostgreSQL")
    parser.add_argument("--web-kills", type=int, default=200)
    parser.add_argument("--waiting-phones", type=int, default=20, help="in an outage of the web")
    parser.add_argument("--web-seconds", type=float, default=60, help="of that outage")
    parser.add_argument("--phones", type=int, default=50)
    parser.add_argument("--operations", type=int, default=40, help="of each phone")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    random = Random(given.seed)
    lines: list[Line] = []
    with running_site() as site:
        steps: list[Callable[[], Line]] = []
        if given.kills:
            steps.append(lambda: kill_workers(site, given.kills, given.minutes, random))
        if given.redis_seconds:
            for fault in (stopped, hung, emptied):
                steps.append(lambda fault=fault: break_redis(site, given.redis_seconds, fault))  # type: ignore[misc]
        if given.crashes:
            steps.append(lambda: crash_postgres(site, given.crashes))
        if given.web_kills:
            steps.append(lambda: kill_web(site, given.web_kills, random))
        if given.waiting_phones:
            for away in (cut_off, web_stopped):
                steps.append(
                    lambda away=away: break_web_under_phones(  # type: ignore[misc]
                        site, given.waiting_phones, given.web_seconds, away
                    )
                )
        if given.phones:
            steps.append(lambda: cut_phones(site, given.phones, given.operations, random))
        for step in steps:
            started = time.monotonic()
            lines.append(step())
            print(lines[-1], f" in {time.monotonic() - started:.0f} s", flush=True)
            for sentence in lines[-1].wrong[:20]:
                print("   ", sentence, flush=True)
    return verdict(lines, given.kills)


def verdict(lines: Sequence[Line], kills: int) -> int:
    """0 if nothing was wrong, every strike hit and no document was late."""
    print("\n" + "\n".join(map(str, lines)))
    idle = [line.name for line in lines if not line.faults]
    late = [line.name for line in lines if kills and line.longest > LONGEST_SECONDS]
    if idle:
        print("never struck:", ", ".join(idle))
    if late:
        print(f"later than {LONGEST_SECONDS:.0f} s:", ", ".join(late))
    is_good = not idle and not late and not any(line.wrong for line in lines)
    print("nothing lost, nothing doubled" if is_good else "NOT GOOD")
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
