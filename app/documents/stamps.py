"""Requests and finds the time stamps of sealed PDFs. A stamp is optional and never blocks.

stamping.py makes them.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from flask import current_app
from sqlalchemy import exists, select

from app.extensions import db
from app.jobs.work import ask, requeue
from app.models import Document, DocumentStamp, WorkState


def request_stamp(document_id: UUID) -> None:
    """Request the time stamp of a sealed PDF, if the installation has an authority."""
    if current_app.config["TSA_URL"]:
        ask(DocumentStamp(document_id=document_id))


def request_missing_stamps() -> int:
    """Request the stamps that sealed PDFs of the company lack, and again those that failed."""
    lacking = db.session.scalars(
        select(Document.id).where(
            Document.sealed_at.is_not(None),
            Document.state == WorkState.DONE,
            ~exists().where(DocumentStamp.document_id == Document.id),
        )
    ).all()
    failed = db.session.scalars(
        select(DocumentStamp.id).where(DocumentStamp.state == WorkState.FAILED)
    ).all()
    for document_id in lacking:
        ask(DocumentStamp(document_id=document_id))
    for stamp_id in failed:
        requeue(DocumentStamp, DocumentStamp.id == stamp_id)
    return len(lacking) + len(failed)


def stamps_of(document_ids: Iterable[UUID]) -> dict[UUID, DocumentStamp]:
    """The stamp of each document that has one or waits for one."""
    wanted = list(document_ids)
    if not wanted:
        return {}
    rows = db.session.scalars(select(DocumentStamp).where(DocumentStamp.document_id.in_(wanted)))
    return {row.document_id: row for row in rows}
