"""Saves the answer of one field: exactly once, in order, without lost updates.

A save names the row version that it is based on, so that it never overwrites an answer that its
author has not seen, and a client id, so that a repeated request has no further effect.
filling/inputs.py parses forms; app.definition.assessment decides whether a report is complete.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from app.definition.answers import AnswerValue, InvalidAnswer, parse_comment, parse_reason
from app.definition.fields import kind_of
from app.definition.judging import AnswerFacts
from app.definition.schema import Definition, Field
from app.definition.sentences import N_, say
from app.errors import DomainError, NotFound
from app.evidence.service import About, record
from app.extensions import db
from app.models import Account, Actor, Choice
from app.reports.conflicts import (
    Viewed,
    close_conflict,
    facts_of,
    get_conflict,
    list_waiting,
    require_choice,
    require_in_view,
)
from app.reports.content import answer_content
from app.reports.filling.rows import LockedReport, StoredField, lock_plainly
from app.reports.filling.saving import (
    AnswerInput,
    Save,
    SavedAnswer,
    StoredAnswer,
    outline_for,
)
from app.reports.queries import closed_error, get_report
from app.reports.wording import answer_words

NOT_TYPED = N_("This value is calculated from other answers. Change those instead.")


class StaleAnswer(DomainError):
    """%(name)s changed this answer in the meantime. Both answers are saved: choose which one
    counts."""

    status = 409

    def __init__(self, field: Field, mine: AnswerFacts, newer: StoredAnswer) -> None:
        super().__init__(name=newer.by)
        self.field = field
        self.mine = mine
        self.newer = newer


def save_answer(*, report_id: UUID, field_id: str, given: AnswerInput, actor: Actor) -> SavedAnswer:
    """Store an answer with its audit entry; the first answer sets the report in progress.

    A repeated client id, or an answer equal to the current one, changes nothing and returns the
    same result. Raises NotFound, ReportClosed, InvalidAnswer, StaleAnswer, ReusedClientId.
    """
    report = lock_plainly(report_id, actor=actor)
    outline = outline_for(report.version_id)
    field = get_field(outline.definition, field_id)
    sent = read_answer(field, given)
    save = Save(report, outline, field, given, sent, actor)
    new = replace(sent, value=_value_to_store(field, sent, save.current, given))
    is_same = save.current == new
    applies = report.is_open and (is_same or given.row_version == save.stored.row_version)
    if applies and not is_same:
        if save.write(new):
            _settle_seen(save, given)
            return save.result()
        receipt = save.find_receipt()
    else:
        receipt = save.claim_receipt() if applies else save.find_receipt()
    if receipt is None:
        _require_open(report)
        if not applies:
            raise StaleAnswer(field, new, _newer(save.stored))
    return save.result(receipt)


def _value_to_store(
    field: Field, sent: AnswerFacts, current: AnswerFacts, given: AnswerInput
) -> AnswerValue:
    """A calculated value is not the author's to change: the submit stores it."""
    if field.calculation is not None:
        return current.value
    return kind_of(field).keep_unchanged(field, sent.value, current.value, given.chosen)


def _settle_seen(save: Save, given: AnswerInput) -> None:
    """Close the conflicts that the author of a new answer had in view."""
    for row in list_waiting(save.report.id, save.field.id, given.values_in_view):
        is_mine = facts_of(row) == save.current
        close_conflict(row, Choice.MINE if is_mine else Choice.OTHER, actor=save.actor)


def settle_answer(
    *,
    report_id: UUID,
    conflict_id: UUID,
    choice: Choice,
    viewed: Viewed,
    actor: Actor,
) -> SavedAnswer:
    """Choose one of the two answers; the phone's becomes the answer with its author and its clock.

    Choosing the same again changes nothing. Raises NotFound, ReportClosed, AlreadySettled,
    ChangedSince.
    """
    report = lock_plainly(report_id, actor=actor)
    row = get_conflict(conflict_id, report.id)
    outline = outline_for(report.version_id)
    field, mine = get_field(outline.definition, row.field_id), facts_of(row)
    _require_open(report)
    is_open = require_choice(row, choice)
    # Read after the lock, as in every save.
    save = Save(report, outline, field, AnswerInput(client_at=row.client_at), mine, actor)
    if is_open:
        stored = save.stored
        require_in_view(row, viewed, row_version=stored.row_version, by=_newer(stored).by)
        author = row.typed_by
        close_conflict(row, choice, actor=actor)
        if choice is Choice.MINE and save.current != mine:
            save.write(mine, author=author)
    return save.result()


def set_aside_answer(*, report_id: UUID, field_id: str, given: AnswerInput, actor: Actor) -> None:
    """Record input that its author dropped in favour of a newer answer, which stays unchanged.

    The history of a closed report is part of its evidence and takes no more entries, so the
    company's audit records the input instead, as its own kind of object. Raises NotFound,
    InvalidAnswer.
    """
    report = get_report(report_id, person=actor)
    field = get_field(report.version.definition, field_id)
    dropped = read_answer(field, given)
    if report.is_open:
        record(
            "answer.set_aside",
            report,
            actor,
            field=field.id,
            version=str(given.row_version),
            typed=answer_content(dropped),
        )
        return
    languages = report.version.definition.languages
    record(
        "leftover.kept",
        About("leftover", report.id),
        actor,
        report=report.full_number,
        field=field.id,
        version=str(given.row_version),
        label=field.label.first(languages),
        words=answer_words(field, dropped, languages),
        typed=answer_content(dropped),
    )


def get_field(definition: Definition, field_id: str) -> Field:
    """The field with this id, if it takes answers. Raises NotFound."""
    field = definition.field(field_id)
    if field is None or not field.is_question:
        raise NotFound
    return field


def read_answer(field: Field, given: AnswerInput) -> AnswerFacts:
    """Parse the input into canonical facts. Raises InvalidAnswer.

    A reason of N.A. replaces the value of every field except a verdict, as the form says. A
    verdict has N.A. as one of its values and keeps a reason only with that value.
    """
    comment, reason = parse_comment(given.comment), parse_reason(given.na_reason)
    if field.calculation is not None:
        if given.value not in (None, "", []) or reason:
            raise InvalidAnswer(say(NOT_TYPED))
        return AnswerFacts(None, comment)
    kind, raw = kind_of(field), given.value
    if isinstance(raw, list):
        raw = kind.from_form(raw)
    if reason and not kind.is_verdict_type:
        return AnswerFacts(None, comment, reason)
    value = kind.decide(field, kind.parse(field, raw, given.language), given.chosen)
    facts = AnswerFacts(value, comment, reason)
    return facts if kind.is_na(field, facts) else replace(facts, na_reason=None)


def _require_open(report: LockedReport) -> None:
    if not report.is_open:
        raise closed_error(report.status, report.number)


def _newer(stored: StoredField) -> StoredAnswer:
    """The answer that the author of a stale save has not seen."""
    if stored.facts is None:  # the save names a version, but nothing was ever stored
        return StoredAnswer(AnswerFacts(), 0, datetime.now(UTC), "")
    name = db.session.scalars(select(Account.name).where(Account.id == stored.answered_by)).one()
    assert stored.answered_at
    return StoredAnswer(stored.facts, stored.row_version, stored.answered_at, name)
