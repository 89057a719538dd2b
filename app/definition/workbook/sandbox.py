"""Reads a workbook in a separate process, so that an untrusted file cannot block the web workers.

The child runs app/definition/importing.py, which knows every form of a workbook. It returns plain
JSON; the definition in it is validated again here.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any

from pydantic import ValidationError

from app.definition.schema import Definition
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.guard import check_outside
from app.definition.workbook.problems import Problem
from app.definition.workbook.reader import WorkbookReading, refused
from app.sandbox import ChildLimits, ChildResult, ExceededLimit, IsolatedFunction, TooHeavy
from app.slow_work import slow_work

log = logging.getLogger(__name__)

# A file that passes the guard takes at most three and a half seconds on one core of 2024, and
# 300 MB. Pages have priority: a higher niceness, and two at once, so that uploads leave
# processors and threads to other users' pages.
LIMITS = ChildLimits(memory_bytes=512 << 20, cpu_seconds=4, seconds=4.5, niceness=5)
CHILD = IsolatedFunction("app.definition.importing:main", LIMITS, at_once=2, patience=1)

TOO_SLOW = N_(
    "Reading the workbook takes longer than %(limit)s seconds. Copy only the "
    "filled cells of the checklist to a new workbook and upload that."
)
# The child got less processor time than its limit: the machine is busy, the file is not at fault.
TOO_BUSY = N_(
    "The server was too busy to read the workbook within %(limit)s seconds. "
    "Upload it again in a minute. If it fails again, copy only the filled "
    "cells of the checklist to a new workbook."
)
TOO_MUCH_MEMORY = N_(
    "Reading the workbook takes more than %(limit)s MB of memory. Copy only "
    "the filled cells of the checklist to a new workbook and upload that."
)
UNREADABLE = N_(
    "The workbook could not be read. The error was logged. Copy the cells of "
    "the checklist to a new workbook and upload that."
)


@slow_work
def read_workbook_in_sandbox(
    data: bytes, *, filename_stem: str, known: Definition | None = None
) -> WorkbookReading:
    """Run `read_workbook` in a child process and return its result.

    A crash, a hang or an exceeded limit is returned as a problem of the whole file. End the
    transaction first: reading takes seconds. Raises Busy.
    """
    head = {"filename_stem": filename_stem, "known": known and known.model_dump(mode="json")}
    return ask_child(data, head, reading_of)


def ask_child(
    data: bytes,
    head: Mapping[str, object],
    reading_from: Callable[[Mapping[str, Any]], WorkbookReading],
) -> WorkbookReading:
    """Send the workbook with its `head`, which is plain JSON, to a child; read what it returns.

    Raises Busy.
    """
    if refusal := check_outside(data):
        return refused(refusal)
    try:
        outcome = CHILD.run(json.dumps(head).encode() + b"\n" + data)
    except TooHeavy as error:
        log.warning("a workbook of %s bytes took too much %s", len(data), error.limit)
        return refused(heavy(error.limit), is_busy=error.limit is ExceededLimit.TIME)
    return _reading(outcome, reading_from)


def heavy(limit: ExceededLimit) -> Sentence:
    """Why a workbook was not read, for the limit that its child exceeded."""
    if limit is ExceededLimit.MEMORY:
        return say(TOO_MUCH_MEMORY, limit=LIMITS.memory_bytes >> 20)
    if limit is ExceededLimit.TIME:
        return say(TOO_BUSY, limit=int(LIMITS.seconds))
    return say(TOO_SLOW, limit=LIMITS.cpu_seconds)


def _reading(
    outcome: ChildResult, reading_from: Callable[[Mapping[str, Any]], WorkbookReading]
) -> WorkbookReading:
    try:
        if outcome.status == 0:
            return reading_from(json.loads(outcome.output))
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        log.error("reading a workbook gave no reading: %r", error)
    else:
        log.error("reading a workbook ended with %s: %s", outcome.status, outcome.complaint[-2000:])
    return refused(say(UNREADABLE))


def plain_reading(reading: WorkbookReading) -> dict[str, Any]:
    """A reading as plain JSON."""
    definition = reading.definition
    return {
        "definition": definition and definition.model_dump(mode="json", exclude_defaults=True),
        "problems": [one.plain() for one in reading.problems],
        "notices": [one.plain() for one in reading.notices],
        "code": reading.code,
        "is_unknown": reading.is_unknown,
    }


def reading_of(plain: Mapping[str, Any]) -> WorkbookReading:
    """A reading from plain JSON. Raises KeyError, TypeError, ValueError, ValidationError."""
    definition = plain["definition"]
    return WorkbookReading(
        definition=Definition.model_validate(definition) if definition else None,
        problems=tuple(map(Problem.of, plain["problems"])),
        notices=tuple(map(Problem.of, plain["notices"])),
        code=plain["code"],
        is_unknown=plain["is_unknown"],
    )
