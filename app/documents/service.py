"""Requests and retries PDFs. Only one document of a report is in the making at a time.

context.py builds the content of a PDF, making.py renders it.
"""

from __future__ import annotations

from uuid import UUID

from app.documents.queries import get_document
from app.errors import DomainError
from app.evidence.service import record
from app.jobs.work import SUPERSEDED, ask_once, supersede
from app.models import Actor, Document, Report, WorkState


class NothingToRetry(DomainError):
    """This PDF did not fail, so there is nothing to retry."""

    status = 409


def request_document(report: Report, *, actor: Actor) -> Document:
    """Request the PDF of a report, a preview until it is finished. Returns the one in the making if
    there is one.

    The PDF of a finished report supersedes a preview that is still in the making.
    """
    is_preview = not report.is_finished
    document, is_new = ask_once(
        Document,
        {
            "report_id": report.id,
            "requested_by": actor.account_id,
            "is_preview": is_preview,
        },
        # A preview may have been requested between `stop_previews` and the report's lock.
        gives_way=lambda earlier: earlier.is_preview and not is_preview,
    )
    if is_new:
        record(
            "document.requested",
            report,
            actor,
            document=str(document.id),
            is_preview=is_preview,
        )
    return document


def request_final(report: Report, actor: Actor) -> None:
    """Request the PDF of a report that has just been completed."""
    request_document(report, actor=actor)


def stop_previews(report_id: UUID) -> None:
    """Supersede the preview in the making, because the report is about to finish.

    Called before the report is locked: a worker that publishes locks the document's row first, and
    the opposite order could deadlock.
    """
    supersede(Document, Document.report_id == report_id, Document.is_preview.is_(True))


def retry_document(*, document_id: UUID, actor: Actor) -> Document:
    """Request a failed PDF again. Raises NotFound, NothingToRetry.

    A superseded preview did not fail: the PDF of the finished report replaces it.
    """
    failed = get_document(document_id, person=actor)
    if failed.state is WorkState.DONE or failed.error == SUPERSEDED:
        raise NothingToRetry
    if not failed.is_settled:
        return failed
    return request_document(failed.report, actor=actor)
