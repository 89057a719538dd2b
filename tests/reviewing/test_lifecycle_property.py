"""Whatever people do in whatever order, a report never leaves the table of transitions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.errors import DomainError
from app.extensions import db
from app.models import (
    ANY_MANAGER,
    Actor,
    Answer,
    Report,
    ReportStatus,
    Review,
    ReviewComment,
    Snapshot,
)
from app.reports.completing.service import submit_report
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import save_answer
from app.reports.lifecycle import TABLE, ReportEvent, archive_report, discard_report
from app.reports.reviewing.discussing import answer_comment, withdraw_report
from app.reports.reviewing.service import (
    accept_field,
    approve_report,
    comment_on_field,
    return_report,
    settle_comment,
)
from app.tenancy import tenant_scope
from tests.conftest import rolled_back
from tests.support import scenarios
from tests.support.operations import make_complete

EDGES = {(old, row.target) for row in TABLE if row.target for old in row.sources} | {
    # Without a reviewer the submit completes the report at once.
    (old, ReportStatus.COMPLETED)
    for row in TABLE
    if row.event is ReportEvent.SUBMITTED
    for old in row.sources
}
PEOPLE = ("ana", "max", "tess", "tom", "vera")
RULES = ((), (ANY_MANAGER,), (ANY_MANAGER, ANY_MANAGER))


def _answer(report_id: UUID, actor: Actor) -> None:
    version = db.session.scalar(
        select(Answer.row_version).where(
            Answer.report_id == report_id, Answer.field_id == "remarks"
        )
    )
    words = [f"by {actor.name}, after {version}"]
    given = AnswerInput(value=words, comment="", na_reason="", row_version=version or 0)
    save_answer(report_id=report_id, field_id="remarks", given=given, actor=actor)


def _sign(report_id: UUID, actor: Actor) -> None:
    """Only an open report takes signatures; the database itself refuses any other."""
    report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
    if report.is_open:
        scenarios.a_valid_signature(report, "technician", actor)


def _comments(report_id: UUID) -> Iterable[UUID]:
    return db.session.scalars(
        select(ReviewComment.id).where(ReviewComment.report_id == report_id).limit(1)
    ).all()


def _reply(report_id: UUID, actor: Actor) -> None:
    for one in _comments(report_id):
        answer_comment(report_id=report_id, comment_id=one, reply="So", is_done=True, actor=actor)


def _settle(report_id: UUID, actor: Actor) -> None:
    for one in _comments(report_id):
        settle_comment(report_id=report_id, comment_id=one, is_done=True, actor=actor)


VERBS: dict[str, Callable[[UUID, Actor], object]] = {
    "answer": _answer,
    "sign": _sign,
    "submit": lambda id, actor: submit_report(report_id=id, actor=actor),
    "withdraw": lambda id, actor: withdraw_report(report_id=id, actor=actor),
    "accept": lambda id, actor: accept_field(
        report_id=id, field_id="remarks", is_accepted=True, actor=actor
    ),
    "comment": lambda id, actor: comment_on_field(
        report_id=id, field_id="remarks", words="Why?", actor=actor
    ),
    "reply": _reply,
    "settle": _settle,
    "return": lambda id, actor: return_report(report_id=id, actor=actor),
    "approve": lambda id, actor: approve_report(report_id=id, actor=actor),
    "discard": lambda id, actor: discard_report(report_id=id, actor=actor),
    "archive": lambda id, actor: archive_report(report_id=id, actor=actor),
}
# What moves a report is drawn more often than what ends it.
STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            [*VERBS] + ["answer", "sign", "submit", "comment", "return", "approve"] * 2
        ),
        st.sampled_from(PEOPLE),
    ),
    min_size=10,
    max_size=60,
)


def _state(report_id: UUID) -> tuple[ReportStatus, bool]:
    row = db.session.execute(
        select(Report.status, Report.discarded_at).where(Report.id == report_id)
    ).one()
    return row.status, row.discarded_at is not None


def _answers(report_id: UUID) -> dict[str, int]:
    rows = db.session.execute(
        select(Answer.field_id, Answer.row_version).where(Answer.report_id == report_id)
    )
    return {row.field_id: row.row_version for row in rows}


def _check(report_id: UUID) -> None:
    status, _gone = _state(report_id)
    reviews = list(
        db.session.scalars(
            select(Review).where(Review.report_id == report_id).order_by(Review.round, Review.step)
        )
    )
    waiting = [one for one in reviews if one.closed_at is None]
    assert len(waiting) == (1 if status is ReportStatus.SUBMITTED else 0)
    frozen = db.session.scalars(select(Snapshot).where(Snapshot.report_id == report_id)).all()
    is_finished = status in (ReportStatus.COMPLETED, ReportStatus.ARCHIVED)
    assert len(frozen) == (1 if is_finished else 0)
    if is_finished and reviews:
        last = [one for one in reviews if one.round == reviews[-1].round]
        assert [one.state.value for one in last] == ["approved"] * len(last[0].steps)
        assert len({one.reviewer_id for one in last}) == len(last)


@pytest.mark.parametrize("rule", RULES, ids=("nobody", "one", "two"))
def test_no_sequence_of_verbs_leaves_the_table(app, cast, rule):
    @settings(max_examples=12, deadline=None)
    @given(STEPS)
    def walk(steps):
        with rolled_back(app), app.app_context(), tenant_scope(cast.acme):
            actors = {
                key: Actor(one.name, one.role, one.id)
                for key in PEOPLE
                if (one := getattr(cast, key))
            }
            version = scenarios.a_checklist(actors["tess"], review_steps=list(rule))
            report = scenarios.a_report(actors["tess"], version=version)
            make_complete(report, actors["tess"])
            report_id = report.id
            for verb, key in steps:
                before, answers = _state(report_id), _answers(report_id)
                try:
                    VERBS[verb](report_id, actors[key])
                    db.session.commit()
                except DomainError:
                    db.session.rollback()
                    db.session.expire_all()
                    assert (_state(report_id), _answers(report_id)) == (before, answers), verb
                    continue
                after = _state(report_id)
                assert after[0] is before[0] or (before[0], after[0]) in EDGES, (verb, key)
                assert not before[1] or after == before
                found = _answers(report_id)
                assert all(found[id] >= version for id, version in answers.items())
                _check(report_id)

    walk()
