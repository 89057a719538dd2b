"""One side of the comparison of pages: runs acts with the code of the checkout that it starts in.

A script of its own, so that an earlier checkout can run it: start it with `cwd` and PYTHONPATH on
that checkout and with `-P`. It imports only what both have. Reads JSON from standard input: first
the size of the world, then names of acts; answers each line with one line of JSON.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BytesIO
from itertools import count
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import psycopg2
from sqlalchemy import Engine, event, make_url

from app.config import ROOT
from app.extensions import db
from app.models import Actor, PhotoReading, PhotoVerdict, Report
from app.tenancy import tenant_scope
from bench.world import World, open_world

try:
    from tests.support import scenarios, servers
except ImportError:  # the earlier checkout, where they have no folder of their own
    from tests import scenarios, servers  # type: ignore[attr-defined, no-redef]

Act = Callable[[], int]
HTMX = {"HX-Request": "true"}
PHOTOS = 100
# Photos of one turn of the upload: several, because processor time of ended children is counted in
# steps of 10 ms.
UPLOADED = 4
LISTS = {
    "list, first page": "",
    "list, page 400": "?page=400",
    "list, by title": "?sort=title&page=200",
    "list, by title, Z to A, page 300": "?sort=-title&page=300",
    "list, by project": "?sort=project&page=200",
    "list, by status": "?sort=status&page=200",
    "list, by number": "?sort=number&page=200",
    "list, filtered": "?status=completed&since=2026-01-01",
    "list, search of two words": "?search=energizacao+cl-3",
    "list, nothing found": "?search=zzzz",
}
SETTLING_TRIES = 30
VISIBLE = "select relallvisible >= 0.9 * relpages from pg_class where oid = 'reports'::regclass"
WORKER = """
import json, sys
from app import create_app
from app.config import Settings
from app.jobs.worker import work
work(create_app(Settings(_env_file=None, **json.load(sys.stdin))))
"""


@dataclass(frozen=True, slots=True)
class Sample:
    """Processor time of this process, of the workers and of PostgreSQL, and the wall time, in ms;
    statements of this process; bytes of the answer."""

    web: float
    worker: float
    database: float
    wall: float
    statements: int
    size: int


class Side:
    """The acts by name, on one world."""

    def __init__(self, world: World, picture: Path) -> None:
        self._world, self._picture = world, picture.read_bytes()
        self._running = servers.current()
        self._worker: subprocess.Popen[str] | None = None
        # A superuser's connection: sees the processes of all others.
        self._watch = psycopg2.connect(self._running.postgres().dsn("postgres"))
        self._watch.autocommit = True
        self._postmaster = self._pid_of_postmaster()
        # One connection for all questions: to begin one costs PostgreSQL more than to answer.
        self._inside = psycopg2.connect(self._dsn())
        self._inside.autocommit = True
        self._settle()
        # What an act needs that is not part of it.
        self._before: dict[str, Callable[[], None]] = {}
        self.acts: dict[str, Act] = dict(self._acts())

    def measure(self, name: str) -> Sample:
        self._rest()
        if prepare := self._before.get(name):
            prepare()
        with _counted() as statements:
            elsewhere, wall, web = self._spent(), time.perf_counter(), time.process_time()
            size = self.acts[name]()
            web, wall = time.process_time() - web, time.perf_counter() - wall
            worker, database = (
                now - then for now, then in zip(self._spent(), elsewhere, strict=True)
            )
        return Sample(
            web=1000 * web,
            worker=1000 * worker,
            database=1000 * database,
            wall=1000 * wall,
            statements=len(statements),
            size=size,
        )

    def close(self) -> None:
        self._watch.close()
        self._inside.close()
        if self._worker:
            self._worker.terminate()
            self._worker.wait(30)

    def _acts(self) -> Iterator[tuple[str, Act]]:
        first = f"/reports/{self._world.report_id}"
        yield "start page", self._page("/")
        for name, query in LISTS.items():
            yield name, self._page(f"/reports/{query}")
        yield "fill page, 300 fields", self._page(f"{first}/fill?at=s0_f0")
        yield "check page", self._page(f"{first}/review")
        yield "report page, 300 fields", self._page(first)
        yield "report page, 100 photos", self._page(f"/reports/{self._photographed()}")
        yield "one save", self._save_one()
        yield "upload, until done", self._upload_some()

    def _page(self, address: str) -> Act:
        def get() -> int:
            answer = self._world.client.get(address)
            assert answer.status_code == 200, (address, answer.status_code)
            return len(answer.data)

        return get

    def _save_one(self) -> Act:
        turn, version = count(), [0]

        def save() -> int:
            answer = self._world.client.post(
                f"/reports/{self._world.report_id}/fields/s0_f13",
                data={
                    "value": f"words {next(turn)}",
                    "row_version": str(version[0]),
                    "client_id": str(uuid4()),
                    "client_at": "2026-01-01T00:00:00Z",
                },
                headers=HTMX,
            )
            found = re.search(r'name="row_version"[^>]*value="(\d+)"', answer.text)
            assert answer.status_code == 200 and found, answer.text
            version[0] = int(found.group(1))
            return len(answer.data)

        return save

    def _upload_some(self) -> Act:
        """From the first byte until every card has its picture: send, wait for the worker, ask for
        the card."""
        chance = Random(1)
        report_id = self._a_report("Uploads")
        photos: list[tuple[bytes, str]] = []
        cards: list[str] = []

        def prepare() -> None:
            """Take the photos as a phone does, and the last ones from the report."""
            self._start_worker()
            while cards:
                address = cards.pop().removesuffix("/card")
                self._world.client.post(f"{address}/remove", headers=HTMX)
            while len(photos) < UPLOADED:
                data = with_unique_bytes(self._picture, chance)
                photos.append((data, sha256(data).hexdigest()))

        def upload() -> int:
            while photos:
                cards.append(self._send(report_id, *photos.pop()))
            while self._unread():
                time.sleep(0.05)
            answers = [self._world.client.get(card, headers=HTMX) for card in cards]
            assert all(b"<img" in answer.data for answer in answers), answers[0].text
            return sum(len(answer.data) for answer in answers)

        self._before["upload, until done"] = prepare
        return upload

    def _send(self, report_id: str, data: bytes, digest: str) -> str:
        answer = self._world.client.post(
            f"/reports/{report_id}/fields/enclosure/photos",
            data={
                "file": (BytesIO(data), "IMG_0001.jpg"),
                "client_id": str(uuid4()),
                "sha256": digest,
            },
            headers=HTMX,
        )
        found = re.search(r"/photos/[0-9a-f-]{36}/card", answer.text)
        assert answer.status_code in (200, 201) and found, answer.text
        return found.group()

    def _a_report(self, title: str, photos: int = 0) -> str:
        person = self._world.person
        actor = Actor(person.name, person.role, person.id)
        with self._world.app.app_context(), tenant_scope(person.tenant_id or uuid4()):
            report: Report = scenarios.a_report(actor, title=title)
            for turn in range(photos):
                photo = scenarios.a_photo(report, "enclosure", actor, position=turn, verdict=None)
                db.session.add(PhotoReading(photo_id=photo.id, **READING))
            db.session.commit()
            return str(report.id)

    def _photographed(self) -> str:
        return self._a_report("Photographed", PHOTOS)

    def _rest(self) -> None:
        """Wait until the worker compares no photos: that is later work, and the same picture over
        and over, as here, is the most that it can cost."""
        while self._worker and self._ask("select to_regclass('photo_comparisons') is not null"):
            if not self._is_waiting("photo_comparisons"):
                return
            time.sleep(0.05)

    def _unread(self) -> bool:
        return self._is_waiting("photo_checks")

    def _is_waiting(self, table: str) -> bool:
        return self._ask(f"select count(*) > 0 from {table} where state in ('queued', 'running')")

    def _ask(self, query: str) -> bool:
        with self._inside.cursor() as cursor:
            cursor.execute(query)
            return bool(cursor.fetchone()[0])  # type: ignore[index]

    def _dsn(self) -> str:
        return self._running.postgres().dsn(database=_database_of(self._world))

    def _start_worker(self) -> None:
        if self._worker:
            return
        names = ("SECRET_KEY", "BASE_URL", "DATABASE_URL", "PLATFORM_DATABASE_URL", "REDIS_URL")
        paths = ("STORAGE_DIR", "MAIL_DIR")
        settings = {name.lower(): str(self._world.app.config[name]) for name in (*names, *paths)}
        self._worker = subprocess.Popen(
            [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, text=True, cwd=ROOT
        )
        assert self._worker.stdin
        self._worker.stdin.write(json.dumps(settings))
        self._worker.stdin.close()

    def _spent(self) -> tuple[float, float]:
        """Processor seconds so far of the worker and of PostgreSQL, with their children."""
        family = parents()
        worker = tree_seconds(self._worker.pid, family) if self._worker else 0.0
        return worker, tree_seconds(self._postmaster, family)

    def _settle(self) -> None:
        """Vacuum until the pages of the reports are marked as visible to all, as they are in a
        database that is not new. An autovacuum that runs meanwhile prevents it for a moment."""
        with closing(psycopg2.connect(self._dsn())) as there:
            there.autocommit = True
            with there.cursor() as cursor:
                for _ in range(SETTLING_TRIES):
                    cursor.execute("vacuum (analyze)")
                    cursor.execute(VISIBLE)
                    if cursor.fetchone()[0]:  # type: ignore[index]
                        return
                    time.sleep(1)
        raise RuntimeError("the pages of the reports are not visible to all")

    def _pid_of_postmaster(self) -> int:
        with self._watch.cursor() as cursor:
            cursor.execute("select pg_backend_pid()")
            return _parent_of(cursor.fetchone()[0])  # type: ignore[index]


READING: dict[str, Any] = {
    "verdict": PhotoVerdict.GOOD,
    "parser_version": "bench",
    "taken_at": "2026-06-01T09:00:00",
    "taken_offset": "-03:00",
    "width": 4000,
    "height": 3000,
    "exif": {"Make": "Bench", "Model": "Twelve"},
}


def _database_of(world: World) -> str:
    return str(make_url(world.app.config["DATABASE_URL"]).database)


def with_unique_bytes(picture: bytes, chance: Random) -> bytes:
    """The picture with a comment of random bytes: a different hash, the same pixels."""
    words = chance.randbytes(16)
    segment = b"\xff\xfe" + (len(words) + 2).to_bytes(2, "big") + words
    return picture[:2] + segment + picture[2:]


def parents() -> dict[int, int]:
    """The parent of every process."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended meanwhile
            found[int(folder.name)] = _parent_of(int(folder.name))
    return found


def _parent_of(pid: int) -> int:
    return int(_stat(pid)[1])


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def tree_seconds(root: int, parents: dict[int, int]) -> float:
    """Processor time of a process and its living descendants, and of those that they have reaped.

    Living processes are read in nanoseconds, reaped ones in steps of 10 ms.
    """
    tree, seconds = {root}, 0.0
    while more := {pid for pid, parent in parents.items() if parent in tree} - tree:
        tree |= more
    for pid in tree:
        with suppress(OSError):
            seconds += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9
            reaped = _stat(pid)[13:15]
            seconds += sum(map(int, reaped)) / os.sysconf("SC_CLK_TCK")
    return seconds


@contextmanager
def _counted() -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def main() -> None:
    # What the app prints must not mix with the answers.
    answers, sys.stdout = sys.stdout, sys.stderr
    size = json.loads(sys.stdin.readline())
    picture = Path(size.pop("picture"))
    with open_world(**size) as world:
        side = Side(world, picture)
        try:
            print(json.dumps(list(side.acts)), file=answers, flush=True)
            for line in sys.stdin:
                print(json.dumps(asdict(side.measure(line.strip()))), file=answers, flush=True)
        finally:
            side.close()


if __name__ == "__main__":
    main()
