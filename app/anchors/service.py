"""Makes anchors of the bound tenant and notes their delivery."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import func, update

from app.anchors.lines import sign
from app.anchors.queries import find_newest
from app.evidence.queries import ChainHead, get_chain_head
from app.extensions import db
from app.models import Anchor, AnchorKind
from app.tenancy import require_tenant


def anchor_head() -> Anchor | None:
    """A new anchor of the chain's end; None if the newest anchor names it already."""
    head, newest = get_chain_head(), find_newest()
    if newest and (newest.sequence, newest.hash) == (head.sequence, head.hash):
        return None
    if head.sequence < 1:
        return None
    return _make(AnchorKind.HEAD, head)


def state_restored(agreed: ChainHead, *, reason: str) -> Anchor:
    """The operator's signed statement that anchors after the entry `agreed` were lost with a
    restored backup."""
    return _make(AnchorKind.RESTORED, agreed, reason=reason)


def note_delivered(ids: Collection[UUID], places: Collection[str], *, is_all: bool) -> None:
    """These places have these anchors; `is_all` if no other place is missing."""
    db.session.execute(
        update(Anchor)
        .where(Anchor.id.in_(ids), Anchor.delivered_at.is_(None))
        .values(
            delivered_to=func.array_cat(Anchor.delivered_to, list(places)),
            delivered_at=datetime.now(UTC) if is_all else None,
        )
        .execution_options(synchronize_session=False)
    )


def _make(kind: AnchorKind, head: ChainHead, reason: str | None = None) -> Anchor:
    anchor = Anchor(
        tenant_id=require_tenant(),
        kind=kind,
        sequence=head.sequence,
        hash=head.hash,
        at=datetime.now(UTC),
        reason=reason,
    )
    sign(anchor)
    db.session.add(anchor)
    return anchor
