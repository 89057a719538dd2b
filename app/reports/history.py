"""The audit entries of a report as sentences, newest first.

Saves of one person that follow each other become one line: the page tells what happened, the
chain in the database every single step of it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import select

from app.definition.judging import AnswerFacts
from app.definition.sentences import N_, Sentence, say
from app.extensions import db
from app.models import AuditEntry, Report
from app.reports.wording import answer_words

# What a page can usefully show; the chain keeps all.
NEWEST = 500

SENTENCES = {
    "report.started": N_("%(name)s started the report."),
    "report.submitted": N_("%(name)s submitted the report."),
    "report.completed": N_("The report was completed and frozen."),
    "report.discarded": N_("%(name)s discarded the report."),
    "report.archived": N_("%(name)s archived the report."),
    "report.assigned": N_("%(name)s handed the report over."),
    "report.due_changed": N_("%(name)s changed the due day."),
    "answer.saved": N_("%(name)s saved answers: %(count)s."),
    "answer.set_aside": N_('%(name)s left "%(question)s" as it stood and set aside: %(words)s'),
    "photo.received": N_("%(name)s added photos: %(count)s."),
    "photo.edited": N_("%(name)s changed photos: %(count)s."),
    "photo.removed": N_("%(name)s removed photos: %(count)s."),
    "photo.read_again": N_("%(name)s had photos read again: %(count)s."),
    "signature.taken": N_("%(name)s took a signature."),
    "signature.withdrawn": N_("%(name)s withdrew a signature."),
    "document.requested": N_("%(name)s asked for the PDF."),
}
OTHER = N_("%(name)s: %(action)s.")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that happened; `at` is when, for a run of saves when the last one was."""

    at: datetime
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class _Act:
    at: datetime
    action: str
    name: str
    count: int = 1
    question: str = ""
    words: str = ""


def list_history(report: Report) -> list[HistoryLine]:
    """What happened to a report, newest first, from its newest 500 audit entries."""
    facts = AuditEntry.facts
    rows = db.session.execute(
        select(
            AuditEntry.at, AuditEntry.action, facts["actor"]["name"].label("name"),
            facts["facts"]["field"].label("field"), facts["facts"]["typed"].label("typed"),
        )
        .where(AuditEntry.object_type == "report", AuditEntry.object_id == report.id)
        .order_by(AuditEntry.sequence.desc())
        .limit(NEWEST)
    )  # fmt: skip
    acts = [
        _Act(row.at, row.action, str(row.name or ""), 1, *_set_aside(report, row)) for row in rows
    ]
    return [HistoryLine(act.at, _sentence(act)) for act in _folded(acts)]


def _set_aside(report: Report, row: Any) -> tuple[str, str]:
    """The question and what was typed, of an answer that gave way to a newer one."""
    definition = report.version.definition
    field = definition.field(row.field) if row.typed else None
    if field is None:
        return "", ""
    typed = AnswerFacts(**row.typed)
    languages = definition.languages
    return field.label.first(languages), answer_words(field, typed, languages)


def _folded(acts: list[_Act]) -> list[_Act]:
    """Runs of the same act of the same person on the same day, as one."""
    runs = groupby(acts, key=lambda act: (act.action, act.name, act.at.date(), act.words))
    return [_one(list(run)) for _key, run in runs]


def _one(run: list[_Act]) -> _Act:
    return replace(run[0], count=len(run))


def _sentence(act: _Act) -> Sentence:
    params = {name: value for name, value in asdict(act).items() if name != "at"}
    return say(SENTENCES.get(act.action, OTHER), **params)
