"""Corrections at once, and random lives of a report: never two valid revisions, no answer lost."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from app.errors import DomainError
from app.extensions import db
from app.models import Actor, Answer, Report
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.lifecycle import archive_report, discard_report
from app.reports.queries import get_report
from app.reports.revising.changes import read_changes
from app.reports.revising.service import AlreadySuperseded, RevisionOpen, correct_report
from app.reports.revisions import is_superseded
from app.tenancy import tenant_scope
from tests.support.alone import DONE, all_at_once, app_alone
from tests.support.examples import examples
from tests.support.revisions import a_completed_report, finish

ROUNDS = 5
VERBS = ("correct", "correct", "answer", "clear", "discard", "submit", "submit", "archive")


@pytest.fixture
def stage(tmp_path, cast):
    """(app, actor, fresh): `fresh()` returns the id of a new completed report."""
    tess = Actor(cast.tess.name, cast.tess.role, cast.tess.id)

    def fresh() -> UUID:
        with app.app_context(), tenant_scope(cast.acme):
            return a_completed_report(tess).id

    with app_alone(tmp_path) as app:
        yield app, tess, fresh


def revisions_of(app, cast, report_id: UUID) -> list[Report]:
    with app.app_context(), tenant_scope(cast.acme):
        number = select(Report.number).where(Report.id == report_id).scalar_subquery()
        rows = db.session.scalars(select(Report).where(Report.number == number)).all()
        db.session.expunge_all()
        return list(rows)


def correcting(report_id: UUID, actor: Actor):
    return lambda: correct_report(report_id=report_id, reason="Wrong", actor=actor)


def test_of_two_corrections_at_once_one_is_made(stage, cast):
    app, tess, fresh = stage
    boss = Actor(cast.max.name, cast.max.role, cast.max.id)
    for _round in range(ROUNDS):
        older = fresh()
        acts = [correcting(older, who) for who in (tess, boss, tess, boss)]
        outcomes = all_at_once(app, cast.acme, acts)
        assert outcomes.count(DONE) == 1
        assert sum(isinstance(one, RevisionOpen) for one in outcomes) == 3
        assert sorted(one.revision for one in revisions_of(app, cast, older)) == [0, 1]


def test_a_correction_never_slips_in_beside_one_that_is_completed(stage, cast):
    app, tess, fresh = stage
    for _round in range(ROUNDS):
        older = fresh()
        with app.app_context(), tenant_scope(cast.acme):
            correcting(older, tess)()
            db.session.commit()
        (newer,) = (one for one in revisions_of(app, cast, older) if one.revision)

        def submit(newer_id: UUID = newer.id) -> None:
            finish(get_report(newer_id, person=tess), tess)

        outcomes = all_at_once(app, cast.acme, [submit, *([correcting(older, tess)] * 3)])
        assert outcomes.count(DONE) == 1
        refused = [one for one in outcomes if one != DONE]
        assert all(isinstance(one, (RevisionOpen, AlreadySuperseded)) for one in refused), refused
        assert len(revisions_of(app, cast, older)) == 2


class Life:
    """A report of Tess and what its revisions must hold: `counted` are the answers of the valid
    revision, `typed` those of the one that is being filled in."""

    def __init__(self, tess: Actor, boss: Actor) -> None:
        self.tess, self.boss = tess, boss
        self.valid = a_completed_report(tess).id
        self.number = get_report(self.valid, person=tess).number
        self.opened: UUID | None = None
        self.counted, self.typed = answers_of(self.valid), {}
        self.turn = 0

    def do(self, verb: str) -> None:
        """Carry out a verb; one that the rules refuse changes nothing."""
        self.turn += 1
        with suppress(DomainError):
            getattr(self, verb)()
        db.session.rollback()
        self.check()

    def correct(self) -> None:
        made = correct_report(report_id=self.valid, reason=f"Reason {self.turn}", actor=self.tess)
        assert self.opened is None, "one open revision at a time"
        self.opened, self.typed = made.id, dict(self.counted)
        db.session.commit()

    def answer(self) -> None:
        self._save("customer", f"Customer {self.turn}")

    def clear(self) -> None:
        self._save("remarks", "")

    def _save(self, field_id: str, value: str) -> None:
        report_id = self.opened or self.valid
        version = select(Answer.row_version).where(
            Answer.report_id == report_id, Answer.field_id == field_id
        )
        given = AnswerInput(row_version=db.session.scalar(version) or 0, value=value)
        save_answer(report_id=report_id, field_id=field_id, given=given, actor=self.tess)
        db.session.commit()
        assert self.opened, "a completed report takes no answers"
        self.typed[field_id] = value or None

    def discard(self) -> None:
        discard_report(report_id=self.opened or self.valid, actor=self.tess)
        db.session.commit()
        assert self.opened, "a completed report is not discarded"
        self.opened = None

    def submit(self) -> None:
        if self.opened:
            finish(get_report(self.opened, person=self.tess), self.tess)
            self.valid, self.counted, self.opened = self.opened, self.typed, None

    def archive(self) -> None:
        archive_report(report_id=self.opened or self.valid, actor=self.boss)
        db.session.commit()

    def check(self) -> None:
        every = db.session.scalars(select(Report).where(Report.number == self.number)).all()
        numbers = [one.revision for one in every]
        assert sorted(numbers) == list(range(len(numbers))), "no number is used twice or left out"
        finished = [one for one in every if one.is_finished]
        valid = db.session.scalars(
            select(Report.id).where(Report.id.in_([one.id for one in finished]), ~is_superseded())
        ).all()
        assert valid == [self.valid]
        assert [one.id for one in every if one.is_open] == ([self.opened] if self.opened else [])
        assert answers_of(self.valid) == self.counted
        if self.opened:
            assert answers_of(self.opened) == self.typed
            changes = read_changes(get_report(self.opened, person=self.tess))
            assert changes is not None and changes.older.id == self.valid
            differing = {one for one in self.typed if self.typed[one] != self.counted.get(one)}
            assert {one.field.id for one in changes.answers} == differing


def answers_of(report_id: UUID) -> dict[str, object]:
    rows = db.session.scalars(select(Answer).where(Answer.report_id == report_id))
    return {row.field_id: row.value for row in rows}


@settings(
    max_examples=examples(10),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(verbs=st.lists(st.sampled_from(VERBS), min_size=4, max_size=14))
def test_a_random_life_keeps_one_valid_revision_and_every_answer(acting, cast, verbs):
    boss = Actor(cast.max.name, cast.max.role, cast.max.id)
    with acting(cast.tess) as tess:
        life = Life(tess, boss)
        for verb in verbs:
            life.do(verb)
