"""The reader's language and time zone, and how times and numbers are written for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from flask import Flask, g, request
from flask_babel import format_date, format_datetime, get_locale
from flask_login import current_user
from jinja2 import pass_context
from jinja2.runtime import Context

from app.amounts import written
from app.definition.schema import Language
from app.extensions import babel

LOCALES = {"en": "English", "pt_BR": "Português (Brasil)"}
FALLBACK_ZONE = "UTC"
AREAS = (
    "Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian",
    "Pacific",
)  # fmt: skip


@cache
def known_time_zones() -> frozenset[str]:
    """The names of all time zones; read once, because looking takes some 50 ms."""
    return frozenset(available_timezones())


def zones_by_area() -> dict[str, list[tuple[str, str]]]:
    """The time zones that people live in: area to (name, words), for a grouped select."""
    names = sorted(name for name in known_time_zones() if name.split("/")[0] in AREAS)
    return {
        area: [(name, name.partition("/")[2].replace("_", " ")) for name in group]
        for area, group in groupby(names, key=lambda name: name.split("/")[0])
    }


def pick_locale() -> str:
    """The person's own, else the company's, else what the browser asks for."""
    if current_user and current_user.is_authenticated:
        chosen = current_user.locale or (current_user.tenant and current_user.tenant.locale)
        if chosen in LOCALES:
            return str(chosen)
    for tag, _quality in request.accept_languages:
        if tag.lower().startswith("pt"):
            return "pt_BR"
        if tag.lower().startswith("en"):
            return "en"
    return "en"


def pick_time_zone() -> str:
    """The person's own zone, else the company's, else UTC."""
    if current_user and current_user.is_authenticated:
        chosen = current_user.time_zone or (current_user.tenant and current_user.tenant.time_zone)
        if chosen in known_time_zones():
            return str(chosen)
    return FALLBACK_ZONE


def reader_zone() -> ZoneInfo:
    """The reader's zone, found once a request: a page writes hundreds of times."""
    if "reader_zone" not in g:
        g.reader_zone = ZoneInfo(pick_time_zone())
    zone: ZoneInfo = g.reader_zone
    return zone


def company_today() -> date:
    """The day it is by the clock of the person's company, which due days are counted by."""
    chosen = current_user.tenant and current_user.tenant.time_zone
    return datetime.now(ZoneInfo(chosen if chosen in known_time_zones() else FALLBACK_ZONE)).date()


def local_time(moment: datetime | None, form: str = "d MMM y, HH:mm") -> str:
    """An aware UTC time in the reader's zone, with the zone's name or offset."""
    if moment is None:
        return ""
    offset = moment.astimezone(reader_zone()).strftime("%z")
    return f"{format_datetime(moment, form)} {offset[:3]}:{offset[3:]}"


def short_time(moment: datetime | None) -> str:
    """The hour for today's times, day and hour for others: what a phone has room for."""
    if moment is None:
        return ""
    zone = reader_zone()
    is_today = moment.astimezone(zone).date() == datetime.now(zone).date()
    return str(format_datetime(moment, "HH:mm" if is_today else "d MMM, HH:mm"))


def local_day(moment: datetime | None) -> str:
    """The day in the reader's zone and language."""
    return format_datetime(moment, "d MMM y") if moment else ""


def last_day(end: datetime, time_zone: str) -> str:
    """The day that is over at `end`, as a trial's last one is, by the clock of `time_zone`: the
    company's, not the reader's, because its midnight is what counts."""
    day = (end - timedelta(microseconds=1)).astimezone(ZoneInfo(time_zone)).date()
    return str(format_date(day, "d MMM y", rebase=False))


def reader_language() -> Language:
    """The reader's language as checklists name it."""
    return Language.PT if str(get_locale()).startswith("pt") else Language.EN


def html_lang() -> str:
    return str(get_locale()).replace("_", "-")


def _write_amounts(app: Flask) -> None:
    """Let the sentences of templates write their amounts as those of Python do (KeptDomain):
    Jinja fills them in itself."""
    known = app.jinja_env.globals
    fill: Callable[..., str] = known["gettext"]  # type: ignore[assignment]
    fill_many: Callable[..., str] = known["ngettext"]  # type: ignore[assignment]

    @pass_context
    def gettext(context: Context, text: str, /, **values: Any) -> str:
        return fill(context, text, **written(values, get_locale()))

    @pass_context
    def ngettext(context: Context, one: str, more: str, num: int, /, **values: Any) -> str:
        counted = written({"num": num, **values}, get_locale())
        return fill_many(context, one, more, num, **counted)

    known.update(gettext=gettext, ngettext=ngettext)


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=pick_locale, timezone_selector=pick_time_zone)
    _write_amounts(app)
    app.jinja_env.filters.update(
        dt=local_time, short_time=short_time, day=local_day, last_day=last_day
    )
    app.jinja_env.globals.update(html_lang=html_lang, company_today=company_today, LOCALES=LOCALES)
