"""The facts of an audit entry in words: the name of each, and its value without JSON.

sentences.py describes an entry in one sentence; the chain and the exported file have its exact
bytes.
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
from app.web.filters import calendar_day
from app.web.locale import LOCALES
from app.words import LAYOUTS, ROLES

NOTHING = "–"
_DAY = re.compile(r"[12]\d{3}-(0\d|1[0-2])-[0-3]\d")
_MOMENT = re.compile(
    r"[12]\d{3}-(0\d|1[0-2])-[0-3]\dT[0-2]\d:[0-5]\d:[0-5]\d(\.\d+)?([+-]\d\d:\d\d|Z)"
)

# The names of facts, and of columns that edits change. Others are shown by their own name.
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
    "client_address": N_("Client address"),
    "client_phone": N_("Client telephone"),
    "client_email": N_("Client e-mail"),
    "client_website": N_("Client website"),
    "client_tax_number": N_("Client tax number"),
    "locale": N_("Language"),
    "time_zone": N_("Time zone"),
    "role": N_("Role"),
    "title": N_("Title"),
    "due_on": N_("Due"),
    "assignee": N_("Assignee"),
    "status": N_("Status"),
    "reason": N_("Reason"),
    "email": N_("E-mail"),
    "is_active": N_("Account active"),
    "admins_need_two_factor": N_("Second factor for admins"),
    "technicians_correct": N_("Technicians may correct completed reports"),
    # Corrections
    "revised_as": N_("Correction"),
    "corrects": N_("Corrects"),
    "dropped_answers": N_("Answers not carried over"),
    "dropped_photos": N_("Photos not carried over"),
    # Reviews
    "may_approve_own": N_("Approving one's own work"),
    "review_steps": N_("Reviewers"),
    "round": N_("Round"),
    "step": N_("Step"),
    "reply": N_("Answer"),
    "old_reply": N_("Answer before"),
    "comment_id": N_("Comment id"),
    "comments": N_("Open comments"),
    # Witnesses
    "witness": N_("Witness"),
    "witness_id": N_("Witness id"),
    "has_code": N_("Code word"),
    # Plan and limits
    "plan": N_("Plan"),
    "limits": N_("Limits"),
    "trial_ends_at": N_("Trial end"),
    "people": N_("People"),
    "reports_month": N_("Reports per month"),
    "photos_report": N_("Photos per report"),
    "storage_bytes": N_("Storage (bytes)"),
    # The strip of photos and the PDF
    "watermark": N_("Watermark"),
    "pdf": N_("PDF"),
    "logo": N_("Logo"),
    "coordinates": N_("Coordinates"),
    "place": N_("Place"),
    "report": N_("Report"),
    "theme": N_("Theme"),
    "position": N_("Position"),
    "opacity": N_("Opacity in per cent"),
    "layout": N_("Layout"),
    "page_format": N_("Page format"),
    "photo_size": N_("Photo size"),
    "show_hashes": N_("Hashes under photos"),
    "cover_note": N_("Cover note"),
    "footer": N_("Footer line"),
    # Filters of lists
    "search": N_("Search"),
    "kind": N_("Type"),
    "number": N_("Number"),
    "checklist": N_("Checklist"),
    "project": N_("Project"),
    "person": N_("Person"),
    "since": N_("From"),
    "until": N_("Until"),
    "started_since": N_("Started from"),
    "started_until": N_("Started until"),
    "completed_since": N_("Completed from"),
    "completed_until": N_("Completed until"),
    "result": N_("Result"),
    "equipment": N_("Equipment tag"),
    "near": N_("Photos taken near"),
    "radius": N_("Within"),
    "due": N_("Due"),
    "sort": N_("Sort order"),
    "filters": N_("Filters"),
    # Mails
    "report_assigned": N_("E-mail: report assigned"),
    "report_submitted": N_("E-mail: report submitted"),
    "review_waiting": N_("E-mail: report waits for my review"),
    "report_returned": N_("E-mail: report returned to me"),
    "pdf_ready": N_("E-mail: PDF ready"),
    "platform_act": N_("E-mail: actions of the Laudo operator"),
    "witness_link": N_("E-mail: link for a witness"),
    # Answers, photos, signatures
    "field": N_("Question"),
    "old": N_("Before"),
    "new": N_("After"),
    "typed": N_("Typed"),
    "text": N_("As typed"),
    "decimal": N_("Number"),
    "doubt": N_("Other reading"),
    "value": N_("Value"),
    "comment": N_("Comment"),
    "na_reason": N_("N.A. reason"),
    "old_version": N_("Version before"),
    "new_version": N_("Version after"),
    "version": N_("Version"),
    "note": N_("Note"),
    "client_at": N_("Time on the device clock"),
    "client_id": N_("Device id"),
    "photo": N_("Photo"),
    "signer": N_("Signer"),
    "sha256": N_("SHA-256"),
    "content_hash": N_("SHA-256 of the signed content"),
    "image_sha256": N_("SHA-256 of the image"),
    "snapshot_sha256": N_("SHA-256 of the snapshot"),
    "media_type": N_("File type"),
    "byte_size": N_("Bytes"),
    "source": N_("Source"),
    "outcome": N_("Result"),
    "rows": N_("Rows"),
    "files": N_("Files"),
    "pages": N_("Pages"),
    "seal": N_("Certificate of the seal (SHA-256)"),
    "sealed_at": N_("Time of the seal"),
    "certificate": N_("Certificate (SHA-256)"),
    "authority": N_("Time stamp authority"),
    "stamped_at": N_("Time stamp"),
    "photos": N_("Photos"),
    "changes": N_("Changes"),
    "values": N_("Values"),
}
# Steps of a review that name no person (app/reports/reviewing/rules.py).
_REVIEWERS = {
    "manager": N_("any manager"),
    "nobody": N_("nobody"),
    "checklist": N_("as the checklist says"),
}
# Kinds of exported files.
_FILES = {
    "csv": N_("CSV file"),
    "xlsx": N_("Excel workbook"),
    "jsonl": N_("JSON lines, one report each"),
}


def name_words(name: str) -> str:
    """The name of a fact."""
    known = _NAMES.get(name)
    return str(_(known)) if known else name.replace("_", " ")


def source_words(source: str) -> str:
    """The source of a filled-in answer in words; any other source unchanged."""
    return str(_(SOURCES[Prefill(source)])) if source in set(Prefill) else source


def plain_words(name: str, value: object) -> str:
    """A fact of any type on one line, empty if there is no value. Nothing is truncated."""
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
    """Every single value of an entry with its name: "After · Value · As typed", "0,08"."""
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
        return ROLES.word_or_code(text)
    if name == "source":
        return source_words(text)
    if name == "layout":
        return LAYOUTS.word_or_code(text)
    if text in _FILES and name in ("kind", "format"):
        return str(_(_FILES[text]))
    if name == "review_steps" and text in _REVIEWERS:
        return str(_(_REVIEWERS[text]))
    if name == "locale":
        return LOCALES.get(text, text)
    if _DAY.fullmatch(text):
        return _day(text)
    return _moment(text) if _MOMENT.fullmatch(text) else text


def _day(text: str) -> str:
    try:
        return calendar_day(text)
    except ValueError:  # no such day, such as 2026-02-31
        return text


def _moment(text: str) -> str:
    """In UTC, because reader and author may be in different time zones."""
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return text
    return f"{_day(moment.date().isoformat())}, {moment:%H:%M:%S} UTC"
