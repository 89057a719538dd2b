"""The facts of an audit entry in words: what each is called, and whatever it holds without JSON.

What an entry tells in one sentence is sentences.py; the exact bytes are the chain's and the
exported file's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _

from app.definition.prefills import SOURCES
from app.definition.schema import Prefill
from app.definition.sentences import N_
from app.models import Role
from app.web.filters import calendar_day
from app.web.locale import LOCALES

NOTHING = "–"
_DAY = re.compile(r"[12]\d{3}-(0\d|1[0-2])-[0-3]\d")
_MOMENT = re.compile(
    r"[12]\d{3}-(0\d|1[0-2])-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?([+-]\d\d:\d\d|Z)"
)

_ROLES = {
    Role.SUPERADMIN.value: N_("Laudo support"),
    Role.ADMIN.value: N_("Admin"),
    Role.MANAGER.value: N_("Manager"),
    Role.TECHNICIAN.value: N_("Technician"),
    Role.VIEWER.value: N_("Viewer"),
}
# What facts and the columns that edits change are called. What is not here goes by its own name.
_NAMES = {
    "name": N_("Name"),
    "client": N_("Client"),
    "address": N_("Address"),
    "latitude": N_("Latitude"),
    "longitude": N_("Longitude"),
    "radius_m": N_("Radius (m)"),
    "tag": N_("Equipment tag"),
    "logo_key": N_("Logo"),
    "second_logo_key": N_("Second logo"),
    "colour_accent": N_("Accent colour"),
    "colour_second": N_("Second colour"),
    "colour_third": N_("Third colour"),
    "contact": N_("Contact"),
    "contact_address": N_("Address"),
    "contact_phone": N_("Telephone"),
    "contact_email": N_("E-mail"),
    "contact_website": N_("Website"),
    "contact_tax_number": N_("Tax number"),
    "client_address": N_("Address of the client"),
    "client_phone": N_("Telephone of the client"),
    "client_email": N_("E-mail of the client"),
    "client_website": N_("Website of the client"),
    "client_tax_number": N_("Tax number of the client"),
    "locale": N_("Language"),
    "time_zone": N_("Time zone"),
    "role": N_("Role"),
    "title": N_("Title"),
    "due_on": N_("Due"),
    "assignee": N_("Assignee"),
    "status": N_("Status"),
    "reason": N_("Reason"),
    "email": N_("E-mail"),
    "is_active": N_("Account open"),
    "admins_need_two_factor": N_("Second factor for admins"),
    # Plan and limits
    "plan": N_("Plan"),
    "limits": N_("Limits"),
    "trial_ends_at": N_("End of the trial"),
    "people": N_("People"),
    "reports_month": N_("Reports a month"),
    "photos_report": N_("Photos a report"),
    "storage_bytes": N_("Bytes of storage"),
    # The strip of photos and the PDF
    "watermark": N_("Watermark"),
    "pdf": N_("PDF"),
    "logo": N_("Logo"),
    "coordinates": N_("Coordinates"),
    "place": N_("Place"),
    "report": N_("Report"),
    "theme": N_("Look"),
    "position": N_("Position"),
    "opacity": N_("Opacity in per cent"),
    "page_format": N_("Page format"),
    "photo_size": N_("Size of photos"),
    "show_hashes": N_("Hashes under photos"),
    "cover_note": N_("Note on the cover"),
    "footer": N_("Line at the foot"),
    # What lists are narrowed by
    "search": N_("Search"),
    "kind": N_("Kind"),
    "number": N_("Number"),
    "checklist": N_("Checklist"),
    "project": N_("Project"),
    "person": N_("Person"),
    "since": N_("From"),
    "until": N_("Until"),
    "due": N_("Due"),
    "sort": N_("Order"),
    "filters": N_("Narrowed to"),
    # Mails
    "report_assigned": N_("Mail: report assigned"),
    "report_submitted": N_("Mail: report submitted"),
    "pdf_ready": N_("Mail: PDF ready"),
    "platform_act": N_("Mail: acts of Laudo's operator"),
    # Answers, photos, signatures
    "field": N_("Question"),
    "old": N_("Before"),
    "new": N_("After"),
    "typed": N_("Typed"),
    "text": N_("As typed"),
    "decimal": N_("Number"),
    "doubt": N_("Or"),
    "value": N_("Value"),
    "comment": N_("Comment"),
    "na_reason": N_("Reason of N.A."),
    "old_version": N_("Version before"),
    "new_version": N_("Version after"),
    "version": N_("Version"),
    "client_at": N_("Time on the phone"),
    "client_id": N_("Id of the phone"),
    "photo": N_("Photo"),
    "signer": N_("Signer"),
    "sha256": N_("SHA-256"),
    "content_hash": N_("SHA-256 of what was signed"),
    "image_sha256": N_("SHA-256 of the picture"),
    "snapshot_sha256": N_("SHA-256 of the snapshot"),
    "media_type": N_("Kind of file"),
    "byte_size": N_("Bytes"),
    "source": N_("Source"),
    "outcome": N_("Result"),
    "rows": N_("Rows"),
    "files": N_("Files"),
    "pages": N_("Pages"),
    "photos": N_("Photos"),
    "changes": N_("Changes"),
    "values": N_("Values"),
}


def name_words(name: str) -> str:
    """What a fact is called."""
    known = _NAMES.get(name)
    return str(_(known)) if known else name.replace("_", " ")


def role_words(role: str) -> str:
    known = _ROLES.get(role)
    return str(_(known)) if known else role


def source_words(source: str) -> str:
    """What of a report filled an answer in; any other source as it stands."""
    return str(_(SOURCES[Prefill(source)])) if source in set(Prefill) else source


def plain_words(name: str, value: object) -> str:
    """One fact on one line, whatever it holds; empty where there is nothing. Nothing is cut."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, Mapping):
        parts = (
            f"{name_words(str(key))}: {plain_words(str(key), one) or NOTHING}"
            for key, one in value.items()
        )
        return "; ".join(parts)
    if isinstance(value, list):
        return ", ".join(plain_words(name, one) or NOTHING for one in value)
    return _one(name, value)


def each_fact(facts: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Every single value of an entry with what it is called: "After · Value · As typed", "0,08"."""
    for name, value in facts.items():
        yield from _leaves((name_words(name),), name, value)


def _leaves(path: tuple[str, ...], name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, one in value.items():
            yield from _leaves((*path, name_words(str(key))), str(key), one)
    elif isinstance(value, list) and any(isinstance(one, Mapping | list) for one in value):
        for number, one in enumerate(value, start=1):
            yield from _leaves((*path, str(number)), name, one)
    else:
        yield " · ".join(path), plain_words(name, value) or NOTHING


def _one(name: str, value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    text = str(value)
    if name == "role":
        return role_words(text)
    if name == "source":
        return source_words(text)
    if name == "locale":
        return LOCALES.get(text, text)
    if _DAY.fullmatch(text):
        return _day(text)
    return _moment(text) if _MOMENT.fullmatch(text) else text


def _day(text: str) -> str:
    try:
        return calendar_day(text)
    except ValueError:  # 2026-02-31 came from somewhere else
        return text


def _moment(text: str) -> str:
    """In UTC: whoever reads it has another zone than whoever wrote it."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    return f"{_day(moment.date().isoformat())}, {moment:%H:%M:%S} UTC"
