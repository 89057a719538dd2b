"""The actors in the company's chain: its people, those who left, and Laudo's support."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from sqlalchemy import func, select

from app.extensions import db
from app.models import Account, AuditEntry


class Group(StrEnum):
    HERE = "here"
    LEFT = "left"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class AuditActor:
    id: UUID
    name: str
    group: Group


def list_actors() -> list[AuditActor]:
    """All actors, by name. Steps through the index from id to id instead of reading all entries."""
    first = (
        select(AuditEntry.actor_id)
        .where(AuditEntry.actor_id.is_not(None))
        .order_by(AuditEntry.actor_id)
        .limit(1)
    )
    ids = select(first.scalar_subquery().label("id")).cte("actors", recursive=True)
    following = (
        select(AuditEntry.actor_id)
        .where(AuditEntry.actor_id > ids.c.id)
        .order_by(AuditEntry.actor_id)
        .limit(1)
        .correlate(ids)
        .scalar_subquery()
    )
    ids = ids.union_all(select(following).where(ids.c.id.is_not(None)))
    newest = (
        select(AuditEntry.facts["actor"]["name"].astext)
        .where(AuditEntry.actor_id == ids.c.id)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
        .correlate(ids)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(ids.c.id, func.coalesce(Account.name, newest).label("name"), Account.is_active)
        .outerjoin(Account, Account.id == ids.c.id)
        .where(ids.c.id.is_not(None))
    )
    people = [AuditActor(row.id, row.name, _group(row.is_active)) for row in rows]
    return sorted(people, key=lambda one: (one.name.casefold(), str(one.id)))


def _group(is_active: bool | None) -> Group:
    if is_active is None:
        return Group.SUPPORT
    return Group.HERE if is_active else Group.LEFT
