"""Finds entries of the chain, in pages by sequence.

Pages begin at a sequence and are never counted, so that the newest page of a million entries costs
as much as that of a hundred. The indexes of audit_entries support each filter in that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, false, func, not_, or_, select

from app.audit.naming import Names, ObjectName
from app.definition.sentences import Sentence
from app.errors import NotFound
from app.evidence.sentences import actions_of, tell
from app.evidence.ways_in import platform_access
from app.extensions import db
from app.models import AuditEntry, Document, Equipment, Report
from app.words import ROLES

BATCH = 1_000
_REVISION = re.compile(r"(?<=\S)[-\s]+R\d+$")


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """The filter of the audit; values that are None or empty have no effect.

    `person_id` is the actor; `is_system` selects actors without an account: operators and
    background work. `number` is that of a report, with or without revision. `since` and `until`
    (aware, `until` excluded) bound the entry's time.
    """

    person_id: UUID | None = None
    is_system: bool = False
    kind: str = ""
    number: str = ""
    object_type: str = ""
    object_id: UUID | None = None
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        return self != AuditFilter()


@dataclass(frozen=True, slots=True)
class AuditLine:
    """An entry with its sentence. `role` is the actor's at that time; `body` is the parsed JSON."""

    id: UUID
    sequence: int
    at: datetime
    action: str
    name: str
    role: str
    sentence: Sentence
    object_type: str
    object_id: UUID | None
    object: ObjectName | None
    body: dict[str, Any]
    hash: str
    previous_hash: str

    @property
    def is_about_another(self) -> bool:
        """Whether the object is worth showing: neither the company nor the actor."""
        is_oneself = self.body.get("object", {}).get("id") == self.body.get("actor", {}).get("id")
        return self.object is not None and self.object_type != "tenant" and not is_oneself


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries, newest first. `newer` and `older` are the bounds of the next pages, or None."""

    entries: tuple[AuditLine, ...]
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The entry before or after another."""

    id: UUID
    sequence: int


def list_page(
    criteria: AuditFilter, *, before: int | None = None, after: int | None = None, page_size: int
) -> EntryPage:
    """The newest page, or the one below `before` or above `after`."""
    matching = conditions(criteria)
    if after is not None:
        rows = _rows(matching, AuditEntry.sequence > after, page_size + 1, is_rising=True)
        if len(rows) > page_size:
            shown = _lines(rows[page_size - 1 :: -1])
            return EntryPage(shown, shown[0].sequence, shown[-1].sequence)
        before = None  # all of these are on the newest page
    bound = AuditEntry.sequence < before if before is not None else None
    rows = _rows(matching, bound, page_size + 1)
    shown = _lines(rows[:page_size])
    newer = shown[0].sequence if before is not None and shown else None
    return EntryPage(shown, newer, shown[-1].sequence if len(rows) > page_size else None)


def each_entry(criteria: AuditFilter, *, last: int) -> Iterator[AuditLine]:
    """All matching entries up to the sequence `last`, newest first, in batches."""
    matching, names, before = conditions(criteria), Names(), last + 1
    while rows := _rows(matching, AuditEntry.sequence < before, BATCH):
        yield from _lines(rows, names)
        before = rows[-1].sequence


def has_platform_access(since: datetime) -> ColumnElement[bool]:
    """Whether the platform acted so since then, for a statement that reads other things too."""
    return select(AuditEntry.id).where(platform_access(), AuditEntry.at >= since).exists()


def list_platform_access(
    *, since: datetime, limit: int, reader: UUID | None, shown_elsewhere: Iterable[UUID] = ()
) -> tuple[AuditLine, ...]:
    """The newest acts by which the platform gained access to the company, or could.

    Leaves out the creation of the `reader`'s own account, which they know about, and acts about the
    objects in `shown_elsewhere`, which the page lists anyway.
    """
    own = and_(AuditEntry.action == "account.created", AuditEntry.object_id == reader)
    about = AuditEntry.object_id.in_(tuple(shown_elsewhere))
    # Without an object the comparison is NULL, which counts as not left out.
    left_out = func.coalesce(or_(own, about), False)
    return _lines(_rows((platform_access(), AuditEntry.at >= since, not_(left_out)), None, limit))


def get_entry(entry_id: UUID) -> AuditLine:
    """Raises NotFound."""
    rows = _rows((AuditEntry.id == entry_id,), None, 1)
    if not rows:
        raise NotFound
    return _lines(rows)[0]


def list_neighbours(entry_id: UUID) -> tuple[Neighbour | None, Neighbour | None]:
    """The entries before and after an entry in the chain, None at its ends."""
    here = select(AuditEntry.sequence).where(AuditEntry.id == entry_id).scalar_subquery()
    rows = db.session.execute(
        select(AuditEntry.id, AuditEntry.sequence, here.label("here")).where(
            AuditEntry.sequence.in_((here - 1, here + 1))
        )
    )
    found = {row.sequence - row.here: Neighbour(row.id, row.sequence) for row in rows}
    return found.get(-1), found.get(1)


def find_object(criteria: AuditFilter) -> ObjectName | None:
    """The object that the entries are filtered by, with its name."""
    names = Names()
    names.load_object(criteria.object_type, criteria.object_id)
    return names.object(criteria.object_type, criteria.object_id)


def conditions(criteria: AuditFilter) -> tuple[ColumnElement[bool], ...]:
    found: list[ColumnElement[bool]] = []
    if criteria.person_id is not None:
        found.append(AuditEntry.actor_id == criteria.person_id)
    if criteria.is_system:
        found.append(AuditEntry.actor_id.is_(None))
    if criteria.kind:
        found.append(AuditEntry.action.in_(actions_of(criteria.kind)))
    if criteria.number:
        found.append(_about(_ids_of_number(criteria.number)))
    if criteria.object_id is not None:
        found.append(_about(_ids_within(criteria.object_type, criteria.object_id)))
    if criteria.since is not None:
        found.append(AuditEntry.at >= criteria.since)
    if criteria.until is not None:
        found.append(AuditEntry.at < criteria.until)
    return tuple(found)


def _about(ids: list[UUID]) -> ColumnElement[bool]:
    """The ids are literal values, not a subquery, so that the planner uses the index for each."""
    return AuditEntry.object_id.in_(ids) if ids else false()


def _ids_of_number(number: str) -> list[UUID]:
    """The ids of all revisions with this number, or of the given revision, and of their PDFs."""
    text = number.strip().upper()
    revision = _REVISION.search(text)
    named = [Report.number == text]
    if revision:
        digits = int(revision.group().strip("- R")[:9])
        named.append((Report.number == text[: revision.start()]) & (Report.revision == digits))
    reports = db.session.scalars(select(Report.id).where(or_(*named))).all()
    return [one for report_id in reports for one in _ids_within("report", report_id)]


def _ids_within(object_type: str, object_id: UUID) -> list[UUID]:
    """The object and what belongs to it: a report's PDFs, a project's equipment."""
    statement = {
        "report": select(Document.id).where(Document.report_id == object_id),
        "project": select(Equipment.id).where(Equipment.project_id == object_id),
    }.get(object_type)
    return [object_id, *(db.session.scalars(statement) if statement is not None else ())]


def _rows(
    matching: tuple[ColumnElement[bool], ...],
    bound: ColumnElement[bool] | None,
    limit: int,
    *,
    is_rising: bool = False,
) -> list[Row[Any]]:
    sequence = AuditEntry.sequence
    statement = select(
        AuditEntry.id,
        sequence,
        AuditEntry.at,
        AuditEntry.action,
        AuditEntry.object_type,
        AuditEntry.object_id,
        AuditEntry.facts,
        AuditEntry.hash,
        AuditEntry.previous_hash,
    ).where(*matching)
    if bound is not None:
        statement = statement.where(bound)
    ordered = statement.order_by(sequence if is_rising else sequence.desc()).limit(limit)
    return list(db.session.execute(ordered))


def _lines(rows: list[Row[Any]], names: Names | None = None) -> tuple[AuditLine, ...]:
    names = names or Names()
    names.load(rows)
    return tuple(_entry(row, names) for row in rows)


def _entry(row: Row[Any], names: Names) -> AuditLine:
    body: dict[str, Any] = row.facts
    act = names.act(row.action, body, row.object_type, row.object_id)
    return AuditLine(
        id=row.id,
        sequence=row.sequence,
        at=row.at,
        action=row.action,
        name=act.name,
        role=ROLES.word_or_code(str((body.get("actor") or {}).get("role") or "")),
        sentence=tell(act),
        object_type=row.object_type,
        object_id=row.object_id,
        object=names.object(row.object_type, row.object_id),
        body=body,
        hash=row.hash,
        previous_hash=row.previous_hash,
    )
