"""What the page shows of a file: its operations with their questions and verdicts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.definition.answers import InvalidAnswer
from app.definition.schema import Field, Language
from app.definition.sentences import Sentence
from app.errors import NotFound
from app.models import Actor, Report
from app.outboxes.archive import Archive
from app.outboxes.records import Record
from app.outboxes.service import Line
from app.reports.filling.inputs import read_answer_input
from app.reports.filling.service import read_answer
from app.reports.queries import get_report
from app.reports.wording import answer_words
from app.web.addresses import read_moment
from app.web.locale import reading_order

# What a person recognises an entry by, in this order.
CONTENTS = ("value", "caption", "reason", "signer_name", "comment", "na_reason", "file_name")
MAX_CONTENT = 120


class ImportOutcome(StrEnum):
    """What came of an imported entry: a verdict, or none because time or storage ran out."""

    APPLIED = "applied"
    KNOWN = "known"
    CONFLICT = "conflict"
    REFUSED = "refused"
    EARLY = "early"
    LATER = "later"


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A row of the table; `verdict` is a key of the word lists, `at` the device's time."""

    kind: str
    report: str
    report_id: UUID | None
    question: str
    content: str
    at: datetime | None
    verdict: str
    sentence: Sentence | None


@dataclass(frozen=True, slots=True)
class Shown:
    """The file and its rows. `counts` has the verdicts that occur, in the order of the words."""

    sha256: str
    owner: str
    exported_at: datetime | None
    lines: Sequence[ShownLine]
    counts: Mapping[str, int]
    is_import: bool


def shown(archive: Archive, lines: Sequence[Line], owner: Actor, *, is_import: bool) -> Shown:
    reports = _reports(lines, owner)
    rows = [_row(line, reports) for line in lines]
    return Shown(
        sha256=archive.sha256,
        owner=owner.name,
        exported_at=archive.exported_at,
        lines=rows,
        counts=Counter(row.verdict for row in rows),
        is_import=is_import,
    )


def _reports(lines: Sequence[Line], owner: Actor) -> Mapping[UUID, Report]:
    """Those that the owner of the work may see."""
    found = {}
    for report_id in {line.record.report_id for line in lines if line.record}:
        try:
            found[report_id] = get_report(report_id, person=owner)
        except NotFound:
            continue
    return found


def _row(line: Line, reports: Mapping[UUID, Report]) -> ShownLine:
    one = line.record
    report = reports.get(one.report_id) if one else None
    field, languages = _field(one, report)
    return ShownLine(
        kind=one.kind if one else "",
        report=_name(one, report),
        report_id=report.id if report else None,
        question=field.label.first(languages) if field else one.question if one else "",
        content=_content(one, field, languages) if one else "",
        at=read_moment(one.form.get("client_at")) if one else None,
        verdict=line.verdict.value if line.verdict else ImportOutcome.LATER,
        sentence=line.sentence,
    )


def _name(one: Record | None, report: Report | None) -> str:
    if report:
        return f"{report.number}-R{report.revision}"
    return one.report_name if one else ""


def _field(one: Record | None, report: Report | None) -> tuple[Field | None, tuple[Language, ...]]:
    """The question that the entry is about, and the languages in which it is shown."""
    if one is None or report is None:
        return None, ()
    definition = report.version.definition
    return definition.field(one.form.get("field_id", "")), reading_order(definition.languages)


def _content(one: Record, field: Field | None, languages: tuple[Language, ...]) -> str:
    words = _answer(one, field, languages) if field and one.kind == "answer" else ""
    words = words or next((text for name in CONTENTS if (text := one.form.get(name))), "")
    return words if len(words) <= MAX_CONTENT else words[:MAX_CONTENT] + "…"


def _answer(one: Record, field: Field, languages: tuple[Language, ...]) -> str:
    """Empty if the question does not take it: then what was typed is shown."""
    try:
        return answer_words(field, read_answer(field, read_answer_input(one.form)), languages)
    except InvalidAnswer:
        return ""
