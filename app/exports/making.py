"""Making the file of one export. For workers only.

All rows are of one moment, read in one transaction some reports at a time, and written to a file as
they come; the storage is asked once the transaction is over. A try that a worker did not finish is
begun anew by the next one.
"""

from __future__ import annotations

import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import Flask, current_app
from flask_babel import force_locale
from sqlalchemy import select, update

from app.evidence.service import record
from app.exports.about import Origin, about_lines
from app.exports.loading import (
    find_extras,
    list_checklists,
    list_ids,
    load_reports,
    parts_of,
)
from app.exports.service import NO_ROOM, NOT_ALLOWED, TOO_LARGE, TOO_WIDE, WANTED
from app.exports.sinks import open_sink
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import FenceLost, WorkFailed, publish, report_progress
from app.models import Account, Actor, AnswerExport, AnswerFormat, Tenant
from app.reports.finding import Wanted, list_filter_choices
from app.storage import ObjectTooLarge, StorageFull, disk_failures, object_key, storage
from app.tenancy import require_tenant, tenant_scope
from app.web.books import BookFull

AT_ONCE = 20
PROGRESS_SECONDS = 0.5
WORKER = Actor(name="Laudo")


@dataclass(frozen=True, slots=True)
class Order:
    """What the row of an export says, and who asked."""

    person: Actor
    format: AnswerFormat
    wanted: Wanted
    locale: str
    zone: str
    asked_at: datetime
    company: str


@dataclass(frozen=True, slots=True)
class Made:
    key: str
    sha256: str
    byte_size: int
    counts: dict[str, int]


def make_export(claim: Claim) -> None:
    """Carry out one export. Raises WorkFailed for what no further try mends."""
    order = _load(claim)
    try:
        with disk_failures(), TemporaryDirectory(prefix="laudo-answers-") as name:
            output = Path(name) / "answers"
            with force_locale(order.locale):
                counts = _write(claim, order, output)
            with output.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            key = object_key(require_tenant(), "answers", digest)
            storage().put(key, output)
            _publish(claim, order, Made(key, digest, output.stat().st_size, counts))
    except StorageFull as error:
        # Tried again by itself it would fill the disk again, every time.
        raise WorkFailed(NO_ROOM) from error
    except ObjectTooLarge as error:
        raise WorkFailed(TOO_LARGE) from error
    except BookFull as error:
        raise WorkFailed(TOO_WIDE) from error


def _load(claim: Claim) -> Order:
    """Raises WorkFailed where whoever asked may no longer have it: they left, or have another
    role."""
    row = db.session.execute(
        select(AnswerExport, Account, Tenant.name)
        .join(Account, Account.id == AnswerExport.requested_by)
        .join(Tenant, Tenant.id == AnswerExport.tenant_id)
        .where(AnswerExport.id == claim.id)
    ).one_or_none()
    if row is None:
        raise FenceLost(str(claim))
    export, account, company = row
    if not account.is_active or account.role is not export.role:
        raise WorkFailed(NOT_ALLOWED)
    order = Order(
        person=Actor(name=account.name, role=account.role, account_id=account.id),
        format=export.format,
        wanted=WANTED.validate_python(export.wanted),
        locale=export.locale,
        zone=export.time_zone,
        asked_at=export.created_at,
        company=company,
    )
    db.session.rollback()
    return order


def _write(claim: Claim, order: Order, output: Path) -> dict[str, int]:
    """In one transaction that sees the database as it stood when it began; what is in the file."""
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    origin = Origin(
        order.company, order.person.name, order.asked_at, datetime.now(UTC), order.zone,
        order.locale,
    )  # fmt: skip
    ids = list_ids(order.wanted, order.person)
    checklists = list_checklists(ids)
    choices = list_filter_choices(order.person, order.wanted)
    sink = open_sink(order.format, output, order.zone, checklists, find_extras(ids))
    versions = {version.id: version for one in checklists for version in one.versions}
    try:
        with Reporter(claim, len(ids)) as progress:
            for some in parts_of(ids, AT_ONCE):
                for one in load_reports(some, versions, order.person):
                    sink.add(one)
                db.session.expunge_all()
                progress.say(sink.counts["reports"])
        db.session.rollback()
        sink.finish(about_lines(origin, order.wanted, choices, sink.counts))
    finally:
        sink.close()
    return sink.counts


class Reporter:
    """Writes progress into the row, at most twice a second, by a connection of its own: the one
    that reads keeps its moment."""

    def __init__(self, claim: Claim, total: int) -> None:
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._claim, self._total, self._next = claim, total, 0.0
        self._pool = ThreadPoolExecutor(1, "progress")

    def __enter__(self) -> Reporter:
        self.say(0)
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()

    def say(self, done: int) -> None:
        """Raises FenceLost when the work was taken away."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            self._pool.submit(self._note, done).result()

    def _note(self, done: int) -> None:
        with self._app.app_context(), tenant_scope(self._claim.tenant_id):
            report_progress(
                AnswerExport, self._claim, progress_done=done, progress_total=self._total
            )


def _publish(claim: Claim, order: Order, made: Made) -> None:
    """A person's newest file of a format takes the place of the older ones, which the sweeper then
    removes."""
    with publish(AnswerExport, claim):
        db.session.execute(
            update(AnswerExport)
            .where(
                AnswerExport.id != claim.id,
                AnswerExport.requested_by == order.person.account_id,
                AnswerExport.format == order.format,
                AnswerExport.storage_key.is_not(None),
            )
            .values(storage_key=None)
            .execution_options(synchronize_session=False)
        )
        db.session.execute(
            update(AnswerExport)
            .where(AnswerExport.id == claim.id)
            .values(
                storage_key=made.key,
                sha256=made.sha256,
                byte_size=made.byte_size,
                counts=made.counts,
                progress_done=made.counts["reports"],
                progress_total=made.counts["reports"],
            )
            .execution_options(synchronize_session=False)
        )
        record(
            action="reports.answers_made",
            actor=WORKER,
            object_type="answer_export",
            object_id=claim.id,
            format=order.format.value,
            sha256=made.sha256,
            **{name: str(count) for name, count in made.counts.items()},
        )
