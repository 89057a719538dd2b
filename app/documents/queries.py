"""Reads documents: access to one, its place in the queue, and the newest of a report.

Whoever may see a report may see its documents; viewers see only finished PDFs, never previews.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, true
from sqlalchemy.orm import contains_eager

from app.documents.stamps import stamps_of
from app.extensions import db
from app.models import (
    OPEN_STATES,
    Actor,
    Document,
    DocumentStamp,
    PhotoPlacement,
    PhotoReading,
    Report,
    Role,
    WorkState,
)
from app.reports.queries import visible_to
from app.rows import one_or_404

SHOWN = 5
# Milliseconds between two polls, by the time since the document was queued.
INTERVALS = ((timedelta(seconds=4), 400), (timedelta(seconds=20), 1000))
LONGEST_INTERVAL_MS = 2000


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A document with the data for its status; `place` counts from 1 while it is queued. `stamp`
    is its time stamp, made or pending."""

    document: Document
    place: int | None
    photos_in_reading: int
    stamp: DocumentStamp | None = None

    @property
    def report(self) -> Report:
        return self.document.report

    @property
    def ask_every_ms(self) -> int:
        """The polling interval while the document is not settled: short while most are made, then
        longer than a person notices, because polling adds load when there is a queue."""
        waited = datetime.now(UTC) - self.document.queued_at
        return next((ms for until, ms in INTERVALS if waited < until), LONGEST_INTERVAL_MS)


def get_document(document_id: UUID, *, person: Actor) -> Document:
    """The document with its report. Raises NotFound."""
    return one_or_404(
        select(Document)
        .join(Document.report)
        .where(Document.id == document_id, visible_to(person), _readable_by(person))
        .options(contains_eager(Document.report))
    )


def list_documents(report_id: UUID, *, person: Actor) -> list[Document]:
    """The newest documents of a report that the person may see, and the last finished one, even if
    many newer ones failed."""
    newest = _newest(report_id, person, limit=SHOWN)
    if any(one.state is WorkState.DONE for one in newest):
        return newest
    return newest + _newest(report_id, person, Document.state == WorkState.DONE, limit=1)


def find_last_made(document: Document, *, person: Actor) -> Document | None:
    """The newest PDF of the same report that can be downloaded, if this one cannot."""
    if document.state is WorkState.DONE:
        return None
    made = _newest(document.report_id, person, Document.state == WorkState.DONE, limit=1)
    return made[0] if made else None


def list_views(report_id: UUID, *, person: Actor) -> list[DocumentView]:
    """Like `list_documents`, with the data for their status."""
    documents = list_documents(report_id, person=person)
    stamps = stamps_of(one.id for one in documents if one.sealed_at)
    return [view_of(document, stamps) for document in documents]


def view_of(document: Document, stamps: Mapping[UUID, DocumentStamp] | None = None) -> DocumentView:
    """`stamps` are those of several documents, if the caller has read them."""
    if stamps is None:
        stamps = stamps_of([document.id] if document.sealed_at else [])
    is_open_preview = document.is_preview and not document.is_settled
    return DocumentView(
        document=document,
        place=queue_place(document) if document.state is WorkState.QUEUED else None,
        photos_in_reading=count_photos_in_reading(document.report_id) if is_open_preview else 0,
        stamp=stamps.get(document.id),
    )


def queue_place(document: Document) -> int:
    """1 for the next document; counts only the company's own PDFs, including those being made."""
    ahead = db.session.scalar(
        select(func.count())
        .select_from(Document)
        .where(
            Document.state.in_(OPEN_STATES),
            Document.queued_at < document.queued_at,
        )
    )
    return (ahead or 0) + 1


def count_photos_in_reading(report_id: UUID) -> int:
    """The number of placed photos that no worker has read yet; a preview cannot print them."""
    return (
        db.session.scalar(
            select(func.count())
            .select_from(PhotoPlacement)
            .outerjoin(PhotoReading, PhotoReading.photo_id == PhotoPlacement.photo_id)
            .where(
                PhotoPlacement.report_id == report_id,
                PhotoPlacement.removed_at.is_(None),
                PhotoReading.id.is_(None),
            )
        )
        or 0
    )


def get_stamp(document: Document) -> DocumentStamp:
    """The finished time stamp of a document. Raises NotFound."""
    return one_or_404(
        select(DocumentStamp).where(
            DocumentStamp.document_id == document.id, DocumentStamp.state == WorkState.DONE
        )
    )


def _newest(
    report_id: UUID, person: Actor, *matching: ColumnElement[bool], limit: int
) -> list[Document]:
    return list(
        db.session.scalars(
            select(Document)
            .join(Document.report)
            .where(Document.report_id == report_id, _readable_by(person), *matching)
            .options(contains_eager(Document.report))
            .order_by(Document.created_at.desc())
            .limit(limit)
        )
    )


def _readable_by(person: Actor) -> ColumnElement[bool]:
    if person.role is not Role.VIEWER:
        return true()
    return and_(Document.state == WorkState.DONE, Document.is_preview.is_(False))
