"""Which texts of a report hold letters that no packaged font has, so that the PDF spells them.

Told before the submit: whoever wrote them can still change them. Reading only; what is spelled and
how is app.scripts.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.definition.schema import Definition, Field, Text
from app.extensions import db
from app.models import Account, Report, Tenant
from app.reports.facts import ReportFacts
from app.scripts import listed, unprintable


class Where(StrEnum):
    """Whose words they are."""

    ANSWER = "answer"
    COMMENT = "comment"
    REASON = "reason"
    CAPTION = "caption"
    SIGNER = "signer"
    CHECKLIST = "checklist"
    TITLE = "title"
    PROJECT = "project"
    EQUIPMENT = "equipment"
    PERSON = "person"
    COMPANY = "company"


@dataclass(frozen=True, slots=True)
class Unprintable:
    """`letters` reads like '😀 U+1F600'. Of a field, of a signature role or of the whole report."""

    where: Where
    letters: str
    field_id: str | None = None
    role_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Said:
    where: Where
    texts: Sequence[str | None]
    field_id: str | None = None
    role_id: str | None = None


def find_unprintable(report: Report, facts: ReportFacts) -> list[Unprintable]:
    """In the order of the PDF: the fields, the signatures, then what stands on the cover."""
    found = []
    for said in _everything(report, facts):
        letters = unprintable("".join(text or "" for text in said.texts))
        if letters:
            found.append(Unprintable(said.where, listed(letters), said.field_id, said.role_id))
    return found


def _everything(report: Report, facts: ReportFacts) -> Iterator[_Said]:
    for field in facts.definition.all_fields():
        yield from _of_field(field, facts)
    for role in facts.definition.signature_roles:
        signature = facts.signatures.get(role.id)
        yield _Said(Where.CHECKLIST, _words(role.label), role_id=role.id)
        yield _Said(Where.SIGNER, [signature.signer_name] if signature else (), role_id=role.id)
    yield _Said(Where.CHECKLIST, _head(facts.definition))
    yield _Said(Where.TITLE, (report.title, report.revision_reason))
    yield from _around(report)


def _of_field(field: Field, facts: ReportFacts) -> Iterator[_Said]:
    yield _Said(Where.CHECKLIST, _asked(field), field.id)
    row = facts.rows.get(field.id)
    if row is not None:
        yield _Said(Where.ANSWER, tuple(_strings(row.value)), field.id)
        yield _Said(Where.COMMENT, (row.comment,), field.id)
        yield _Said(Where.REASON, (row.na_reason,), field.id)
    placed = [one.placement for one in facts.photos_of(field.id)]
    yield _Said(Where.CAPTION, [one.caption for one in placed], field.id)
    yield _Said(Where.REASON, [one.quarantine_reason for one in placed], field.id)


def _around(report: Report) -> Iterator[_Said]:
    project, equipment = report.project, report.equipment
    yield _Said(Where.PROJECT, (project.name, project.client, project.address))
    if equipment is not None:
        yield _Said(Where.EQUIPMENT, (equipment.tag, equipment.name))
    people = (report.started_by, report.assignee_id, report.completed_by)
    named = select(Account.name).where(Account.id.in_([one for one in people if one]))
    yield _Said(Where.PERSON, db.session.scalars(named).all())
    tenant = db.session.scalars(select(Tenant)).one()
    yield _Said(Where.COMPANY, (tenant.name, tenant.contact, *_strings(tenant.pdf)))


def _asked(field: Field) -> tuple[str, ...]:
    parts = (*field.options, *field.rows, *field.columns)
    unit = field.limits.unit if field.limits else None
    hint = _words(field.hint) if field.hint else ()
    return (*_words(field.label), *hint, *(one for part in parts for one in _words(part.label)),
            unit or "")  # fmt: skip


def _head(definition: Definition) -> tuple[str, ...]:
    header = definition.header
    titles = (header.title, *(section.title for section in definition.sections))
    return (
        *(one for title in titles for one in _words(title)),
        header.category or "",
        *header.reference_standards,
        *header.planning_requirements,
    )


def _words(text: Text) -> tuple[str, str]:
    return (text.en or "", text.pt or "")


def _strings(value: Any) -> Iterator[str]:
    """Every text in a stored JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
