"""Reading the platform's own audit: who did what to which company, never what is in one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from app.definition.sentences import N_, Sentence
from app.errors import DomainError
from app.evidence.sentences import Kind, tell
from app.evidence.telling import Act
from app.models import Actor, PlatformAuditEntry, Tenant
from app.paging import Page, cut
from app.platform.service import note
from app.tenancy import platform_scope

BATCH = 1_000
# What superadmins and operators do, as people think of it.
KINDS = (
    Kind("companies", N_("Companies"), ("tenant", "export")),
    Kind("support", N_("Looks into companies"), ("support",)),
    Kind("people", N_("Superadmins and their accounts"), ("superadmin", "account")),
    Kind("logins", N_("Logging in and out"), ("session",)),
    Kind("audit", N_("Audit"), ("audit",)),
    Kind("storage", N_("Storage"), ("storage",)),
)
NOUNS = {kind.key: kind.nouns for kind in KINDS}


class TooManyEntries(DomainError):
    """%(found)s entries are more than one file takes (%(most)s). Narrow the list and try again."""

    status = 422


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; None and empty narrow nothing. `kind` is the key of one of KINDS. Times
    are aware, `until` is excluded."""

    kind: str = ""
    person: str = ""
    tenant_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """`company` is its name now, or what it was called; `tenant_id` None where it is gone."""

    at: datetime
    action: str
    person: str
    company: str
    tenant_id: UUID | None
    facts: dict[str, Any]

    @property
    def sentence(self) -> Sentence:
        return tell(Act(self.action, self.person, self.facts, subject=self.company))


@dataclass(frozen=True, slots=True)
class Choices:
    """What the list can be narrowed to; a company as (id, name)."""

    people: tuple[str, ...]
    companies: tuple[tuple[UUID, str], ...]


def list_entries(wanted: Wanted, *, page: int, page_size: int) -> Page[Entry]:
    matching = _conditions(wanted)
    with platform_scope() as session:
        total = session.scalar(select(func.count(PlatformAuditEntry.id)).where(*matching)) or 0
        at = cut(total, page, page_size)
        rows = session.execute(_newest(matching).limit(at.size).offset(at.offset)).all()
    return at.holding(_entry(row) for row in rows)


def list_choices() -> Choices:
    with platform_scope() as session:
        people = session.scalars(select(PlatformAuditEntry.actor_name).distinct())
        called = func.max(cast(PlatformAuditEntry.body, JSONB)["name"].astext)
        companies = session.execute(
            select(PlatformAuditEntry.tenant_id, func.coalesce(func.max(Tenant.name), called, "?"))
            .outerjoin(Tenant, Tenant.id == PlatformAuditEntry.tenant_id)
            .where(PlatformAuditEntry.tenant_id.is_not(None))
            .group_by(PlatformAuditEntry.tenant_id)
        )
        named = sorted(
            ((one, name) for one, name in companies if one), key=lambda pair: pair[1].lower()
        )
        return Choices(tuple(sorted(people)), tuple(named))


def export_entries(
    session: Session, wanted: Wanted, *, most: int, filters: dict[str, str], actor: Actor
) -> Iterator[Entry]:
    """All that match, read in batches while the session is open; the audit says who took them.

    Raises TooManyEntries before anything is read.
    """
    matching = _conditions(wanted)
    found = session.scalar(select(func.count(PlatformAuditEntry.id)).where(*matching)) or 0
    if found > most:
        raise TooManyEntries(found=found, most=most)
    note(session, "audit.exported", actor, filters=filters, rows=str(found))
    rows = session.execute(_newest(matching), execution_options={"yield_per": BATCH})
    return (_entry(row) for row in rows)


def _newest(matching: tuple[ColumnElement[bool], ...]) -> Any:
    return (
        select(PlatformAuditEntry, Tenant.name)
        .outerjoin(Tenant, Tenant.id == PlatformAuditEntry.tenant_id)
        .where(*matching)
        .order_by(PlatformAuditEntry.created_at.desc(), PlatformAuditEntry.id)
    )


def _entry(row: Any) -> Entry:
    entry, company = row
    facts = json.loads(entry.body)
    return Entry(
        at=entry.created_at,
        action=entry.action,
        person=entry.actor_name,
        company=company or (str(facts.get("name") or "") if entry.tenant_id else ""),
        tenant_id=entry.tenant_id if company else None,
        facts=facts,
    )


def _conditions(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    conditions = []
    for value, column in (
        (wanted.person, PlatformAuditEntry.actor_name),
        (wanted.tenant_id, PlatformAuditEntry.tenant_id),
    ):
        if value:
            conditions.append(column == value)
    if nouns := NOUNS.get(wanted.kind):
        conditions.append(func.split_part(PlatformAuditEntry.action, ".", 1).in_(nouns))
    if wanted.since:
        conditions.append(PlatformAuditEntry.created_at >= wanted.since)
    if wanted.until:
        conditions.append(PlatformAuditEntry.created_at < wanted.until)
    return tuple(conditions)
