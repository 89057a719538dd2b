"""The witnesses of a report in its snapshot: who was sent a link, and what they said.

A signature names its witness; the rows of witnesses are compared with their digest. snapshot.py
makes the rest of the snapshot.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.extensions import db
from app.models import ReviewComment, Witness

Names = Mapping[UUID, str]


def witnesses_of(report_id: UUID, names: Names) -> dict[str, Any]:
    """Every witness in the order of the links, if there was one. Later PDFs print these."""
    comments = list(_comments(report_id))
    told = [
        {
            **_named(one),
            "role": one.role_id,
            "has_code": one.code_hash is not None,
            "sent_by": {"id": str(one.sent_by), "name": names[one.sent_by]},
            "sent_at": _time(one.created_at),
            "expires_at": _time(one.expires_at),
            "revoked_at": _time(one.revoked_at),
            "accepted": dict(one.accepted),
            "comments": [_comment(said, names) for said in comments if said.witness_id == one.id],
        }
        for one in _witnesses(report_id)
    ]
    return {"witnesses": told} if told else {}


def witness_named(witness_id: UUID | None) -> dict[str, str | None] | None:
    """Name and e-mail of a signature's witness, as they were given."""
    if witness_id is None:
        return None
    return _named(db.session.scalars(select(Witness).where(Witness.id == witness_id)).one())


def _named(one: Witness) -> dict[str, str | None]:
    return {"id": str(one.id), "name": one.name, "email": one.email}


def _witnesses(report_id: UUID) -> Iterable[Witness]:
    return db.session.scalars(
        select(Witness)
        .where(Witness.report_id == report_id)
        .order_by(Witness.created_at, Witness.id)
    )


def _comments(report_id: UUID) -> Iterable[ReviewComment]:
    return db.session.scalars(
        select(ReviewComment)
        .where(ReviewComment.report_id == report_id, ReviewComment.witness_id.is_not(None))
        .order_by(ReviewComment.created_at, ReviewComment.id)
    )


def _comment(said: ReviewComment, names: Names) -> dict[str, Any]:
    return {
        "field": said.field_id,
        "words": said.words,
        "at": _time(said.created_at),
        "reply": said.reply or None,
        "replied_by": names.get(said.replied_by) if said.replied_by else None,
        "done_by": names.get(said.done_by) if said.done_by else None,
        "done_at": _time(said.done_at),
    }


def _time(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None
