"""What an export says of itself: whose it is, of when, what was looked for, how to read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask_babel import gettext as _

from app.exports.words import circle_words
from app.reports.export_sheet import outcome_words, status_words
from app.reports.finding import Choices, Due, FilterChoices, Wanted
from app.reports.snapshot import app_version
from app.web.locale import LOCALES

Line = tuple[str, Any]


@dataclass(frozen=True, slots=True)
class Origin:
    """`moment` is the one that all rows are of; `person` asked for them."""

    company: str
    person: str
    asked_at: datetime
    moment: datetime
    zone: str
    locale: str


def about_lines(
    origin: Origin, wanted: Wanted, choices: FilterChoices, counts: Mapping[str, int]
) -> Iterator[Line]:
    """Label and value; a label alone is a heading."""
    yield _("Company"), origin.company
    yield _("Asked for by"), origin.person
    yield _("Asked for at"), origin.asked_at
    yield _("Everything as it stood at"), origin.moment
    yield _("Time zone of all times without another one"), origin.zone
    yield _("Language"), LOCALES.get(origin.locale, origin.locale)
    yield _("Made by"), f"Laudo {app_version()}"
    yield _("Filter"), None
    filters = list(filter_lines(wanted, choices, origin.zone))
    yield from filters or [(_("None"), _("all reports that this person may see"))]
    yield _("Rows"), None
    yield from _count_lines(counts)
    yield _("How to read it"), None
    yield from _reading_lines()


def filter_lines(wanted: Wanted, choices: FilterChoices, zone: str) -> Iterator[Line]:
    """Each filter in words."""
    if wanted.search:
        yield _("Number, title or tag"), wanted.search
    if wanted.status:
        yield _("Status"), status_words()[wanted.status]
    if wanted.result:
        yield _("Result"), outcome_words()[wanted.result]
    for label, offered, chosen in (
        (_("Project"), choices.projects, wanted.project_id),
        (_("Equipment tag"), choices.equipment, wanted.equipment_id),
        (_("Checklist"), choices.checklists, wanted.checklist_id),
        (_("Person"), choices.people, wanted.person_id),
    ):
        if chosen:
            yield label, _name_of(offered, chosen)
    for label, since, until in (
        (_("Changed"), wanted.since, wanted.until),
        (_("Started"), wanted.started_since, wanted.started_until),
        (_("Completed"), wanted.completed_since, wanted.completed_until),
    ):
        if since or until:
            yield label, _days(since, until, zone)
    if wanted.due:
        words = {Due.LATE: _("Late"), Due.WEEK: _("In the next 7 days")}
        yield _("Due day"), words[wanted.due.name]
    if wanted.near:
        yield _("Photos taken near"), circle_words(wanted.near)


def _name_of(offered: Choices, chosen: UUID) -> str:
    return dict(offered).get(chosen) or str(_("Unknown"))


def _days(since: datetime | None, until: datetime | None, zone: str) -> str:
    """'2026-03-01 – 2026-03-31', open at an end that was not chosen."""
    first = since.astimezone(ZoneInfo(zone)).date().isoformat() if since else ""
    last = until.astimezone(ZoneInfo(zone)) - timedelta(days=1) if until else None
    return f"{first} – {last.date().isoformat() if last else ''}".strip()


def _count_lines(counts: Mapping[str, int]) -> Iterator[Line]:
    words = {"reports": _("Reports"), "photos": _("Photos"), "exceptions": _("Exceptions")}
    for name, label in words.items():
        yield label, counts.get(name, 0)


def _reading_lines() -> Iterator[Line]:
    yield (
        _("Numbers"),
        _(
            "The number that is judged by the limits, in the unit of the heading. Where what was"
            ' typed says more (">200", another unit, many digits), it stands in the column'
            ' "as typed".'
        ),
    )
    yield (
        _("Columns"),
        _(
            "The versions of a checklist share a column while a question keeps its id, type, unit"
            " and label; what changed has a column that names its versions. Comments, N.A. reasons"
            " and typed texts have columns where any report has one."
        ),
    )
    yield (
        _("Finished reports"),
        _(
            "Names of project, client, equipment and people are as the report froze them when it"
            " was completed, as in its PDF."
        ),
    )
    yield (
        _("Apostrophes in CSV"),
        _("A text that a program could take for a formula has an apostrophe before it."),
    )
