"""Fills the copy in a separate process: the workbook came from outside."""

from __future__ import annotations

import json
import logging
import sys

from app.definition.copying.copy import fill_copy
from app.definition.copying.wanted import Wanted
from app.definition.workbook.guard import MAX_FILE, check_file
from app.definition.workbook.sandbox import LIMITS
from app.errors import DomainError
from app.sandbox import ChildLimits, IsolatedFunction, TooHeavy
from app.slow_work import slow_work

log = logging.getLogger(__name__)

_MOST_BYTES = MAX_FILE * 4
COPY_LIMITS = ChildLimits(
    memory_bytes=LIMITS.memory_bytes,
    cpu_seconds=20,
    seconds=25,
    output_bytes=_MOST_BYTES,
    niceness=5,
)
CHILD = IsolatedFunction("app.definition.copying.sandbox:main", COPY_LIMITS, at_once=2, patience=2)


class CopyRefused(DomainError):
    """This workbook is not written as spreadsheet programs write it, so no copy of it can be
    filled. Open it in Excel, save it, upload it again, and publish the draft."""

    status = 422


@slow_work
def copy_in_sandbox(data: bytes, wanted: Wanted) -> bytes:
    """The filled copy of a workbook. End the transaction first. Raises CopyRefused and Busy."""
    try:
        outcome = CHILD.run(wanted.model_dump_json().encode() + b"\n" + data)
    except TooHeavy as error:
        log.warning("a copy of a workbook of %s bytes took too much %s", len(data), error.limit)
        raise CopyRefused from error
    if outcome.status != 0 or not outcome.output.startswith(b"PK"):
        log.error("filling a workbook ended with %s: %s", outcome.status, outcome.complaint[-2000:])
        raise CopyRefused
    return outcome.output


def main() -> int:
    """Entry point of the child: what is wanted in one line, then the workbook."""
    wanted = Wanted.model_validate(json.loads(sys.stdin.buffer.readline()))
    data = sys.stdin.buffer.read()
    if check_file(data):
        return 1
    sys.stdout.buffer.write(fill_copy(data, wanted))
    return 0
