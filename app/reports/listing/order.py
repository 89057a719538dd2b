"""The order of a list of reports, and the groups that it consists of.

Inside one group an index has the reports in order, so a page deep in the list is read from the
index, and the database sorts no more than the lines of one page. filters.py decides which reports
the list has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, literal, not_, select

from app.models import OPEN_STATUSES, Project, Report
from app.reports.listing.filters import Order, ReportFilter

Keys = tuple[ColumnElement[Any], ...]
Conditions = tuple[ColumnElement[bool], ...]
AnySelect = Select[*tuple[Any, ...]]
Way = Callable[[Any], ColumnElement[Any]]

NEWEST_CHANGE: Keys = (Report.updated_at.desc(), Report.id.asc())
IS_DUE = and_(Report.status.in_(OPEN_STATUSES), Report.due_on.is_not(None))


@dataclass(frozen=True, slots=True)
class Group:
    """Reports that follow each other in a list: `count` of them match the filter.

    `key` is the project's id, the status or whether the report is due; None if the list is a single
    group.
    """

    key: Any
    count: int


@dataclass(frozen=True, slots=True)
class Slice:
    """A page's share of one or more groups: `size` reports from `offset`."""

    keys: tuple[Any, ...]
    offset: int
    size: int


def ordering(criteria: ReportFilter) -> Keys:
    """The sort keys. They make the order total, so that pages never overlap.

    Within equal keys the id goes in the direction of the index, so that the database can read the
    index forwards or backwards.
    """
    way, back = (_down, _up) if criteria.is_descending else (_up, _down)
    keys: dict[Order, Keys] = {
        Order.CHANGED: (way(Report.updated_at), back(Report.id)),
        Order.NUMBER: (way(Report.number), way(Report.revision), way(Report.id)),
        Order.TITLE: (way(func.lower(Report.title)), way(Report.id)),
        Order.PROJECT: (
            way(func.lower(Project.name)),
            way(Project.id),
            way(Report.updated_at),
            way(Report.id),
        ),
        Order.STATUS: (way(Report.status), way(Report.updated_at), way(Report.id)),
        Order.DUE: (way(_open_due_day()).nulls_last(), *NEWEST_CHANGE),
    }
    return keys[criteria.order]


def read_groups(rows: Iterable[Sequence[Any]]) -> list[Group]:
    """The groups of the list from the rows of `select_groups`, none of them empty."""
    return [Group(key, found) for key, found in rows if found]


def select_groups(criteria: ReportFilter, matching: Conditions) -> AnySelect:
    """Select and count the groups of the list, in order."""
    way = _down if criteria.is_descending else _up
    count = func.count(Report.id)
    counted: AnySelect
    match criteria.order:
        case Order.PROJECT:
            return _count_by_project(matching, way)
        case Order.STATUS:
            counted = select(Report.status, count).where(*matching).group_by(Report.status)
            return counted.order_by(way(Report.status))
        case Order.DUE:
            is_due = IS_DUE.label("is_due")
            counted = select(is_due, count).where(*matching).group_by(is_due)
            return counted.order_by(is_due.desc())
    return select(literal(None), count).where(*matching)


def _count_by_project(matching: Conditions, way: Way) -> Select[UUID, int]:
    counted = (
        select(Report.project_id.label("key"), func.count(Report.id).label("found"))
        .where(*matching)
        .group_by(Report.project_id)
        .subquery()
    )
    return (
        select(counted.c.key, counted.c.found)
        .join(Project, Project.id == counted.c.key)
        .order_by(way(func.lower(Project.name)), way(Project.id))
    )


def cut_groups(groups: Sequence[Group], offset: int, size: int) -> list[Slice]:
    """The slices of a page, at most three: only its first and its last group may be shown in part,
    so those between are one slice."""
    shares = list(_shares(groups, offset, size))
    if len(shares) <= 3:
        return shares
    whole = shares[1:-1]
    keys = tuple(key for share in whole for key in share.keys)
    return [shares[0], Slice(keys, 0, sum(share.size for share in whole)), shares[-1]]


def _shares(groups: Sequence[Group], offset: int, size: int) -> Iterator[Slice]:
    for group in groups:
        if size and offset < group.count:
            taken = min(size, group.count - offset)
            yield Slice((group.key,), offset, taken)
            size -= taken
        offset = max(0, offset - group.count)


def select_slice(criteria: ReportFilter, matching: Conditions, share: Slice) -> Select[UUID]:
    """The ids of the reports in a slice, in the order of the list."""
    statement = select(Report.id).where(*matching, *_is_within(criteria.order, share.keys))
    if len(share.keys) > 1:  # whole groups of a page, so there is little to sort
        return statement.join(Report.project).order_by(*ordering(criteria))
    keys = _keys_within(criteria, share.keys[0])
    return statement.order_by(*keys).limit(share.size).offset(share.offset)


def _is_within(order: Order, keys: tuple[Any, ...]) -> Conditions:
    match order:
        case Order.PROJECT:
            return (Report.project_id.in_(keys) if keys[1:] else Report.project_id == keys[0],)
        case Order.STATUS:
            return (Report.status.in_(keys) if keys[1:] else Report.status == keys[0],)
        case Order.DUE:
            return (IS_DUE if keys[0] else not_(IS_DUE),)
    return ()


def _keys_within(criteria: ReportFilter, key: Any) -> Keys:
    """The sort keys inside one group, without those that are equal in all of it."""
    keys = ordering(criteria)
    match criteria.order:
        case Order.PROJECT:
            return keys[2:]
        case Order.STATUS:
            return keys[1:]
        case Order.DUE:
            way = _down if criteria.is_descending else _up
            return (way(Report.due_on), *NEWEST_CHANGE) if key else NEWEST_CHANGE
    return keys


def _up(key: Any) -> ColumnElement[Any]:
    return key.asc()  # type: ignore[no-any-return]


def _down(key: Any) -> ColumnElement[Any]:
    return key.desc()  # type: ignore[no-any-return]


def _open_due_day() -> ColumnElement[date | None]:
    """The due day of an open report; a finished one is no longer due."""
    return case((Report.status.in_(OPEN_STATUSES), Report.due_on.expression))
