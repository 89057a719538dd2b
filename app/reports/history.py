"""The audit entries of a report as sentences, newest first.

Saves of one person that follow each other become one line: the page tells what happened, the
chain in the database every single step of it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from itertools import groupby

from sqlalchemy import select

from app.definition.sentences import N_, Sentence, say
from app.evidence.sentences import tell
from app.evidence.telling import Act
from app.extensions import db
from app.models import AuditEntry, Report
from app.reports.acts import read_act

# What a page can usefully show; the chain keeps all.
NEWEST = 500

# Runs of these become one line with their number; all else is told as the audit tells it.
COUNTED = {
    "answer.saved": N_("%(name)s saved answers: %(count)s."),
    "photo.received": N_("%(name)s added photos: %(count)s."),
    "photo.placed": N_("%(name)s added photos that were there already: %(count)s."),
    "photo.edited": N_("%(name)s changed photos: %(count)s."),
    "photo.removed": N_("%(name)s removed photos: %(count)s."),
    "photo.read_again": N_("%(name)s had photos read again: %(count)s."),
}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """Something that happened; `at` is when, for a run of saves when the last one was."""

    at: datetime
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class _Told:
    at: datetime
    act: Act
    count: int = 1


def list_history(report: Report) -> list[HistoryLine]:
    """What happened to a report, newest first, from its newest 500 audit entries."""
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.facts)
        .where(AuditEntry.object_type == "report", AuditEntry.object_id == report.id)
        .order_by(AuditEntry.sequence.desc())
        .limit(NEWEST)
    )
    definition = report.version.definition
    told = [_Told(row.at, read_act(row.action, row.facts, definition)) for row in rows]
    return [HistoryLine(one.at, _sentence(one)) for one in _folded(told)]


def _folded(told: list[_Told]) -> list[_Told]:
    """Runs of the same act of the same person on the same day, as one."""
    runs = groupby(told, key=lambda one: (one.act.action, one.act.name, one.at.date(), _own(one)))
    return [_one(list(run)) for _key, run in runs]


def _own(told: _Told) -> str:
    """What tells an act from the same one of the same person; nothing where only runs count."""
    return "" if told.act.action in COUNTED else str(tell(told.act))


def _one(run: list[_Told]) -> _Told:
    return replace(run[0], count=len(run))


def _sentence(told: _Told) -> Sentence:
    counted = COUNTED.get(told.act.action)
    if counted is None:
        return tell(told.act)
    return say(counted, name=told.act.name, count=told.count)
