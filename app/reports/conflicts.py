"""Values that two people changed at once: kept, listed and settled.

A conflict never changes the stored answer or caption. The value from the phone waits in a row of
its own until a person chooses (docs/adr/0032). The callers hold the report's lock and decide what
a conflict is; filling/service.py and app/photos write what was chosen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.orm import aliased

from app.definition.judging import AnswerFacts
from app.errors import DomainError
from app.evidence.service import About, record
from app.extensions import db
from app.models import Account, Actor, Answer, Choice, EditConflict, PhotoPlacement, Report
from app.reports.content import answer_content
from app.rows import one_or_404

NOTHING = AnswerFacts()


class AlreadySettled(DomainError):
    """Somebody else has already chosen one of these values. Reload the page to see which one."""

    status = 409


class ChangedSince(DomainError):
    """%(name)s changed this in the meantime. Look at both values and choose again."""

    status = 409


@dataclass(frozen=True, slots=True)
class Viewed:
    """What a person had in view when they chose: the row version of the stored value, and the
    client id of the value that waited. None if they did not say."""

    row_version: int | None = None
    typed: UUID | None = None


@dataclass(frozen=True, slots=True)
class MyValue:
    """A value from a phone that could not be applied.

    `facts` is an answer, `caption` that of the photo at `placement_id`; one of them is given.
    """

    report_id: UUID
    field_id: str
    block_key: str
    base_version: int
    client_id: UUID
    client_at: datetime | None = None
    facts: AnswerFacts = NOTHING
    placement_id: UUID | None = None
    caption: str = ""

    @property
    def columns(self) -> dict[str, Any]:
        if self.placement_id:
            return {"value": self.caption, "comment": "", "na_reason": ""}
        facts = self.facts
        return {
            "value": facts.value,
            "comment": facts.comment or "",
            "na_reason": facts.na_reason or "",
        }


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """Both values of a conflict that nobody has settled, as plain values.

    `at` is the time on the phone, or of the receipt if the phone sent none. `theirs` is the stored
    answer; in a conflict of captions only `caption` and the placement count, and `row_version`,
    `theirs_by` and `theirs_at` are those of its caption. `typed` is the client id of the phone's
    value.
    """

    id: UUID
    field_id: str
    placement_id: UUID | None
    mine: AnswerFacts
    caption: str
    by: str
    at: datetime
    theirs: AnswerFacts
    row_version: int
    theirs_by: str
    theirs_at: datetime | None
    typed: UUID


def keep_conflict(mine: MyValue, *, joins: UUID | None, actor: Actor) -> UUID:
    """Keep the phone's value and return the conflict's id.

    `joins` is the conflict of the operation before it on the same phone. If that is still open, the
    newer value takes its place; the history has both.
    """
    row = find_open_conflict(joins) if joins else None
    if row is None or (row.field_id, row.placement_id) != (mine.field_id, mine.placement_id):
        row = EditConflict(
            report_id=mine.report_id,
            field_id=mine.field_id,
            block_key=mine.block_key,
            placement_id=mine.placement_id,
            base_version=mine.base_version,
        )
    for name, value in mine.columns.items():
        setattr(row, name, value)
    row.typed_by, row.client_id, row.client_at = _author(actor), mine.client_id, mine.client_at
    db.session.add(row)
    db.session.flush()
    if mine.placement_id:
        record("photo.conflicted", _report(row), actor, **_facts(row), typed=mine.caption)
    else:
        typed = answer_content(mine.facts)
        record("answer.conflicted", _report(row), actor, **_facts(row), typed=typed)
    return row.id


def get_conflict(conflict_id: UUID, report_id: UUID) -> EditConflict:
    """A conflict of this report, open or settled. Raises NotFound."""
    return one_or_404(
        select(EditConflict).where(
            EditConflict.id == conflict_id, EditConflict.report_id == report_id
        )
    )


def find_open_conflict(conflict_id: UUID) -> EditConflict | None:
    """The conflict, if nobody has settled it."""
    return db.session.scalars(
        select(EditConflict).where(
            EditConflict.id == conflict_id, EditConflict.settled_at.is_(None)
        )
    ).one_or_none()


def list_waiting(
    report_id: UUID, field_id: str, client_ids: Sequence[UUID]
) -> Sequence[EditConflict]:
    """The open conflicts of a field's answer in which exactly these values of phones wait."""
    if not client_ids:
        return ()
    return db.session.scalars(
        select(EditConflict).where(
            EditConflict.report_id == report_id,
            EditConflict.field_id == field_id,
            EditConflict.placement_id.is_(None),
            EditConflict.client_id.in_(client_ids),
            EditConflict.settled_at.is_(None),
        )
    ).all()


def require_choice(row: EditConflict, choice: Choice) -> bool:
    """Whether the conflict is still open; False if exactly this was chosen before.

    Raises AlreadySettled.
    """
    if row.settled_at is None:
        return True
    if row.kept is not choice:
        raise AlreadySettled
    return False


def require_in_view(row: EditConflict, viewed: Viewed, *, row_version: int, by: str) -> None:
    """Require that both values are those that the person chose between. Raises ChangedSince.

    `by` is the author of the stored value.
    """
    if viewed.row_version not in (None, row_version):
        raise ChangedSince(name=by)
    if viewed.typed not in (None, row.client_id):
        typer = db.session.scalars(select(Account.name).where(Account.id == row.typed_by)).one()
        raise ChangedSince(name=typer)


def close_conflict(row: EditConflict, choice: Choice, *, actor: Actor) -> None:
    """Settle an open conflict. What was chosen is written by the caller before."""
    row.settled_at, row.settled_by, row.kept = datetime.now(UTC), actor.account_id, choice
    if row.placement_id:
        record("photo.settled", _report(row), actor, **_facts(row), kept=choice.value)
        return
    typed = answer_content(facts_of(row))
    record("answer.settled", _report(row), actor, **_facts(row), kept=choice.value, typed=typed)


def facts_of(row: EditConflict) -> AnswerFacts:
    """The phone's answer."""
    return AnswerFacts(row.value, row.comment or None, row.na_reason or None)


def list_open_conflicts(report_id: UUID, *more: ColumnElement[bool]) -> Sequence[OpenConflict]:
    """The conflicts of a report that wait for a choice, oldest first."""
    rows = db.session.execute(_OPEN.where(EditConflict.report_id == report_id, *more))
    return [_as_open(*row) for row in rows]


def _open_conflicts() -> Select[*tuple[Any, ...]]:
    """Built once: every fill page asks, and building it costs more than asking."""
    typer, answerer, captioner = aliased(Account), aliased(Account), aliased(Account)
    is_same = and_(
        Answer.report_id == EditConflict.report_id,
        Answer.field_id == EditConflict.field_id,
        Answer.block_key == EditConflict.block_key,
    )
    return (
        select(EditConflict, typer.name, Answer, answerer.name, PhotoPlacement, captioner.name)
        .join(typer, typer.id == EditConflict.typed_by)
        .outerjoin(Answer, is_same)
        .outerjoin(answerer, answerer.id == Answer.answered_by)
        .outerjoin(PhotoPlacement, PhotoPlacement.id == EditConflict.placement_id)
        .outerjoin(captioner, captioner.id == PhotoPlacement.captioned_by)
        .where(EditConflict.settled_at.is_(None))
        .order_by(EditConflict.created_at, EditConflict.id)
    )


_OPEN = _open_conflicts()


def list_disputed(report_id: UUID) -> frozenset[str]:
    """The ids of the fields with an open conflict."""
    found = select(EditConflict.field_id).where(
        EditConflict.report_id == report_id, EditConflict.settled_at.is_(None)
    )
    return frozenset(db.session.scalars(found))


def list_conflicts_of(report_id: UUID, field_id: str) -> Sequence[OpenConflict]:
    """Those of one field and of its photos."""
    return list_open_conflicts(report_id, EditConflict.field_id == field_id)


def _as_open(
    row: EditConflict,
    by: str,
    answer: Answer | None,
    answered_by: str | None,
    placement: PhotoPlacement | None,
    captioned_by: str | None,
) -> OpenConflict:
    stored, mine, caption = NOTHING, facts_of(row), ""
    version = answer.row_version if answer else 0
    if answer:
        stored = AnswerFacts(answer.value, answer.comment or None, answer.na_reason or None)
    theirs_by, theirs_at = answered_by, answer.answered_at if answer else None
    if placement:
        mine, caption = NOTHING, str(row.value or "")
        theirs_by, theirs_at, version = captioned_by, placement.captioned_at, placement.row_version
    return OpenConflict(
        id=row.id,
        field_id=row.field_id,
        placement_id=row.placement_id,
        mine=mine,
        caption=caption,
        by=by,
        at=row.client_at or row.created_at,
        theirs=stored,
        row_version=version,
        theirs_by=theirs_by or "",
        theirs_at=theirs_at,
        typed=row.client_id,
    )


def _author(actor: Actor) -> UUID:
    if actor.account_id is None:
        raise ValueError("a conflict has an author")
    return actor.account_id


def _report(row: EditConflict) -> About:
    return About(Report.audit_type, row.report_id)


def _facts(row: EditConflict) -> dict[str, Any]:
    """The audit facts that identify a conflict."""
    return {
        "field": row.field_id,
        "version": str(row.base_version),
        "conflict": str(row.id),
        "client_id": str(row.client_id),
        "client_at": row.client_at.isoformat() if row.client_at else None,
        **({"placement": str(row.placement_id)} if row.placement_id else {}),
    }
