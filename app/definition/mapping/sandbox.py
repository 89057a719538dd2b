"""Maps a workbook in a separate process, as the reader of our own forms does.

The child returns plain JSON; everything in it is validated again here.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping as Dictionary
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from app.definition.mapping.engine import map_book
from app.definition.mapping.guessed import Correction, Mapping
from app.definition.schema import Definition
from app.definition.sentences import N_, Sentence, say
from app.definition.workbook.guard import DAMAGED, check_file, check_outside
from app.definition.workbook.sandbox import LIMITS, UNREADABLE, heavy
from app.definition.workbook.sheet import open_book
from app.sandbox import ExceededLimit, IsolatedFunction, TooHeavy
from app.slow_work import slow_work

log = logging.getLogger(__name__)

CHILD = IsolatedFunction("app.definition.mapping.sandbox:main", LIMITS, at_once=2, patience=1)
_CORRECTIONS = TypeAdapter(tuple[Correction, ...])
# The clicks of a page on which every row was corrected.
MAX_CORRECTIONS = 1_500

NOTHING_FOUND = N_(
    "No table with questions was found in the workbook. A table needs a head row that names its "
    "columns, such as Item, Description, Result."
)


@dataclass(frozen=True, slots=True)
class MappingResult:
    """A mapping with the corrections it was made with, or the reason why there is none."""

    mapping: Mapping | None
    corrections: tuple[Correction, ...] = ()
    refusal: Sentence | None = None
    is_busy: bool = False


@slow_work
def map_workbook_in_sandbox(
    data: bytes,
    *,
    filename_stem: str,
    corrections: Sequence[Correction] = (),
    remembered: Dictionary[str, Sequence[Correction]] | None = None,
    known: Dictionary[str, Definition] | None = None,
    seconds: float | None = None,
) -> MappingResult:
    """Map the workbook in a child process; a mapping may have no checklist.

    `remembered` has the corrections of known shapes, which apply if there are none yet. End the
    transaction first. Raises Busy.
    """
    if refusal := check_outside(data):
        return MappingResult(None, refusal=refusal)
    head = {
        "stem": filename_stem,
        "corrections": _plain(corrections[-MAX_CORRECTIONS:]),
        "remembered": {shape: _plain(kept) for shape, kept in (remembered or {}).items()},
        "known": {
            code: one.model_dump(mode="json", exclude_defaults=True)
            for code, one in (known or {}).items()
        },
    }
    try:
        outcome = CHILD.run(json.dumps(head).encode() + b"\n" + data, seconds=seconds)
    except TooHeavy as error:
        log.warning("mapping a workbook of %s bytes took too much %s", len(data), error.limit)
        is_busy = error.limit is ExceededLimit.TIME
        return MappingResult(None, refusal=heavy(error.limit), is_busy=is_busy)
    try:
        if outcome.status == 0:
            return _result(json.loads(outcome.output))
    except (ValueError, KeyError, TypeError, ValidationError) as error:
        log.error("mapping a workbook gave no mapping: %r", error)
    else:
        log.error("mapping a workbook ended with %s: %s", outcome.status, outcome.complaint[-2000:])
    return MappingResult(None, refusal=say(UNREADABLE))


def main() -> int:
    """Entry point of the child: map the workbook from standard input."""
    head = json.loads(sys.stdin.buffer.readline())
    data = sys.stdin.buffer.read()
    refusal = check_file(data)
    if refusal:
        json.dump({"refusal": [refusal.msgid, dict(refusal.params)]}, sys.stdout)
        return 0
    try:
        book = open_book(data)
    except Exception:  # damaged parts raise KeyError, TypeError and others
        json.dump({"refusal": [DAMAGED, {}]}, sys.stdout)
        return 0
    known = {code: Definition.model_validate(one) for code, one in head["known"].items()}
    corrections = _CORRECTIONS.validate_python(head["corrections"])
    made = map_book(book, filename_stem=head["stem"], corrections=corrections, known=known)
    if not corrections and made.shape in head["remembered"]:
        corrections = _CORRECTIONS.validate_python(head["remembered"][made.shape])
        made = map_book(book, filename_stem=head["stem"], corrections=corrections, known=known)
    plain = {
        "mapping": made.model_dump(mode="json", exclude_defaults=True),
        "corrections": _plain(corrections),
    }
    json.dump(plain, sys.stdout)
    return 0


def corrections_of(plain: object) -> tuple[Correction, ...]:
    """The corrections from plain JSON. Raises ValidationError."""
    return _CORRECTIONS.validate_python(plain)


def _plain(corrections: Sequence[Correction]) -> list[dict[str, str]]:
    return [one.model_dump(mode="json", exclude_defaults=True) for one in corrections]


def _result(plain: Dictionary[str, Any]) -> MappingResult:
    if refusal := plain.get("refusal"):
        return MappingResult(None, refusal=say(str(refusal[0]), **refusal[1]))
    return MappingResult(
        Mapping.model_validate(plain["mapping"]), corrections_of(plain["corrections"])
    )
