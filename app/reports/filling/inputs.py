"""Parses the form of one field. app.definition.answers interprets its values."""

from __future__ import annotations

from werkzeug.datastructures import MultiDict

from app.reports.filling.saving import AnswerInput
from app.web.addresses import read_id, read_moment
from app.web.locale import reader_language

CELL = "cell:"
READING = "reading"
MAX_VERSION = 2**31 - 1


def read_answer_input(form: MultiDict[str, str]) -> AnswerInput:
    """Parse a save: value (repeated for several choices), cell:<row>:<column>, comment, na_reason,
    row_version, client_id, client_at, conflict (repeated), and reading or reading:<row>:<column>
    for the number that an ambiguous text means. Missing and malformed values count as not given."""
    cells = {name.removeprefix(CELL): text for name, text in form.items() if name.startswith(CELL)}
    chosen = {
        name.removeprefix(READING).removeprefix(":"): number
        for name, number in form.items()
        if name == READING or name.startswith(f"{READING}:")
    }
    return AnswerInput(
        value=cells or form.getlist("value"),
        language=reader_language(),
        chosen=chosen,
        comment=form.get("comment"),
        na_reason=form.get("na_reason"),
        row_version=_version(form.get("row_version")),
        client_id=read_id(form.get("client_id")),
        client_at=read_moment(form.get("client_at")),
        values_in_view=tuple(one for one in map(read_id, form.getlist("conflict")) if one),
    )


def _version(text: str | None) -> int:
    version = int(text) if text and text.isascii() and text.isdigit() and len(text) < 10 else 0
    return min(version, MAX_VERSION)
