"""From submitting a report until its PDF is ready, through the real queue and a real worker.

The photos' prints are there already, as after their upload. Seconds count only on a quiet machine,
so the load is told beside them; processor time counts on any.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from uuid import UUID

from sqlalchemy import select

from app.config import ROOT
from app.definition.schema import Field, FieldType, PhotoMode, PhotoPolicy, Section, Text
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Derivative, DerivativeKind, Document, WorkState
from app.storage import object_key, put_bytes
from app.tenancy import require_tenant, tenant_scope
from bench.pdf.originals import SIZE, take
from bench.pdf.report import Shot
from bench.scale.bucket import running_bucket
from bench.side import READING, WORKER, parents, tree_seconds, with_unique_bytes
from bench.world import World, open_world
from tests.support import scenarios
from tests.support.sealers import running_sealer

QUESTIONS, IN_SECTION = 100, 10
LOOK_EVERY_S = 0.02
LONGEST_S = 600.0
STORAGES = DISK, S3 = "disk", "S3"
# The longest time on a quiet machine, by the number of photos.
GOALS = {40: 3.0, 300: 5.0, 1000: 10.0}


@dataclass(frozen=True, slots=True)
class Ready:
    """Medians of the rounds: `seconds` from the request until the PDF is ready, of these `render`
    in the engine, and `worker` of the worker's processor time; `load` is the machine's average of
    the last minute."""

    storage: str
    photos: int
    seconds: float
    render: float
    worker: float
    load: float


def measure(
    album: Path,
    photos: Sequence[int],
    *,
    storages: Sequence[str] = STORAGES,
    rounds: int = 3,
    size: tuple[int, int] = SIZE,
) -> list[Ready]:
    """Submit `rounds` reports of each size on each storage."""
    shot = take(1, album, size=size)[0]
    found = []
    for storage in storages:
        with _settings(storage) as settings:
            found += _measure_on(storage, shot, photos, rounds, settings)
    return found


def table(found: Sequence[Ready]) -> str:
    """The printed table, with pass or miss for each goal."""
    heads = ("photos", "seconds", "engine", "worker CPU", "load")
    lines = [f"{'submit to ready':16}" + "".join(f"{head:>12}" for head in heads) + "  goal"]
    for one in found:
        goal = GOALS.get(one.photos)
        verdict = f"{goal} {'pass' if one.seconds <= goal else 'MISS'}" if goal else ""
        lines.append(
            f"{one.storage:16}{one.photos:>12}{one.seconds:>12.2f}{one.render:>12.2f}"
            f"{one.worker:>12.2f}{one.load:>12.1f}  {verdict}"
        )
    return "\n".join(lines)


@contextmanager
def _settings(storage: str) -> Iterator[Mapping[str, str]]:
    """Laudo's settings for the storage; a bucket runs until the block ends."""
    if storage == DISK:
        yield {}
        return
    with TemporaryDirectory() as folder, running_bucket(Path(folder) / "bucket.log") as bucket:
        yield {name.lower(): value for name, value in bucket.settings.items()}


def _measure_on(
    storage: str, shot: Shot, photos: Sequence[int], rounds: int, settings: Mapping[str, str]
) -> list[Ready]:
    chance = Random(1)
    with (
        TemporaryDirectory() as folder,
        running_sealer(Path(folder)) as sealer,
        open_world(tenants=1, each=10, sections=1, **settings) as world,
        _worker(world, {**settings, "seal_socket": str(sealer.socket)}) as worker,
    ):
        # The worker is warm after its first.
        _submitted(world, worker, 1, shot, chance)
        return [
            _median(
                storage,
                count,
                [_submitted(world, worker, count, shot, chance) for _ in range(rounds)],
            )
            for count in photos
        ]


def _median(storage: str, photos: int, rounds: Sequence[tuple[float, float, float]]) -> Ready:
    seconds, render, worker = map(statistics.median, zip(*rounds, strict=True))
    return Ready(storage, photos, seconds, render, worker, os.getloadavg()[0])


def _submitted(
    world: World, worker: int, photos: int, shot: Shot, chance: Random
) -> tuple[float, float, float]:
    """Seconds until ready, seconds in the engine, processor seconds of the worker."""
    report = _a_report(world, photos, shot, chance)
    before, started = tree_seconds(worker, parents()), time.perf_counter()
    answer = world.client.post(f"/reports/{report}/submit")
    assert answer.status_code == 303, (answer.status_code, answer.text)
    render = _wait(world, report)
    seconds = time.perf_counter() - started
    # The worker's child has ended once the worker waits for work again.
    time.sleep(0.5)
    return seconds, render, tree_seconds(worker, parents()) - before


def _wait(world: World, report: UUID) -> float:
    """Until the report has its PDF. Returns the seconds that it took in the engine."""
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        with _own(world):
            document = db.session.scalars(
                select(Document).where(Document.report_id == report)
            ).one()
            assert document.state is not WorkState.FAILED, document.error
            if document.state is WorkState.DONE:
                return float(document.render_seconds or 0)
        time.sleep(LOOK_EVERY_S)
    raise RuntimeError("no PDF")


@contextmanager
def _own(world: World) -> Iterator[None]:
    tenant_id = world.person.tenant_id
    assert tenant_id
    with world.app.app_context(), tenant_scope(tenant_id):
        yield


def _a_report(world: World, photos: int, shot: Shot, chance: Random) -> UUID:
    """All questions answered, with the photos spread unevenly over them."""
    person = world.person
    actor = Actor(person.name, person.role, person.id)
    ids = [f"q{n}" for n in range(QUESTIONS)]
    with _own(world):
        prints = [_store_print(shot, chance) for _ in range(photos)]
        definition = scenarios.a_definition(
            f"R{chance.randrange(10**9)}",
            sections=_sections(ids),
            info_fields=(),
            signature_roles=(),
        )
        report = scenarios.a_report(actor, version=scenarios.a_checklist(actor, definition))
        for field in ids:
            scenarios.an_answer(report, field, "ok", actor, comment=f"Seen {chance.random()}")
        for turn, printed in enumerate(prints):
            field = ids[chance.randrange(QUESTIONS)]
            photo = scenarios.a_photo(report, field, actor, position=turn, reading=READ)
            record("photo.received", report, actor, photo=str(photo.id), sha256=photo.sha256)
            printed.photo_id = photo.id
            db.session.add(printed)
        db.session.commit()
        return report.id


READ = {name: value for name, value in READING.items() if name != "verdict"}


def _store_print(shot: Shot, chance: Random) -> Derivative:
    """Store the print of a photo, with bytes of its own. Returns its row without the photo."""
    data = with_unique_bytes(shot.print.read_bytes(), chance)
    digest = sha256(data).hexdigest()
    key = object_key(require_tenant(), "derived", digest, ".jpg")
    put_bytes(key, data)
    return Derivative(
        kind=DerivativeKind.PRINT,
        recipe="bench",
        storage_key=key,
        sha256=digest,
        byte_size=len(data),
        width=shot.width,
        height=shot.height,
    )


def _sections(ids: Sequence[str]) -> tuple[Section, ...]:
    policy = PhotoPolicy(mode=PhotoMode.OPTIONAL, max=50)
    words = "Doors, covers and busbars closed and marked"
    fields = [
        Field(id=one, type=FieldType.VERDICT, label=Text(en=words, pt=words), photos=policy)
        for one in ids
    ]
    return tuple(
        Section(
            id=f"s{start}",
            title=Text(en=f"Section {start}", pt=f"Seção {start}"),
            fields=tuple(fields[start : start + IN_SECTION]),
        )
        for start in range(0, len(fields), IN_SECTION)
    )


@contextmanager
def _worker(world: World, settings: Mapping[str, str]) -> Iterator[int]:
    """A worker process on the world's servers; its process id."""
    names = ("SECRET_KEY", "BASE_URL", "DATABASE_URL", "PLATFORM_DATABASE_URL", "REDIS_URL")
    paths = ("STORAGE_DIR", "MAIL_DIR")
    own = {name.lower(): str(world.app.config[name]) for name in (*names, *paths)}
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER], stdin=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert worker.stdin
    worker.stdin.write(json.dumps({**own, **settings}))
    worker.stdin.close()
    try:
        yield worker.pid
    finally:
        worker.terminate()
        worker.wait(60)
