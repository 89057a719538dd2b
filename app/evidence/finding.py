"""Which entries of the chain somebody looks for, and a page of them by sequence.

Pages are cut at a sequence, never counted: the newest page of a million entries costs what the
newest of a hundred does. The indexes of audit_entries serve each filter in that order.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, and_, false, func, not_, or_, select

from app.definition.sentences import Sentence
from app.errors import NotFound
from app.evidence.fact_words import role_words
from app.evidence.naming import Names, ObjectName
from app.evidence.sentences import actions_of, tell
from app.evidence.ways_in import are_ways_in
from app.extensions import db
from app.models import AuditEntry, Document, Equipment, Report

BATCH = 1_000
_REVISION = re.compile(r"(?<=\S)[-\s]+R\d+$")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What somebody looks for; what is None or empty narrows nothing.

    `person_id` is who acted, `is_system` those without an account: operators and background work.
    `number` is a report's, with or without revision. `since` and `until` (aware, until not
    included) bound the entry's time.
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
        return self != Wanted()


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, told. `role` is what the actor was then; `said` is the body as data."""

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
    said: dict[str, Any]
    hash: str
    previous_hash: str

    @property
    def is_about_another(self) -> bool:
        """Whether the object says more than the sentence: not the company, nor who acted."""
        is_oneself = self.said.get("object", {}).get("id") == self.said.get("actor", {}).get("id")
        return self.object is not None and self.object_type != "tenant" and not is_oneself


@dataclass(frozen=True, slots=True)
class EntryPage:
    """Entries, newest first. `newer` and `older` are where to go on, None at an end."""

    entries: tuple[Entry, ...]
    newer: int | None
    older: int | None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """The entry before or after another."""

    id: UUID
    sequence: int


def list_page(
    wanted: Wanted, *, before: int | None = None, after: int | None = None, page_size: int
) -> EntryPage:
    """The newest page, or the one below `before` or above `after`."""
    matching = conditions(wanted)
    if after is not None:
        rows = _rows(matching, AuditEntry.sequence > after, page_size + 1, is_rising=True)
        if len(rows) > page_size:
            shown = _told(rows[page_size - 1 :: -1])
            return EntryPage(shown, shown[0].sequence, shown[-1].sequence)
        before = None  # all of these stand on the newest page
    bound = AuditEntry.sequence < before if before is not None else None
    rows = _rows(matching, bound, page_size + 1)
    shown = _told(rows[:page_size])
    newer = shown[0].sequence if before is not None and shown else None
    return EntryPage(shown, newer, shown[-1].sequence if len(rows) > page_size else None)


def each_entry(wanted: Wanted, *, last: int) -> Iterator[Entry]:
    """All entries that are looked for up to the sequence `last`, newest first, in batches."""
    matching, names, before = conditions(wanted), Names(), last + 1
    while rows := _rows(matching, AuditEntry.sequence < before, BATCH):
        yield from _told(rows, names)
        before = rows[-1].sequence


def list_ways_in(
    *, since: datetime, limit: int, reader: UUID | None, told: Iterable[UUID] = ()
) -> tuple[Entry, ...]:
    """The newest acts by which the platform got into the company, or could.

    Left out: that the `reader`'s own account was made, as who has it knows, and what is about
    an object that is `told` of anyway.
    """
    own = and_(AuditEntry.action == "account.created", AuditEntry.object_id == reader)
    about = AuditEntry.object_id.in_(tuple(told))
    # Not about any object is neither of them.
    left_out = func.coalesce(or_(own, about), False)
    return _told(_rows((are_ways_in(), AuditEntry.at >= since, not_(left_out)), None, limit))


def get_entry(entry_id: UUID) -> Entry:
    """Raises NotFound."""
    rows = _rows((AuditEntry.id == entry_id,), None, 1)
    if not rows:
        raise NotFound
    return _told(rows)[0]


def list_neighbours(entry_id: UUID) -> tuple[Neighbour | None, Neighbour | None]:
    """The entries before and after one in the chain, None at its ends."""
    here = select(AuditEntry.sequence).where(AuditEntry.id == entry_id).scalar_subquery()
    rows = db.session.execute(
        select(AuditEntry.id, AuditEntry.sequence, here.label("here")).where(
            AuditEntry.sequence.in_((here - 1, here + 1))
        )
    )
    found = {row.sequence - row.here: Neighbour(row.id, row.sequence) for row in rows}
    return found.get(-1), found.get(1)


def find_object(wanted: Wanted) -> ObjectName | None:
    """What the entries are narrowed to, by name."""
    names = Names()
    names.load_object(wanted.object_type, wanted.object_id)
    return names.object(wanted.object_type, wanted.object_id)


def conditions(wanted: Wanted) -> tuple[ColumnElement[bool], ...]:
    found: list[ColumnElement[bool]] = []
    if wanted.person_id is not None:
        found.append(AuditEntry.actor_id == wanted.person_id)
    if wanted.is_system:
        found.append(AuditEntry.actor_id.is_(None))
    if wanted.kind:
        found.append(AuditEntry.action.in_(actions_of(wanted.kind)))
    if wanted.number:
        found.append(_about(_ids_of_number(wanted.number)))
    if wanted.object_id is not None:
        found.append(_about(_ids_within(wanted.object_type, wanted.object_id)))
    if wanted.since is not None:
        found.append(AuditEntry.at >= wanted.since)
    if wanted.until is not None:
        found.append(AuditEntry.at < wanted.until)
    return tuple(found)


def _about(ids: list[UUID]) -> ColumnElement[bool]:
    """Ids as values, not as a subselect: the planner then walks the index of each."""
    return AuditEntry.object_id.in_(ids) if ids else false()


def _ids_of_number(number: str) -> list[UUID]:
    """The revisions of a report's number, or the one that was named, with their PDFs."""
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
        AuditEntry.id, sequence, AuditEntry.at, AuditEntry.action, AuditEntry.object_type,
        AuditEntry.object_id, AuditEntry.facts, AuditEntry.hash, AuditEntry.previous_hash,
    ).where(*matching)  # fmt: skip
    if bound is not None:
        statement = statement.where(bound)
    ordered = statement.order_by(sequence if is_rising else sequence.desc()).limit(limit)
    return list(db.session.execute(ordered))


def _told(rows: list[Row[Any]], names: Names | None = None) -> tuple[Entry, ...]:
    names = names or Names()
    names.load(rows)
    return tuple(_entry(row, names) for row in rows)


def _entry(row: Row[Any], names: Names) -> Entry:
    said: dict[str, Any] = row.facts
    act = names.act(row.action, said, row.object_type, row.object_id)
    return Entry(
        id=row.id,
        sequence=row.sequence,
        at=row.at,
        action=row.action,
        name=act.name,
        role=role_words(str((said.get("actor") or {}).get("role") or "")),
        sentence=tell(act),
        object_type=row.object_type,
        object_id=row.object_id,
        object=names.object(row.object_type, row.object_id),
        said=said,
        hash=row.hash,
        previous_hash=row.previous_hash,
    )
