"""The audit entries of a report as sentences, newest first.

Consecutive saves of one person are merged into one line: the page is an overview, the chain in the
database has every single step.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import groupby

from sqlalchemy import select

from app.definition.sentences import N_, Sentence, say
from app.evidence.sentence_builders import Act
from app.evidence.sentences import tell
from app.extensions import db
from app.models import AuditEntry, Report
from app.reports.acts import read_act

# As many as are useful on a page; the chain has all of them.
NEWEST = 500

# Runs of these are merged into one line with a count; all others use the audit's sentences.
COUNTED = {
    "answer.saved": N_("%(name)s saved answers: %(count)s."),
    "photo.received": N_("%(name)s added photos: %(count)s."),
    "photo.placed": N_("%(name)s added photos that were already in the report: %(count)s."),
    "photo.edited": N_("%(name)s changed photos: %(count)s."),
    "photo.removed": N_("%(name)s removed photos: %(count)s."),
    "photo.read_again": N_("%(name)s had photos read again: %(count)s."),
}


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One event; `at` is its time, or that of the last one in a run of saves."""

    at: datetime
    sentence: Sentence


@dataclass(frozen=True, slots=True)
class _Event:
    at: datetime
    act: Act
    count: int = 1


def list_history(report: Report) -> list[HistoryLine]:
    """The history of a report, newest first, from its newest 500 audit entries."""
    rows = db.session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.facts)
        .where(AuditEntry.object_type == "report", AuditEntry.object_id == report.id)
        .order_by(AuditEntry.sequence.desc())
        .limit(NEWEST)
    )
    definition = report.version.definition
    events = [_Event(row.at, read_act(row.action, row.facts, definition)) for row in rows]
    return [HistoryLine(event.at, _sentence(event)) for event in _merge_runs(events)]


def _merge_runs(events: list[_Event]) -> list[_Event]:
    """Merge each run of equal events of one person on one day into a single event."""
    runs = [list(run) for _key, run in groupby(events, key=_run_key)]
    return [replace(run[0], count=len(run)) for run in runs]


def _run_key(event: _Event) -> tuple[str, str, date, str]:
    """Events of a run have the same key; the sentence matters only if it is not replaced by a
    count."""
    sentence = "" if event.act.action in COUNTED else str(tell(event.act))
    return event.act.action, event.act.name, event.at.date(), sentence


def _sentence(event: _Event) -> Sentence:
    counted = COUNTED.get(event.act.action)
    if counted is None:
        return tell(event.act)
    return say(counted, name=event.act.name, count=event.count)
