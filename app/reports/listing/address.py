"""Reads and writes the filters of a list in its URL, so that the URL can be bookmarked and sent.

An invalid value is ignored. Only an unreadable place is refused: without it the list would look
like the result of the search.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from app.definition.outcome import Outcome
from app.models import ReportStatus
from app.reports.listing.filters import Due, DueDays, Open, Order, ReportFilter
from app.reports.listing.near import address_of_circle, read_circle
from app.web.addresses import end_of, read_day, read_id, start_of

MAX_SEARCH = 100
NAMES = (
    "search",
    "status",
    "result",
    "checklist",
    "version",
    "project",
    "equipment",
    "person",
    "since",
    "until",
    "started_since",
    "started_until",
    "completed_since",
    "completed_until",
    "due",
    "sort",
    "near",
    "radius",
)
PLACE_NAMES = ("near", "radius")
# Bounds in time. An address names the first and last day, both included; `ReportFilter` has the
# moments under the same names.
FROM = ("since", "started_since", "completed_since")
TO = ("until", "started_until", "completed_until")

Choice = TypeVar("Choice", bound=StrEnum)


def read_filter(args: Mapping[str, str], zone: str, today: date | None = None) -> ReportFilter:
    """Parse the query string; days begin and end in the reader's time zone.

    Due days are relative to `today`, the date in the company's time zone. Raises
    UnreadablePlace, NoSuchPlace, UnreadableRadius.
    """
    sort = args.get("sort", "")
    order = _choice(Order, sort.removeprefix("-"))
    criteria = ReportFilter(
        search=" ".join(args.get("search", "").replace("\0", " ").split())[:MAX_SEARCH].rstrip(),
        status=_choice(Open, args.get("status")) or _choice(ReportStatus, args.get("status")),
        result=read_result(args),
        checklist_id=read_id(args.get("checklist")),
        version_id=read_id(args.get("version")),
        project_id=read_id(args.get("project")),
        equipment_id=read_id(args.get("equipment")),
        person_id=read_id(args.get("person")),
        due=_due(_choice(Due, args.get("due")), today),
        near=read_circle(args.get("near", ""), args.get("radius", "")),
        order=order or Order.CHANGED,
        is_descending=sort.startswith("-") if order else True,
    )
    days: dict[str, Any] = {name: start_of(read_day(args.get(name)), zone) for name in FROM}
    days |= {name: end_of(read_day(args.get(name)), zone) for name in TO}
    return replace(criteria, **days)


def address_of(criteria: ReportFilter) -> dict[str, str]:
    """The filter as URL arguments, without those that have no effect."""
    values = {
        "search": criteria.search,
        "status": criteria.status,
        "result": criteria.result,
        "checklist": criteria.checklist_id,
        "version": criteria.version_id,
        "project": criteria.project_id,
        "equipment": criteria.equipment_id,
        "person": criteria.person_id,
        **{name: _day(getattr(criteria, name)) for name in FROM},
        **{name: _day(getattr(criteria, name), timedelta(days=1)) for name in TO},
        "due": criteria.due and criteria.due.name,
        **address_of_circle(criteria.near),
        "sort": sort_name(criteria.order, criteria.is_descending),
    }
    is_plain = criteria.order is Order.CHANGED and criteria.is_descending
    return {
        name: str(value)
        for name, value in values.items()
        if value and not (name == "sort" and is_plain)
    }


def sort_name(order: Order, is_descending: bool) -> str:
    return f"-{order.value}" if is_descending else order.value


def read_result(args: Mapping[str, str]) -> Outcome | None:
    """The result that a list is filtered by; None if it is missing or unknown."""
    return _choice(Outcome, args.get("result"))


def _day(moment: datetime | None, after: timedelta = timedelta()) -> str | None:
    return (moment - after).date().isoformat() if moment else None


def _due(name: Due | None, today: date | None) -> DueDays | None:
    if name is None or today is None:
        return None
    if name is Due.LATE:
        return DueDays(name, None, today - timedelta(days=1))
    return DueDays(name, today, today + timedelta(days=6))


def _choice(states: type[Choice], text: str | None) -> Choice | None:
    return states(text) if text in {state.value for state in states} else None
