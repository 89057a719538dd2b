"""How the public page shows a verdict, and times as the PDF prints them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask_babel import get_locale

from app.checking.queries import Verdict


@dataclass(frozen=True, slots=True)
class Look:
    """`tone` is a CSS class and `icon` a name in icons.json; a word always stands beside them."""

    tone: str
    icon: str


LOOKS: Mapping[Verdict, Look] = {
    Verdict.VALID: Look("good", "shield-check"),
    Verdict.SUPERSEDED: Look("warn", "history"),
    Verdict.DOUBTFUL: Look("bad", "alert-triangle"),
    Verdict.NOT_COMPLETED: Look("quiet", "hourglass"),
    Verdict.DISCARDED: Look("quiet", "ban"),
    Verdict.UNKNOWN: Look("bad", "circle-x"),
}


def company_time(moment: datetime, time_zone: str) -> str:
    """The time in the company's zone, as on the PDF, so that a reader can compare the two."""
    at = moment.replace(second=0, microsecond=0).astimezone(ZoneInfo(time_zone))
    offset = at.strftime("%z").replace("-", "\u2212")
    written = format_datetime(at, "d MMM y, HH:mm", tzinfo=at.tzinfo, locale=get_locale())
    return f"{written} (UTC{offset[:3]}:{offset[3:]})"
