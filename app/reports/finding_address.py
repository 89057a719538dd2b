"""What a list's address says, read and written: the filters are in the URL, so that one can be
kept, sent and gone back to. A value that means nothing narrows nothing, but for a place: one that
cannot be read is refused in words, as the list without it would look like its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, TypeVar

from app.definition.outcome import Outcome
from app.models import ReportStatus
from app.reports.finding import Due, DueDays, Order, Wanted
from app.reports.near import address_of_circle, read_circle
from app.web.addresses import end_of, read_day, read_id, start_of

MAX_SEARCH = 100
NAMES = (
    "search", "status", "result", "checklist", "project", "equipment", "person", "since", "until",
    "started_since", "started_until", "completed_since", "completed_until", "due", "sort",
    "near", "radius",
)  # fmt: skip
PLACE_NAMES = ("near", "radius")
# The days from and until which something happened: in an address the days themselves, both
# included, and in `Wanted` the moments of the same names.
FROM = ("since", "started_since", "completed_since")
TO = ("until", "started_until", "completed_until")

Choice = TypeVar("Choice", bound=StrEnum)


def read_wanted(args: Mapping[str, str], zone: str, today: date | None = None) -> Wanted:
    """What the query string asks for; days begin and end in the reader's time zone.

    `today` is the day by the company's clock, which due days are counted by. Raises
    UnreadablePlace, NoSuchPlace, UnreadableRadius.
    """
    sort = args.get("sort", "")
    order = _choice(Order, sort.removeprefix("-"))
    wanted = Wanted(
        search=" ".join(args.get("search", "").replace("\0", " ").split())[:MAX_SEARCH].rstrip(),
        status=_choice(ReportStatus, args.get("status")),
        result=read_result(args),
        checklist_id=read_id(args.get("checklist")),
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
    return replace(wanted, **days)


def address_of(wanted: Wanted) -> dict[str, str]:
    """The same as arguments of an address; what narrows nothing is left out."""
    values = {
        "search": wanted.search,
        "status": wanted.status,
        "result": wanted.result,
        "checklist": wanted.checklist_id,
        "project": wanted.project_id,
        "equipment": wanted.equipment_id,
        "person": wanted.person_id,
        **{name: _day(getattr(wanted, name)) for name in FROM},
        **{name: _day(getattr(wanted, name), timedelta(days=1)) for name in TO},
        "due": wanted.due and wanted.due.name,
        **address_of_circle(wanted.near),
        "sort": sort_name(wanted.order, wanted.is_descending),
    }
    is_plain = wanted.order is Order.CHANGED and wanted.is_descending
    return {
        name: str(value)
        for name, value in values.items()
        if value and not (name == "sort" and is_plain)
    }


def sort_name(order: Order, is_descending: bool) -> str:
    return f"-{order.value}" if is_descending else order.value


def read_result(args: Mapping[str, str]) -> Outcome | None:
    """The result that a list is narrowed to; one that there is not narrows nothing."""
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
