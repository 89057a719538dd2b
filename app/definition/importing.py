"""Reads an uploaded workbook of any form into a definition, in a child process.

The one place that tells the forms apart: our own workbooks (workbook/) and XLSForms (xlsform/).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from app.definition.schema import Definition
from app.definition.sentences import say
from app.definition.workbook.guard import DAMAGED, check_file
from app.definition.workbook.reader import WorkbookReading, read_workbook, refused
from app.definition.workbook.sandbox import ask_child, plain_reading, reading_of
from app.definition.workbook.sheet import open_book, sheet_titles
from app.definition.xlsform.reader import REACH, is_form, looks_like_a_form, read_form
from app.definition.xlsform.reading import FormFacts, FormReading
from app.slow_work import slow_work


@slow_work
def read_any_in_sandbox(
    data: bytes,
    *,
    filename_stem: str,
    known: Definition | None = None,
    languages: Sequence[str] | None = None,
) -> WorkbookReading:
    """Run `read_any` in a child process and return its result, a FormReading for an XLSForm.

    A crash, a hang or an exceeded limit is returned as a problem of the whole file. End the
    transaction first: reading takes seconds. Raises Busy.
    """
    head = {
        "filename_stem": filename_stem,
        "known": known and known.model_dump(mode="json"),
        "languages": None if languages is None else list(languages),
    }
    return ask_child(data, head, _reading_of)


@slow_work
def read_any(
    data: bytes,
    *,
    filename_stem: str,
    known: Definition | None = None,
    languages: Sequence[str] | None = None,
) -> WorkbookReading:
    """Read a workbook of any form. Never raises, whatever the bytes.

    `languages` are those of an XLSForm to import, by key, name or tag; None proposes some.
    """
    if refusal := check_file(data):
        return refused(refusal)
    try:
        if looks_like_a_form(sheet_titles(data)):
            book = open_book(data, REACH)
            if is_form(book):
                return read_form(book, filename_stem=filename_stem, chosen=languages, known=known)
    except Exception:  # damaged parts raise KeyError, TypeError and others
        return refused(say(DAMAGED))
    return read_workbook(data, filename_stem=filename_stem, known=known)


def main() -> int:
    """Entry point of the child: read the workbook from standard input."""
    head = json.loads(sys.stdin.buffer.readline())
    known = head["known"] and Definition.model_validate(head["known"])
    reading = read_any(
        sys.stdin.buffer.read(),
        filename_stem=head["filename_stem"],
        known=known,
        languages=head.get("languages"),
    )
    plain = plain_reading(reading)
    if isinstance(reading, FormReading) and reading.form:
        plain["form"] = reading.form.plain()
    json.dump(plain, sys.stdout)
    return 0


def _reading_of(plain: Mapping[str, Any]) -> WorkbookReading:
    reading = reading_of(plain)
    if "form" not in plain:
        return reading
    return FormReading(
        reading.definition,
        reading.problems,
        reading.notices,
        reading.code,
        form=FormFacts.of(plain["form"]),
    )
