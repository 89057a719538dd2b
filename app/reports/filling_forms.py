"""Reading what the form of one field sends. What it means is for app.definition.answers."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from werkzeug.datastructures import MultiDict

from app.reports.answering import Given

CELL = "cell:"
MAX_VERSION = 2**31 - 1
# A phone's clock may be wrong, but a year beyond these cannot be written back as a time.
FIRST_YEAR, LAST_YEAR = 2000, 2100


def read_given(form: MultiDict[str, str]) -> Given:
    """A save from its form: value (repeated for several choices), cell:<row>:<column>, comment,
    na_reason, row_version, client_id, client_at. What is absent or odd counts as not given."""
    cells = {name.removeprefix(CELL): text for name, text in form.items() if name.startswith(CELL)}
    return Given(
        value=cells or form.getlist("value"),
        comment=form.get("comment"),
        na_reason=form.get("na_reason"),
        row_version=_version(form.get("row_version")),
        client_id=client_id_of(form),
        client_at=client_at_of(form),
    )


def client_id_of(form: MultiDict[str, str]) -> UUID | None:
    try:
        return UUID(form.get("client_id") or "")
    except ValueError:
        return None


def client_at_of(form: MultiDict[str, str]) -> datetime | None:
    """The clock of the phone as aware UTC; None where it is missing or makes no sense."""
    try:
        at = datetime.fromisoformat(form.get("client_at") or "")
    except ValueError:
        return None
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _version(text: str | None) -> int:
    version = int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
    return min(version, MAX_VERSION)
