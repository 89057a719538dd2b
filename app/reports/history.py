"""The audit entries of a report as sentences, newest first.

Saves of one person that follow each other become one line: the page tells what happened, the
chain in the database every single step of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.definition.sentences import N_, Sentence, say
from app.extensions import db
from app.models import AuditEntry

# What a page can usefully show; the chain keeps all.
NEWEST = 500

SENTENCES = {
    "report.started": N_("%(name)s started the report."),
    "report.submitted": N_("%(name)s submitted the report."),
    "report.completed": N_("The report was completed and frozen."),
    "report.discarded": N_("%(name)s discarded the report."),
    "report.archived": N_("%(name)s archived the report."),
    "answer.saved": N_("%(name)s saved answers: %(count)s."),
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


def list_history(report_id: UUID) -> list[HistoryLine]:
    """What happened to a report, newest first, from its newest 500 audit entries."""
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.facts["actor"]["name"].label("name"))
        .where(AuditEntry.object_type == "report", AuditEntry.object_id == report_id)
        .order_by(AuditEntry.sequence.desc())
        .limit(NEWEST)
    )
    acts = [_Act(row.at, row.action, str(row.name or "")) for row in rows]
    return [HistoryLine(act.at, _sentence(act)) for act in _folded(acts)]


def _folded(acts: list[_Act]) -> list[_Act]:
    """Runs of the same act of the same person on the same day, as one."""
    runs = groupby(acts, key=lambda act: (act.action, act.name, act.at.date()))
    return [_one(list(run)) for _key, run in runs]


def _one(run: list[_Act]) -> _Act:
    return replace(run[0], count=len(run))


def _sentence(act: _Act) -> Sentence:
    params: dict[str, Any] = {"name": act.name, "count": act.count, "action": act.action}
    return say(SENTENCES.get(act.action, OTHER), **params)
