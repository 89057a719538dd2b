"""The reader's language and time zone, and the formatting of times and numbers for them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache, lru_cache
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.dates import format_datetime as babel_format_datetime
from flask import Flask, g, has_request_context, request
from flask_babel import format_date, format_datetime, get_locale
from flask_login import current_user
from jinja2 import pass_context
from jinja2.runtime import Context

from app import words
from app.amounts import with_amounts
from app.definition.schema import Language
from app.extensions import babel
from app.rows import company_today
from app.web.impersonal import is_impersonal

LOCALES = {"en": "English", "pt_BR": "Português (Brasil)"}
LANGUAGE = "lang"
FALLBACK_ZONE = "UTC"
MAX_WRITTEN = 10_000
AREAS = (
    "Africa",
    "America",
    "Antarctica",
    "Asia",
    "Atlantic",
    "Australia",
    "Europe",
    "Indian",
    "Pacific",
)


@cache
def known_time_zones() -> frozenset[str]:
    """The names of all time zones; cached, because reading them takes about 50 ms."""
    return frozenset(available_timezones())


def zones_by_area() -> dict[str, list[tuple[str, str]]]:
    """Inhabited time zones for a grouped select: area to (name, label)."""
    names = sorted(name for name in known_time_zones() if name.split("/")[0] in AREAS)
    return {
        area: [(name, name.partition("/")[2].replace("_", " ")) for name in group]
        for area, group in groupby(names, key=lambda name: name.split("/")[0])
    }


def pick_locale() -> str:
    """The person's own locale, else the company's, else the browser's; that of the address on pages
    without an account. English outside a request, as in a command or a job that chose no other."""
    if not has_request_context():
        return "en"
    if is_impersonal():
        return address_locale() or browser_locale()
    if current_user and current_user.is_authenticated:
        chosen = current_user.locale or (current_user.tenant and current_user.tenant.locale)
        if chosen in LOCALES:
            return str(chosen)
    return browser_locale()


def address_locale() -> str | None:
    """The language that the address chooses on pages without an account. None leaves it to the
    browser, and stands in no address."""
    chosen = request.args.get(LANGUAGE)
    return chosen if chosen in LOCALES else None


def browser_locale() -> str:
    """The first of the browser's languages that the interface has, else English."""
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
    """The reader's zone, looked up once per request: a page formats hundreds of times."""
    if "reader_zone" not in g:
        g.reader_zone = ZoneInfo(pick_time_zone())
    zone: ZoneInfo = g.reader_zone
    return zone


def reader_today() -> date:
    """The day that it is now in the reader's zone."""
    return datetime.now(reader_zone()).date()


def local_time(moment: datetime | None, form: str = "d MMM y, HH:mm") -> str:
    """An aware UTC time in the reader's zone, with the zone's name or offset."""
    if moment is None:
        return ""
    zone = reader_zone()
    offset = moment.astimezone(zone).strftime("%z")
    return f"{_written(_as_shown(moment, form), form, zone)} {offset[:3]}:{offset[3:]}"


def short_time(moment: datetime | None) -> str:
    """The time for today, day and time otherwise; short enough for a phone."""
    if moment is None:
        return ""
    zone = reader_zone()
    is_today = moment.astimezone(zone).date() == reader_today()
    form = "HH:mm" if is_today else "d MMM, HH:mm"
    return _written(_as_shown(moment, form), form, zone)


def _as_shown(moment: datetime, form: str) -> datetime:
    """Without the parts that the form leaves out, so that times of one minute share their text."""
    return moment.replace(microsecond=0) if "s" in form else moment.replace(second=0, microsecond=0)


def _written(moment: datetime, form: str, zone: ZoneInfo) -> str:
    return _written_in(get_locale() or Locale("en"), moment, form, zone)


@lru_cache(maxsize=MAX_WRITTEN)
def _written_in(locale: Locale, moment: datetime, form: str, zone: ZoneInfo) -> str:
    """A page writes hundreds of times, mostly those that it wrote the last time."""
    return babel_format_datetime(moment, form, tzinfo=zone, locale=locale)


def clock_time(moment: datetime, form: str) -> str:
    """A time without a zone, as a camera recorded it: in the reader's format, but not converted."""
    return str(format_datetime(moment, form, rebase=False))


def local_day(moment: datetime | None) -> str:
    """The day in the reader's zone and language."""
    return format_datetime(moment, "d MMM y") if moment else ""


def last_day(end: datetime, time_zone: str) -> str:
    """The last day before `end`, such as that of a trial, in `time_zone`: the company's, not the
    reader's, because the company's midnight counts."""
    day = (end - timedelta(microseconds=1)).astimezone(ZoneInfo(time_zone)).date()
    return str(format_date(day, "d MMM y", rebase=False))


def reader_language() -> Language:
    """The reader's language, as a checklist language code."""
    return Language.PT if str(get_locale()).startswith("pt") else Language.EN


def reading_order(languages: tuple[Language, ...]) -> tuple[Language, ...]:
    """A checklist's languages as a page shows them: the reader's leads, the other follows small.

    What is stored, hashed or printed keeps the checklist's own order.
    """
    reader = reader_language()
    return tuple(sorted(languages, key=lambda one: one is not reader))


def html_lang() -> str:
    return str(get_locale()).replace("_", "-")


def _write_amounts(app: Flask) -> None:
    """Format amounts in the messages of templates as CachedDomain does in Python: Jinja fills in
    the placeholders itself."""
    known = app.jinja_env.globals
    fill: Callable[..., str] = known["gettext"]  # type: ignore[assignment]
    fill_many: Callable[..., str] = known["ngettext"]  # type: ignore[assignment]

    @pass_context
    def gettext(context: Context, text: str, /, **values: Any) -> str:
        return fill(context, text, **with_amounts(values, get_locale()))

    @pass_context
    def ngettext(context: Context, one: str, more: str, num: int, /, **values: Any) -> str:
        counted = with_amounts({"num": num, **values}, get_locale())
        return fill_many(context, one, more, num, **counted)

    known.update(gettext=gettext, ngettext=ngettext)


def init_app(app: Flask) -> None:
    babel.init_app(app, locale_selector=pick_locale, timezone_selector=pick_time_zone)
    _write_amounts(app)
    app.jinja_env.filters.update(
        dt=local_time,
        short_time=short_time,
        clock_time=clock_time,
        day=local_day,
        last_day=last_day,
        reading_order=reading_order,
    )
    app.jinja_env.globals.update(
        html_lang=html_lang,
        company_today=lambda: company_today(current_user.tenant),
        LOCALES=LOCALES,
        word_lists=words,
    )
