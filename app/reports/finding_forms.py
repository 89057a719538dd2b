"""What a list's address says, read and written: the filters are in the URL, so that one can be
kept, sent and gone back to. A value that means nothing narrows nothing, but for a place: one that
cannot be read is refused in words, as the list without it would look like its answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from typing import TypeVar

from app.models import ReportStatus
from app.reports.finding import Due, DueDays, Order, Wanted
from app.reports.near import address_of_circle, read_circle
from app.web.addresses import end_of, read_day, read_id, start_of

MAX_SEARCH = 100
NAMES = ("search", "status", "checklist", "project", "person", "since", "until", "due", "sort",
         "near", "radius")  # fmt: skip
PLACE_NAMES = ("near", "radius")

Choice = TypeVar("Choice", bound=StrEnum)


def read_wanted(args: Mapping[str, str], zone: str, today: date | None = None) -> Wanted:
    """What the query string asks for; days begin and end in the reader's time zone.

    `today` is the day by the company's clock, which due days are counted by. Raises
    UnreadablePlace, NoSuchPlace, UnreadableRadius.
    """
    sort = args.get("sort", "")
    order = _choice(Order, sort.removeprefix("-"))
    return Wanted(
        search=" ".join(args.get("search", "").split())[:MAX_SEARCH].rstrip(),
        status=_choice(ReportStatus, args.get("status")),
        checklist_id=read_id(args.get("checklist")),
        project_id=read_id(args.get("project")),
        person_id=read_id(args.get("person")),
        since=start_of(read_day(args.get("since")), zone),
        until=end_of(read_day(args.get("until")), zone),
        due=_due(_choice(Due, args.get("due")), today),
        near=read_circle(args.get("near", ""), args.get("radius", "")),
        order=order or Order.CHANGED,
        is_descending=sort.startswith("-") if order else True,
    )


def address_of(wanted: Wanted) -> dict[str, str]:
    """The same as arguments of an address; what narrows nothing is left out."""
    last_day = wanted.until and wanted.until - timedelta(days=1)
    values = {
        "search": wanted.search,
        "status": wanted.status,
        "checklist": wanted.checklist_id,
        "project": wanted.project_id,
        "person": wanted.person_id,
        "since": wanted.since and wanted.since.date().isoformat(),
        "until": last_day and last_day.date().isoformat(),
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


def _due(name: Due | None, today: date | None) -> DueDays | None:
    if name is None or today is None:
        return None
    if name is Due.LATE:
        return DueDays(name, None, today - timedelta(days=1))
    return DueDays(name, today, today + timedelta(days=6))


def _choice(states: type[Choice], text: str | None) -> Choice | None:
    return states(text) if text in {state.value for state in states} else None
