"""What changed in a report, field by field, from its audit entries.

A reviewer who looks for the first time sees the answers that were corrected, at a correction all
that differs from the report before it; one who looks again sees everything that changed since.
Read-only.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from sqlalchemy import select

from app.definition.schema import Definition
from app.definition.sentences import Sentence
from app.evidence.sentence_builders import Act
from app.evidence.sentences import tell
from app.extensions import db
from app.models import AuditEntry, Report
from app.reports.acts import read_act
from app.reports.revising import changes as revising
from app.reports.revising.telling import tell_answers

ANSWERS = ("answer.saved", "answer.settled", "answer.filled", "answer.calculated")
PHOTOS = ("photo.received", "photo.placed", "photo.edited", "photo.settled", "photo.removed")
# The form saves by itself while a person types: saves of one person with shorter breaks are one.
BREAK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of one field. `sentence` tells one of a photo; else `old` and `new` are the answer
    in words."""

    by: str
    at: datetime
    old: str = ""
    new: str = ""
    sentence: Sentence | None = None


Changes = Mapping[str, Sequence[Change]]


@dataclass(frozen=True, slots=True)
class _Event:
    at: datetime
    field_id: str
    act: Act


def list_corrections(report: Report) -> Changes:
    """The answers that replaced another one, with what they replaced."""
    found = {}
    for field_id, events in _by_field(_events(report, ANSWERS)).items():
        runs = list(_runs(events))
        last = runs[-1]
        if len(runs) > 1 and (change := _answer(last, last[0].act.old)):
            found[field_id] = (change,)
    return found


def list_revised(report: Report, revised: revising.Changes) -> Changes:
    """What a correction changed of the report before it: the answers as one change a field, and
    what was done to photos one by one."""
    found: dict[str, list[Change]] = {}
    for line in tell_answers(revised):
        if line.anchor and line.at:
            found[line.anchor] = [Change(line.by, line.at, old=line.old, new=line.new)]
    # What was carried over has no entries of its own, so all of them are of the correction.
    for event in _events(report, PHOTOS):
        found.setdefault(event.field_id, []).append(_photo(event))
    return found


def list_changes_since(report: Report, since: datetime) -> Changes:
    """Every change after this moment: the answers as one change a field, the photos one by one."""
    found = {}
    for field_id, events in _by_field(_events(report, (*ANSWERS, *PHOTOS), since)).items():
        answers = [one for one in events if one.act.action in ANSWERS]
        changes = [_photo(one) for one in events if one.act.action in PHOTOS]
        if answers and (change := _answer(answers, answers[0].act.old)):
            changes.insert(0, change)
        if changes:
            found[field_id] = tuple(changes)
    return found


def _events(
    report: Report, actions: Iterable[str], since: datetime | None = None
) -> Iterable[_Event]:
    statement = (
        select(AuditEntry.at, AuditEntry.action, AuditEntry.facts)
        .where(
            AuditEntry.object_type == Report.audit_type,
            AuditEntry.object_id == report.id,
            AuditEntry.action.in_(actions),
        )
        .order_by(AuditEntry.sequence)
    )
    if since is not None:
        statement = statement.where(AuditEntry.at > since)
    definition: Definition = report.version.definition
    for at, action, body in db.session.execute(statement):
        act = read_act(action, body, definition)
        yield _Event(at, str(act.facts.get("field")), act)


def _by_field(events: Iterable[_Event]) -> dict[str, list[_Event]]:
    found: dict[str, list[_Event]] = {}
    for one in events:
        found.setdefault(one.field_id, []).append(one)
    return found


def _runs(events: Sequence[_Event]) -> Iterable[list[_Event]]:
    """The events in groups: each is what one person did without a longer break."""
    turn, last = 0, events[0]
    numbered = []
    for one in events:
        if one.act.name != last.act.name or one.at - last.at > BREAK:
            turn += 1
        numbered.append((turn, one))
        last = one
    for _turn, run in groupby(numbered, key=lambda pair: pair[0]):
        yield [one for _turn, one in run]


def _answer(events: Sequence[_Event], old: str) -> Change | None:
    """The saves as one change; None if the answer is in the end what it was."""
    last = events[-1]
    if old == last.act.new:
        return None
    return Change(last.act.name, last.at, old=old, new=last.act.new)


def _photo(event: _Event) -> Change:
    return Change(event.act.name, event.at, sentence=tell(event.act))
