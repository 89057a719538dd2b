"""Queries for checklists and their versions. service.py makes the changes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, func, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from app.definition.samples import SAMPLES
from app.definition.schema import Definition
from app.definition.sentences import Sentence
from app.definition.workbook.problems import short
from app.extensions import db
from app.layouts import Layout
from app.models import (
    Account,
    Actor,
    Checklist,
    ChecklistStatus,
    Report,
    Version,
    checklist_name,
)
from app.pdf.settings import PdfSettings
from app.reports.queries import visible_to
from app.rows import one_or_404, own_tenant
from app.web.locale import reader_language, reading_order


@dataclass(frozen=True, slots=True)
class ChecklistLine:
    """One row of the list. `published` and `draft_id` are None if there is no such version."""

    id: UUID
    code: str
    name: str
    category: str
    status: ChecklistStatus
    published: int | None
    draft_id: UUID | None
    reports: int


@dataclass(frozen=True, slots=True)
class VersionLine:
    """One row of a checklist's versions; `reports` are those that the reader may see."""

    id: UUID
    number: int
    published_at: datetime | None
    publisher: str | None
    note: str
    reports: int


@dataclass(frozen=True, slots=True)
class ChecklistCounts:
    """The number of items in a definition: `photos` is the sum of the minimums."""

    sections: int
    fields: int
    photos: int
    signatures: int


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of the workbook reader about one cell of one sheet."""

    sheet: str
    cell: str
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class SampleLine:
    """A sample; `checklist_id` is the company's own checklist with the same code, if it has one."""

    key: str
    definition: Definition
    counts: ChecklistCounts
    checklist_id: UUID | None


def list_checklists(person: Actor) -> list[ChecklistLine]:
    """Every checklist that has a version, by code, the retired ones last, in one query. The reports
    are those that the person may see."""
    published = _version_of_checklist(func.max(Version.number), Version.published_at.is_not(None))
    draft = _version_of_checklist(Version.id, Version.published_at.is_(None))
    rows = db.session.execute(
        select(
            Checklist.id,
            Checklist.code,
            checklist_name(reader_language()),
            Checklist.category,
            Checklist.status,
            published.label("published"),
            draft.label("draft_id"),
            _reports_of_checklist(person).label("reports"),
        )
        .where(select(Version.id).where(Version.checklist_id == Checklist.id).exists())
        .order_by(Checklist.status == ChecklistStatus.RETIRED, Checklist.code)
    )
    return [ChecklistLine(*row) for row in rows]


def get_checklist(checklist_id: UUID) -> Checklist:
    """Raises NotFound."""
    return one_or_404(select(Checklist).where(Checklist.id == checklist_id))


def get_name(checklist: Checklist) -> str:
    """Its name in the reader's language."""
    named = select(checklist_name(reader_language())).where(Checklist.id == checklist.id)
    return db.session.scalars(named).one()


def get_company_layout() -> Layout:
    """The layout of checklists that have none of their own."""
    return PdfSettings.of(own_tenant().pdf).layout


def get_version(version_id: UUID) -> Version:
    """The version with its checklist. Raises NotFound."""
    return one_or_404(
        select(Version).where(Version.id == version_id).options(joinedload(Version.checklist))
    )


def find_latest(checklist_id: UUID, *, before: int | None = None) -> Version | None:
    """The latest published version, or the latest with a number below `before`."""
    statement = select(Version).where(
        Version.checklist_id == checklist_id, Version.published_at.is_not(None)
    )
    if before is not None:
        statement = statement.where(Version.number < before)
    return db.session.scalars(statement.order_by(Version.number.desc()).limit(1)).one_or_none()


def find_newest_version(checklist_id: UUID) -> Version | None:
    """The draft, else the latest published version."""
    statement = select(Version).where(Version.checklist_id == checklist_id)
    return db.session.scalars(statement.order_by(Version.number.desc()).limit(1)).one_or_none()


def list_samples() -> list[SampleLine]:
    """The samples, and which of them the company has copied, in one query."""
    codes = [definition.header.code for definition in SAMPLES.values()]
    rows = db.session.execute(select(Checklist.code, Checklist.id).where(Checklist.code.in_(codes)))
    copied = {row.code: row.id for row in rows}
    return [
        SampleLine(key, definition, count_parts(definition), copied.get(definition.header.code))
        for key, definition in SAMPLES.items()
    ]


def find_latest_of_code(code: str) -> Version | None:
    """The latest published version of the checklist with this code."""
    checklist_id = db.session.scalars(
        select(Checklist.id).where(Checklist.code == code)
    ).one_or_none()
    return find_latest(checklist_id) if checklist_id else None


def get_version_of_code(code: str, number: int | None = None) -> Version:
    """The version with this number of the checklist with this code, else the latest published.

    Raises NotFound.
    """
    statement = select(Version).join(Checklist, Version.checklist_id == Checklist.id)
    chosen = Version.published_at.is_not(None) if number is None else Version.number == number
    statement = statement.where(Checklist.code == code, chosen)
    return one_or_404(statement.order_by(Version.number.desc()).limit(1))


def list_versions(checklist_id: UUID, *, person: Actor) -> list[VersionLine]:
    """The versions, newest first, with who published them and how many reports are on them: as many
    as the list of reports shows this person."""
    reports = select(func.count(Report.id)).where(
        Report.version_id == Version.id, visible_to(person)
    )
    rows = db.session.execute(
        select(
            Version.id,
            Version.number,
            Version.published_at,
            Account.name,
            Version.note,
            reports.scalar_subquery().label("reports"),
        )
        .outerjoin(Account, Account.id == Version.published_by)
        .where(Version.checklist_id == checklist_id)
        .order_by(Version.number.desc())
    )
    return [VersionLine(*row) for row in rows]


def get_numbered(checklist_id: UUID, number: int) -> Version:
    """A version by its number. Raises NotFound."""
    return one_or_404(
        select(Version).where(Version.checklist_id == checklist_id, Version.number == number)
    )


def list_notices(version: Version) -> list[Notice]:
    """The notices of the workbook reader about this version. They quote labels in the reader's
    language."""
    labels = _short_labels(version.definition)
    return [_notice(stored, labels) for stored in version.notices]


def count_parts(definition: Definition) -> ChecklistCounts:
    """The counts shown above a preview."""
    fields = list(definition.all_fields())
    return ChecklistCounts(
        sections=len(definition.sections),
        fields=len(fields),
        photos=sum(field.photos.always for field in fields),
        signatures=len(definition.signature_roles),
    )


def _short_labels(definition: Definition) -> dict[str, str]:
    """Each label as a notice stores it, in either language -> the label in the reader's."""
    languages = reading_order(definition.languages)
    labels = [field.label for field in definition.all_fields()]
    labels += [role.label for role in definition.signature_roles]
    return {
        short(words): short(label.first(languages))
        for label in labels
        for words in (label.en, label.pt)
        if words
    }


def _notice(stored: Mapping[str, object], labels: Mapping[str, str]) -> Notice:
    params = stored["params"]
    assert isinstance(params, dict)
    if "label" in params:
        params = {**params, "label": labels.get(params["label"], params["label"])}
    return Notice(str(stored["sheet"]), str(stored["cell"]), Sentence(str(stored["msgid"]), params))


def _version_of_checklist(
    column: ColumnElement[Any] | InstrumentedAttribute[UUID], condition: ColumnElement[bool]
) -> ScalarSelect[Any]:
    return (
        select(column)
        .where(Version.checklist_id == Checklist.id, condition)
        .correlate(Checklist)
        .scalar_subquery()
    )


def _reports_of_checklist(person: Actor) -> ScalarSelect[int]:
    return (
        select(func.count(Report.id))
        .join(Version, Version.id == Report.version_id)
        .where(Version.checklist_id == Checklist.id, visible_to(person))
        .correlate(Checklist)
        .scalar_subquery()
    )
