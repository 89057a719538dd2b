"""Reads the platform's own audit: who did what to which company. Never a company's content."""

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
from app.evidence.sentence_builders import Act
from app.evidence.sentences import Kind, tell
from app.evidence.service import record_on_platform
from app.models import Actor, PlatformAuditEntry, Tenant
from app.paging import Page, cut
from app.tenancy import platform_scope

BATCH = 1_000
# Actions of superadmins and operators, grouped for the filter.
KINDS = (
    Kind("companies", N_("Companies"), ("tenant", "export")),
    Kind("support", N_("Support access to companies"), ("support",)),
    Kind("people", N_("Superadmins and their accounts"), ("superadmin", "account")),
    Kind("logins", N_("Logins and logouts"), ("session",)),
    Kind("audit", N_("Audit"), ("audit",)),
    Kind("storage", N_("Storage"), ("storage",)),
)
NOUNS = {kind.key: kind.nouns for kind in KINDS}


class TooManyEntries(DomainError):
    """%(found)s entries are too many for one file (maximum %(most)s). Narrow the list and try
    again."""

    status = 422


@dataclass(frozen=True, slots=True)
class PlatformAuditFilter:
    """A filter of the audit. None and empty values do not filter.

    `kind` is the key of one of KINDS. Times are aware; `until` is exclusive.
    """

    kind: str = ""
    person: str = ""
    tenant_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class PlatformAuditLine:
    """An entry of the audit. `company` is the current name, or the recorded one if it was erased.

    `tenant_id` is None if the company was erased.
    """

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
class PlatformAuditChoices:
    """The choices of the filter; a company is (id, name)."""

    people: tuple[str, ...]
    companies: tuple[tuple[UUID, str], ...]


def list_entries(
    criteria: PlatformAuditFilter, *, page: int, page_size: int
) -> Page[PlatformAuditLine]:
    matching = _conditions(criteria)
    with platform_scope() as session:
        total = session.scalar(select(func.count(PlatformAuditEntry.id)).where(*matching)) or 0
        at = cut(total, page, page_size)
        rows = session.execute(_select_newest(matching).limit(at.size).offset(at.offset)).all()
    return at.holding(_audit_line(row) for row in rows)


def list_choices() -> PlatformAuditChoices:
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
        return PlatformAuditChoices(tuple(sorted(people)), tuple(named))


def export_entries(
    session: Session,
    criteria: PlatformAuditFilter,
    *,
    most: int,
    filters: dict[str, str],
    actor: Actor,
) -> Iterator[PlatformAuditLine]:
    """Yield all matching entries in batches while the session is open, and record the export.

    Raises TooManyEntries before anything is read.
    """
    matching = _conditions(criteria)
    found = session.scalar(select(func.count(PlatformAuditEntry.id)).where(*matching)) or 0
    if found > most:
        raise TooManyEntries(found=found, most=most)
    record_on_platform("audit.exported", session, actor, filters=filters, rows=str(found))
    rows = session.execute(_select_newest(matching), execution_options={"yield_per": BATCH})
    return (_audit_line(row) for row in rows)


def _select_newest(matching: tuple[ColumnElement[bool], ...]) -> Any:
    return (
        select(PlatformAuditEntry, Tenant.name)
        .outerjoin(Tenant, Tenant.id == PlatformAuditEntry.tenant_id)
        .where(*matching)
        .order_by(PlatformAuditEntry.created_at.desc(), PlatformAuditEntry.id)
    )


def _audit_line(row: Any) -> PlatformAuditLine:
    entry, company = row
    facts = json.loads(entry.body)
    return PlatformAuditLine(
        at=entry.created_at,
        action=entry.action,
        person=entry.actor_name,
        company=company or (str(facts.get("name") or "") if entry.tenant_id else ""),
        tenant_id=entry.tenant_id if company else None,
        facts=facts,
    )


def _conditions(criteria: PlatformAuditFilter) -> tuple[ColumnElement[bool], ...]:
    conditions = []
    for value, column in (
        (criteria.person, PlatformAuditEntry.actor_name),
        (criteria.tenant_id, PlatformAuditEntry.tenant_id),
    ):
        if value:
            conditions.append(column == value)
    if nouns := NOUNS.get(criteria.kind):
        conditions.append(func.split_part(PlatformAuditEntry.action, ".", 1).in_(nouns))
    if criteria.since:
        conditions.append(PlatformAuditEntry.created_at >= criteria.since)
    if criteria.until:
        conditions.append(PlatformAuditEntry.created_at < criteria.until)
    return tuple(conditions)
