"""Asking for a PDF and trying again. One document of a report is in the making at a time.

What the PDF holds and how it is made are context.py and making.py.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from app.documents.queries import get_document
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.jobs.queue import wake
from app.models import Actor, Document, Report, WorkState
from app.tenancy import require_tenant

KIND = "document"
QUEUE = "documents"
OPEN = (WorkState.QUEUED, WorkState.RUNNING)
# The error of a preview that the finished report overtook.
SUPERSEDED = "superseded"


class NothingToRetry(DomainError):
    """This PDF did not fail, so there is nothing to try again."""

    status = 409


def request_document(report: Report, *, actor: Actor) -> Document:
    """The PDF of a report: the one in the making, else a new one, a preview until it is finished.

    A preview still in the making gives way to the PDF of the finished report.
    """
    is_preview = not report.is_finished
    for _attempt in range(3):
        if document := _insert(report, is_preview, actor):
            return document
        # Between `stop_previews` and the report's lock a preview may have been asked for. Whoever
        # holds its row waits for no report.
        earlier = _lock_open(report.id)
        # One that settled in between makes room for the next try.
        if earlier and (earlier.is_preview == is_preview or is_preview):
            return earlier
        if earlier:
            _supersede(earlier)
    raise RuntimeError(f"no document could be made for report {report.id}")


def stop_previews(report_id: UUID) -> None:
    """Let the preview in the making give way to the PDF of the report, which is about to finish.

    Called before the report is locked: whoever publishes a document holds its row first.
    """
    earlier = _lock_open(report_id)
    if earlier and earlier.is_preview:
        _supersede(earlier)


def retry_document(*, document_id: UUID, actor: Actor) -> Document:
    """Make a failed PDF once more. Raises NotFound, NothingToRetry.

    A preview that gave way did not fail: the PDF of the finished report took its place.
    """
    failed = get_document(document_id, person=actor)
    if failed.state is WorkState.DONE or failed.error == SUPERSEDED:
        raise NothingToRetry
    if failed.state in OPEN:
        return failed
    return request_document(failed.report, actor=actor)


def _insert(report: Report, is_preview: bool, actor: Actor) -> Document | None:
    statement = (
        insert(Document)
        .values(
            tenant_id=require_tenant(),
            report_id=report.id,
            requested_by=actor.account_id,
            is_preview=is_preview,
        )
        .on_conflict_do_nothing(
            index_elements=["tenant_id", "report_id"],
            index_where=text("state in ('queued', 'running')"),
        )
        .returning(Document)
    )
    document = db.session.scalars(statement).one_or_none()
    if document is None:
        return None
    record(
        action="document.requested",
        actor=actor,
        object_type="report",
        object_id=report.id,
        document=str(document.id),
        is_preview=is_preview,
    )
    wake(QUEUE, KIND, document.id)
    return document


def _lock_open(report_id: UUID) -> Document | None:
    return db.session.scalars(
        select(Document)
        .where(Document.report_id == report_id, Document.state.in_(OPEN))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()


def _supersede(document: Document) -> None:
    """Take the work from whoever does it: the raised fence lets nobody publish it."""
    db.session.execute(
        update(Document)
        .where(Document.id == document.id)
        .values(
            state=WorkState.FAILED,
            error=SUPERSEDED,
            fence=Document.fence + 1,
            lease_until=None,
            finished_at=func.clock_timestamp(),
        )
        .execution_options(synchronize_session=False)
    )
