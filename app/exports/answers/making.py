"""Makes the file of one answer export. For workers only.

One transaction reads all rows in batches, so that they show the same moment, and writes them to a
local file. The upload follows after that transaction, so that a slow storage does not keep it open.
If a worker dies, the next attempt starts over.
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

from app.evidence.service import About, record
from app.exports.answers.about import ExportOrigin, about_lines
from app.exports.answers.loading import (
    batches_of,
    find_extras,
    list_checklists,
    list_ids,
    load_reports,
)
from app.exports.answers.service import FILTER_ADAPTER, NO_ROOM, NOT_ALLOWED, TOO_LARGE, TOO_WIDE
from app.exports.answers.sinks import open_sink
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import FenceLost, WorkFailed, publish, report_progress
from app.jobs.work import drop_older_files
from app.models import Account, Actor, AnswerExport, AnswerFormat, Tenant
from app.reports.listing.choices import list_filter_choices
from app.reports.listing.filters import ReportFilter
from app.storage import ObjectTooLarge, StorageFull, disk_failures, object_key, storage
from app.tenancy import require_tenant, tenant_scope
from app.web.books import BookFull

REPORT_BATCH = 20
PROGRESS_SECONDS = 0.5
WORKER = Actor(name="Laudo")


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """The parameters of an export and the person who requested it."""

    person: Actor
    format: AnswerFormat
    criteria: ReportFilter
    locale: str
    zone: str
    asked_at: datetime
    company: str


@dataclass(frozen=True, slots=True)
class AnswerFile:
    key: str
    sha256: str
    byte_size: int
    counts: dict[str, int]


def make_export(claim: Claim) -> None:
    """Make one export. Raises WorkFailed for errors that a retry cannot fix."""
    request = _load_request(claim)
    try:
        with disk_failures(), TemporaryDirectory(prefix="laudo-answers-") as name:
            output = Path(name) / "answers"
            with force_locale(request.locale):
                counts = _write(claim, request, output)
            with output.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
            key = object_key(require_tenant(), "answers", digest)
            storage().put(key, output)
            _publish(claim, request, AnswerFile(key, digest, output.stat().st_size, counts))
    except StorageFull as error:
        # An automatic retry would fill the disk again each time.
        raise WorkFailed(NO_ROOM) from error
    except ObjectTooLarge as error:
        raise WorkFailed(TOO_LARGE) from error
    except BookFull as error:
        raise WorkFailed(TOO_WIDE) from error


def _load_request(claim: Claim) -> ExportRequest:
    """Load the request.

    Raises WorkFailed if the requester is no longer active or has another role, FenceLost if the row
    is gone.
    """
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
    request = ExportRequest(
        person=Actor(name=account.name, role=account.role, account_id=account.id),
        format=export.format,
        criteria=FILTER_ADAPTER.validate_python(export.wanted),
        locale=export.locale,
        zone=export.time_zone,
        asked_at=export.created_at,
        company=company,
    )
    db.session.rollback()
    return request


def _write(claim: Claim, request: ExportRequest, output: Path) -> dict[str, int]:
    """Write the file in one REPEATABLE READ transaction, so that all rows show the same moment.

    Returns the counts of reports, photos and exceptions in the file.
    """
    db.session.rollback()
    db.session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
    origin = ExportOrigin(
        request.company,
        request.person.name,
        request.asked_at,
        datetime.now(UTC),
        request.zone,
        request.locale,
    )
    ids = list_ids(request.criteria, request.person)
    checklists = list_checklists(ids)
    choices = list_filter_choices(request.person, request.criteria)
    sink = open_sink(request.format, output, request.zone, checklists, find_extras(ids))
    versions = {version.id: version for one in checklists for version in one.versions}
    try:
        with BackgroundProgress(claim, len(ids)) as progress:
            for batch in batches_of(ids, REPORT_BATCH):
                for one in load_reports(batch, versions, request.person):
                    sink.add(one)
                db.session.expunge_all()
                progress.update(sink.counts["reports"])
        db.session.rollback()
        sink.finish(about_lines(origin, request.criteria, choices, sink.counts))
    finally:
        sink.close()
    return sink.counts


class BackgroundProgress:
    """Writes progress into the row, at most twice a second.

    It runs in a thread with its own connection: a commit on the reading connection would end the
    REPEATABLE READ transaction.
    """

    def __init__(self, claim: Claim, total: int) -> None:
        self._app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        self._claim, self._total, self._next = claim, total, 0.0
        self._pool = ThreadPoolExecutor(1, "progress")

    def __enter__(self) -> BackgroundProgress:
        self.update(0)
        return self

    def __exit__(self, *_error: object) -> None:
        self._pool.shutdown()

    def update(self, done: int) -> None:
        """Raises FenceLost if another worker has taken over the job."""
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + PROGRESS_SECONDS
            self._pool.submit(self._note, done).result()

    def _note(self, done: int) -> None:
        with self._app.app_context(), tenant_scope(self._claim.tenant_id):
            report_progress(
                AnswerExport, self._claim, progress_done=done, progress_total=self._total
            )


def _publish(claim: Claim, request: ExportRequest, made: AnswerFile) -> None:
    """Store the result and release the older files of this format for the sweeper to delete."""
    with publish(AnswerExport, claim):
        drop_older_files(
            AnswerExport,
            claim.id,
            AnswerExport.requested_by == request.person.account_id,
            AnswerExport.format == request.format,
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
            "reports.answers_made",
            About(AnswerExport.audit_type, claim.id),
            WORKER,
            format=request.format.value,
            sha256=made.sha256,
            **{name: str(count) for name, count in made.counts.items()},
        )
