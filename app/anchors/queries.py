"""Reads the anchors of the bound tenant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import func, select

from app.evidence.queries import ChainHead
from app.extensions import db
from app.models import Anchor, AuditEntry

BATCH = 1_000


@dataclass(frozen=True, slots=True)
class AnchorSummary:
    """How many anchors there are, and the newest."""

    count: int
    newest: Anchor | None


def find_newest() -> Anchor | None:
    return db.session.scalars(
        select(Anchor).order_by(Anchor.at.desc(), Anchor.id).limit(1)
    ).one_or_none()


def get_summary() -> AnchorSummary:
    count = db.session.scalar(select(func.count()).select_from(Anchor)) or 0
    return AnchorSummary(count, find_newest())


def list_waiting(limit: int = BATCH) -> list[Anchor]:
    """Anchors that some place outside does not have yet, oldest first."""
    return list(
        db.session.scalars(
            select(Anchor)
            .where(Anchor.delivered_at.is_(None))
            .order_by(Anchor.at, Anchor.id)
            .limit(limit)
        )
    )


def each_anchor() -> Iterator[Anchor]:
    """All anchors, oldest first."""
    statement = select(Anchor).order_by(Anchor.at, Anchor.id)
    yield from db.session.scalars(statement.execution_options(yield_per=BATCH))


def find_first_head() -> ChainHead:
    """The chain's first entry: where nothing later can be agreed on."""
    row = db.session.execute(
        select(AuditEntry.sequence, AuditEntry.hash).order_by(AuditEntry.sequence).limit(1)
    ).one()
    return ChainHead(row.sequence, row.hash)
