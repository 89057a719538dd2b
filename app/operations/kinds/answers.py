"""Operations on answers: a value, a comment or a reason of N.A. of one field."""

from __future__ import annotations

from dataclasses import replace

from app.definition.sentences import N_, Sentence, say
from app.models import Actor, Choice, OperationVerdict
from app.operations.operation import Done, Drawn, Operation, OperationKind, Outcome
from app.reports.conflicts import MyValue, close_conflict, find_open_conflict, keep_conflict
from app.reports.filling.inputs import read_answer_input
from app.reports.filling.page import RefusedSave
from app.reports.filling.saving import AnswerInput, SavedAnswer
from app.reports.filling.service import StaleAnswer, get_field, save_answer
from app.reports.filling.status import draw_refused, draw_saved, draw_stored
from app.reports.queries import get_report

STALE = N_("%(name)s changed this answer in the meantime. Both answers are saved.")


def _apply(sent: Operation, actor: Actor) -> Done:
    given = _given(sent)
    try:
        saved = save_answer(
            report_id=sent.report_id, field_id=sent.field_id, given=given, actor=actor
        )
    except StaleAnswer as stale:
        return _disagree(sent, stale, actor)
    if sent.joins and not saved.earlier:
        _withdraw_conflict(sent, actor)
    return Done(
        row_version=saved.answer.row_version,
        result=saved,
        earlier=saved.earlier,
        received_at=saved.received_at,
    )


def _given(sent: Operation) -> AnswerInput:
    return replace(
        read_answer_input(sent.entries),
        row_version=sent.base_version or 0,
        client_id=sent.client_id,
        client_at=sent.client_at,
        digest=sent.digest,
    )


def _disagree(sent: Operation, stale: StaleAnswer, actor: Actor) -> Done:
    """Nothing was saved and the report is still locked: keep the phone's value as well."""
    mine = MyValue(
        report_id=sent.report_id,
        field_id=sent.field_id,
        block_key=sent.block_key,
        base_version=sent.base_version or 0,
        client_id=sent.client_id,
        client_at=sent.client_at,
        facts=stale.mine,
    )
    return Done(
        OperationVerdict.CONFLICT,
        row_version=stale.newer.row_version,
        conflict_id=keep_conflict(mine, joins=sent.joins, actor=actor),
        sentence=say(STALE, name=stale.newer.by),
    )


def _withdraw_conflict(sent: Operation, actor: Actor) -> None:
    """The phone now agrees with what is stored."""
    row = find_open_conflict(sent.joins) if sent.joins else None
    if row and row.field_id == sent.field_id:
        close_conflict(row, Choice.THEIRS, actor=actor)


def _draw(sent: Operation, outcome: Outcome, actor: Actor) -> Drawn:
    if outcome.first is OperationVerdict.CONFLICT:
        return Drawn(draw_stored(sent.report_id, sent.field_id, person=actor))
    if outcome.first is OperationVerdict.REFUSED:
        return Drawn(_draw_refused(sent, outcome.sentence, actor))
    assert isinstance(outcome.result, SavedAnswer)
    return Drawn(draw_saved(outcome.result, person=actor))


def _draw_refused(sent: Operation, sentence: Sentence | None, actor: Actor) -> str:
    report = get_report(sent.report_id, person=actor)
    field = get_field(report.version.definition, sent.field_id)
    return draw_refused(report.id, RefusedSave(field, _given(sent), sentence=sentence))


ANSWER = OperationKind("answer", _apply, _draw, keeps_receipt=True)
