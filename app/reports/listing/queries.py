"""Reads many reports at once, as plain lines.

queries.py reads single reports, showing/page.py the content of a report, and starting/choices.py
the choices for a new one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import CTE, ColumnElement, Integer, Select, func, literal, select, union_all

from app.definition.outcome import Outcome
from app.definition.schema import Language
from app.extensions import db
from app.models import (
    OPEN_STATUSES,
    Account,
    Actor,
    Equipment,
    Project,
    Report,
    ReportStatus,
    Version,
    checklist_name,
)
from app.paging import Page, cut
from app.prepared import Prepared, bound, prepare
from app.reports.listing.filters import ReportFilter
from app.reports.listing.order import (
    NEWEST_CHANGE,
    AnySelect,
    Keys,
    Slice,
    cut_groups,
    read_groups,
    select_groups,
    select_slice,
)
from app.reports.listing.shape import Shape, shape_of
from app.reports.queries import visible_to
from app.reports.revisions import is_superseded, superseding_revision
from app.web.locale import reader_language

# Statements kept in a process, of each kind.
KEPT = 256
Outline = int | tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class ReportLine:
    """One line of the list; `outcome` is None until the report is completed.

    `superseded_by` is the completed revision that counts instead, if there is one. `amount` is the
    number of what a list counts in the report, such as unreadable photos.
    """

    id: UUID
    number: str
    revision: int
    title: str
    status: ReportStatus
    outcome: Outcome | None
    updated_at: datetime
    project: str
    checklist: str
    equipment: str | None
    assignee: str
    assignee_id: UUID
    due_on: date | None
    superseded_by: int | None
    amount: int = 1

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_STATUSES


def list_reports(
    criteria: ReportFilter, *, person: Actor, page: int = 1, page_size: int
) -> Page[ReportLine]:
    """One page of the visible reports that match, in two queries."""
    shape, values = shape_of(criteria, person)
    groups = read_groups(_prepare_groups(shape).run(**values))
    at = cut(sum(group.count for group in groups), page, page_size)
    shares = cut_groups(groups, at.offset, at.size)
    if not shares:
        return at.holding(())
    statement = _prepare_slices(shape, tuple(map(_outline_of, shares)))
    lists = lines_of(statement.run(**values, **_values_of(shares)), len(shares))
    return at.holding(line for lines in lists for line in lines)


@lru_cache(maxsize=KEPT)
def _prepare_groups(shape: Shape) -> Prepared:
    return prepare(select_groups(shape.criteria, shape.conditions))


@lru_cache(maxsize=KEPT)
def _prepare_slices(shape: Shape, outlines: tuple[Outline, ...]) -> Prepared:
    """The statement of a page; of its slices only what does not depend on the page's number."""
    slices = (_bound_slice(number, outline) for number, outline in enumerate(outlines))
    ids = [select_slice(shape.criteria, shape.conditions, one) for one in slices]
    return prepare(select_lines(ids, shape.language))


def _outline_of(share: Slice) -> Outline:
    """The keys of a slice; of keys that are ids, only their number."""
    return len(share.keys) if isinstance(share.keys[0], UUID) else share.keys


def _bound_slice(number: int, outline: Outline) -> Slice:
    keys = (
        tuple(bound(f"key_{number}_{place}") for place in range(outline))
        if isinstance(outline, int)
        else outline
    )
    return Slice(keys, bound(f"offset_{number}"), bound(f"size_{number}"))


def _values_of(shares: Sequence[Slice]) -> dict[str, Any]:
    """The values of bound slices."""
    values: dict[str, Any] = {}
    for number, share in enumerate(shares):
        values |= {f"offset_{number}": share.offset, f"size_{number}": share.size}
        values |= {f"key_{number}_{place}": key for place, key in enumerate(share.keys)}
    return values


def list_reports_of_project(
    project_id: UUID, *, person: Actor, result: Outcome | None = None, limit: int = 10
) -> tuple[ReportLine, ...]:
    """The newest visible reports of a project, optionally only those with a result that still
    counts; one query."""
    matching = [visible_to(person), Report.project_id == project_id]
    if result is not None:
        matching += [Report.outcome == result, ~is_superseded()]
    return list_lines(*matching, limit=limit)


def list_open_reports_of(
    assignee_id: UUID, *, person: Actor, limit: int = 10
) -> tuple[ReportLine, ...]:
    """The visible open reports that are assigned to a person, newest change first."""
    is_theirs = Report.assignee_id == assignee_id
    return list_lines(visible_to(person), Report.status.in_(OPEN_STATUSES), is_theirs, limit=limit)


def list_lines(
    *matching: ColumnElement[bool], order: Keys = NEWEST_CHANGE, limit: int
) -> tuple[ReportLine, ...]:
    """The first reports that match all conditions; callers must include `visible_to`."""
    (lines,) = read_lists([select_ids(*matching, order=order, limit=limit)])
    return lines


def select_ids(*matching: ColumnElement[bool], order: Keys, limit: int) -> Select[UUID]:
    """The ids of the first reports that match all conditions, for `read_lists`."""
    return select(Report.id).where(*matching).order_by(*order).limit(limit)


def read_lists(lists: Sequence[AnySelect]) -> list[tuple[ReportLine, ...]]:
    """The reports of several short lists, in one query. Each is given as ids in order, and where a
    list counts something, with the count as `amount`."""
    if not lists:
        return []
    return lines_of(db.session.execute(select_lines(lists, reader_language())), len(lists))


def lines_of(rows: Iterable[Sequence[Any]], lists: int) -> list[tuple[ReportLine, ...]]:
    """The reports of so many lists, from the rows of `select_lines`."""
    found: list[list[ReportLine]] = [[] for _ in range(lists)]
    for list_number, *line in rows:
        found[list_number].append(ReportLine(*line))
    return [tuple(lines) for lines in found]


def select_lines(lists: Sequence[AnySelect], language: Language) -> AnySelect:
    """Select the lines of several lists of ids, for `lines_of`."""
    # The subqueries read reports alone, so that an index returns them in order. The names are
    # looked up for their few rows only: joining would leave the database many orders to weigh.
    shown = union_all(*(_numbered(number, ids) for number, ids in enumerate(lists))).cte("shown")
    names = _names_of(shown, language)
    return (
        select(
            shown.c.list_number,
            Report.id,
            Report.number,
            Report.revision,
            Report.title,
            Report.status,
            Report.outcome,
            Report.updated_at,
            _look_up(Project.name, Project.id == Report.project_id),
            select(names.c.name).where(names.c.id == Report.version_id).scalar_subquery(),
            _look_up(Equipment.tag, Equipment.id == Report.equipment_id),
            _look_up(Account.name, Account.id == Report.assignee_id),
            Report.assignee_id,
            Report.due_on,
            superseding_revision(),
            shown.c.amount,
        )
        .join(shown, shown.c.id == Report.id)
        .order_by(shown.c.list_number, shown.c.place)
    )


def _look_up(name: Any, is_it: ColumnElement[bool]) -> Any:
    return select(name).where(is_it).correlate(Report).scalar_subquery()


def _numbered(number: int, ids: AnySelect) -> AnySelect:
    rows = ids.subquery().c
    amount = rows.amount if "amount" in rows else literal(1, Integer)
    return select(
        rows.id,
        literal(number, Integer).label("list_number"),
        func.row_number().over().label("place"),
        amount.label("amount"),
    )


def _names_of(shown: CTE, language: Language) -> CTE:
    """The names of the checklists of these reports, by version. Each stands in the JSON of a
    version, so it is read once, not for every report."""
    used = select(Report.version_id).join(shown, shown.c.id == Report.id)
    name = checklist_name(language).label("name")
    named = select(Version.id, name).join(Version.checklist).where(Version.id.in_(used))
    return named.cte("names").prefix_with("materialized")
