"""Two people at one review in the same instant, in real transactions."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.errors import DomainError
from app.extensions import db
from app.models import ANY_MANAGER, Actor, AuditEntry, Report, ReportStatus, Review
from app.reports.completing.service import submit_report
from app.reports.lifecycle import IsCompleted
from app.reports.reviewing.discussing import withdraw_report
from app.reports.reviewing.service import (
    accept_field,
    approve_report,
    comment_on_field,
    return_report,
)
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import DONE, all_at_once, app_alone
from tests.support.operations import make_complete

ROUNDS = 5


@pytest.fixture
def stage(tmp_path, cast):
    """(app, tess, max, ana, fresh): `fresh(steps)` returns the id of a new submitted report."""
    people = [Actor(one.name, one.role, one.id) for one in (cast.tess, cast.max, cast.ana)]

    def fresh(*steps: str):
        with app.app_context(), tenant_scope(cast.acme):
            version = scenarios.a_checklist(people[0], review_steps=list(steps or (ANY_MANAGER,)))
            report = scenarios.a_report(people[0], version=version)
            make_complete(report, people[0])
            submit_report(report_id=report.id, actor=people[0])
            db.session.commit()
            return report.id

    with app_alone(tmp_path) as app:
        yield app, *people, fresh


def state_of(app, cast, report_id):
    """The report's status, the states of its reviews, and its audit actions."""
    with app.app_context(), tenant_scope(cast.acme):
        status = db.session.scalars(select(Report.status).where(Report.id == report_id)).one()
        reviews = select(Review.state).where(Review.report_id == report_id)
        actions = (
            select(AuditEntry.action)
            .where(AuditEntry.object_id == report_id)
            .order_by(AuditEntry.sequence)
        )
        return (
            status,
            [one.value for one in db.session.scalars(reviews.order_by(Review.step))],
            list(db.session.scalars(actions)),
        )


def refused(outcomes) -> list[object]:
    return [one for one in outcomes if one != DONE]


def test_an_approval_and_a_return_leave_one_of_them(stage, cast):
    app, _tess, boss, ana, fresh = stage

    def give_back(report_id):
        comment_on_field(report_id=report_id, field_id="remarks", words="Again", actor=ana)
        return_report(report_id=report_id, actor=ana)

    for _round in range(ROUNDS):
        report_id = fresh()
        acts = [
            lambda at=report_id: approve_report(report_id=at, actor=boss),
            lambda at=report_id: give_back(at),
        ]
        outcomes = all_at_once(app, cast.acme, acts)
        assert outcomes.count(DONE) == 1 and isinstance(refused(outcomes)[0], DomainError)
        status, reviews, actions = state_of(app, cast, report_id)
        expected = {ReportStatus.COMPLETED: "approved", ReportStatus.RETURNED: "returned"}
        assert reviews == [expected[status]]
        ends = {"report.completed", "report.returned"} & set(actions)
        assert len(ends) == 1 and actions.count("report.completed") <= 1


def test_two_approvals_complete_once(stage, cast):
    app, _tess, boss, ana, fresh = stage
    for _round in range(ROUNDS):
        report_id = fresh()
        acts = [
            lambda at=report_id, who=who: approve_report(report_id=at, actor=who)
            for who in (boss, ana, boss, ana)
        ]
        outcomes = all_at_once(app, cast.acme, acts)
        # A double click is one approval; the other person has approved nothing, and learns it.
        assert outcomes.count(DONE) == 2
        assert [type(one) for one in refused(outcomes)] == [IsCompleted] * 2
        status, reviews, actions = state_of(app, cast, report_id)
        assert (status, reviews) == (ReportStatus.COMPLETED, ["approved"])
        assert actions.count("report.completed") == actions.count("review.approved") == 1


def test_two_steps_at_once_are_taken_by_two_people(stage, cast):
    app, _tess, boss, ana, fresh = stage
    for _round in range(ROUNDS):
        report_id = fresh(ANY_MANAGER, ANY_MANAGER)
        acts = [
            lambda at=report_id, who=who: approve_report(report_id=at, actor=who)
            for who in (boss, ana)
        ]
        assert all_at_once(app, cast.acme, acts) == [DONE, DONE]
        status, reviews, _actions = state_of(app, cast, report_id)
        assert (status, reviews) == (ReportStatus.COMPLETED, ["approved", "approved"])


def test_a_withdrawal_and_a_begun_review_exclude_each_other(stage, cast):
    app, tess, boss, _ana, fresh = stage
    for _round in range(ROUNDS):
        report_id = fresh()
        acts = [
            lambda at=report_id: withdraw_report(report_id=at, actor=tess),
            lambda at=report_id: accept_field(
                report_id=at, field_id="remarks", is_accepted=True, actor=boss
            ),
        ]
        outcomes = all_at_once(app, cast.acme, acts)
        assert outcomes.count(DONE) == 1 and isinstance(refused(outcomes)[0], DomainError)
        status, reviews, _actions = state_of(app, cast, report_id)
        assert (status, reviews) in (
            (ReportStatus.IN_PROGRESS, ["withdrawn"]),
            (ReportStatus.SUBMITTED, ["begun"]),
        )
