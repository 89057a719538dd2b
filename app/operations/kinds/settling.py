"""The choice between two values of a conflict."""

from __future__ import annotations

from app.errors import NotFound
from app.models import Actor, Choice
from app.operations.operation import Done, Drawn, Operation, OperationKind, Outcome
from app.operations.settling import settle_conflict
from app.reports.conflicts import Viewed
from app.reports.filling.status import draw_stored
from app.web.addresses import read_id

CHOICES = {choice.value: choice for choice in (Choice.MINE, Choice.THEIRS)}


def _apply(sent: Operation, actor: Actor) -> Done:
    conflict_id = read_id(sent.entries.get("conflict"))
    choice = CHOICES.get(sent.entries.get("keep", ""))
    if conflict_id is None or choice is None:
        raise NotFound
    settled = settle_conflict(
        report_id=sent.report_id,
        conflict_id=conflict_id,
        choice=choice,
        viewed=Viewed(sent.base_version, read_id(sent.entries.get("typed"))),
        actor=actor,
    )
    return Done(field_id=settled.field_id, row_version=settled.row_version, conflict_id=conflict_id)


def _draw(sent: Operation, outcome: Outcome, actor: Actor) -> Drawn:
    field_id = outcome.field_id or sent.field_id
    return Drawn(draw_stored(sent.report_id, field_id, person=actor) if field_id else "")


SETTLE = OperationKind("settle", _apply, _draw)
