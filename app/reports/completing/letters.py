"""Finds the texts of a report with letters that no packaged font has; the PDF spells them out.

The review page lists them while the texts can still be changed. Read-only; app.scripts decides
which letters are spelled, and how.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import select

from app.definition.schema import Definition, Field, Text
from app.extensions import db
from app.models import Account, Report
from app.reports.facts import ReportFacts
from app.rows import own_tenant
from app.scripts import listed, unprintable


class TextOwner(StrEnum):
    """What a text belongs to."""

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
    """Unprintable `letters`, such as '😀 U+1F600', of a field, a signature role or the report."""

    where: TextOwner
    letters: str
    field_id: str | None = None
    role_id: str | None = None


@dataclass(frozen=True, slots=True)
class _Texts:
    where: TextOwner
    texts: Sequence[str | None]
    field_id: str | None = None
    role_id: str | None = None


def find_unprintable(report: Report, facts: ReportFacts) -> list[Unprintable]:
    """In this order: the fields, the signatures, then the texts of the cover."""
    found = []
    for said in _all_texts(report, facts):
        letters = unprintable("".join(text or "" for text in said.texts))
        if letters:
            found.append(Unprintable(said.where, listed(letters), said.field_id, said.role_id))
    return found


def _all_texts(report: Report, facts: ReportFacts) -> Iterator[_Texts]:
    for field in facts.definition.all_fields():
        yield from _field_texts(field, facts)
    for role in facts.definition.signature_roles:
        signature = facts.signatures.get(role.id)
        yield _Texts(TextOwner.CHECKLIST, _words(role.label), role_id=role.id)
        yield _Texts(
            TextOwner.SIGNER, [signature.signer_name] if signature else (), role_id=role.id
        )
    yield _Texts(TextOwner.CHECKLIST, _header_texts(facts.definition))
    yield _Texts(TextOwner.TITLE, (report.title, report.revision_reason))
    yield from _cover_texts(report)


def _field_texts(field: Field, facts: ReportFacts) -> Iterator[_Texts]:
    yield _Texts(TextOwner.CHECKLIST, _question_texts(field), field.id)
    row = facts.rows.get(field.id)
    if row is not None:
        yield _Texts(TextOwner.ANSWER, tuple(_strings(row.value)), field.id)
        yield _Texts(TextOwner.COMMENT, (row.comment,), field.id)
        yield _Texts(TextOwner.REASON, (row.na_reason,), field.id)
    placed = [one.placement for one in facts.photos_of(field.id)]
    yield _Texts(TextOwner.CAPTION, [one.caption for one in placed], field.id)
    yield _Texts(TextOwner.REASON, [one.quarantine_reason for one in placed], field.id)


def _cover_texts(report: Report) -> Iterator[_Texts]:
    project, equipment = report.project, report.equipment
    yield _Texts(TextOwner.PROJECT, (project.name, project.client, project.address))
    if equipment is not None:
        yield _Texts(TextOwner.EQUIPMENT, (equipment.tag, equipment.name))
    people = (report.started_by, report.assignee_id, report.completed_by)
    named = select(Account.name).where(Account.id.in_([one for one in people if one]))
    yield _Texts(TextOwner.PERSON, db.session.scalars(named).all())
    tenant = own_tenant()
    yield _Texts(TextOwner.COMPANY, (tenant.name, tenant.contact, *_strings(tenant.pdf)))


def _question_texts(field: Field) -> tuple[str, ...]:
    parts = (*field.options, *field.rows, *field.columns)
    unit = field.limits.unit if field.limits else None
    hint = _words(field.hint) if field.hint else ()
    return (
        *_words(field.label),
        *hint,
        *(one for part in parts for one in _words(part.label)),
        unit or "",
    )


def _header_texts(definition: Definition) -> tuple[str, ...]:
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
