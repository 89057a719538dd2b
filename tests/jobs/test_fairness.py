"""Companies take turns, whatever the order in which their work was requested and woken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from app import logs
from app.extensions import db
from app.jobs import runner
from app.jobs.registry import Claim, get_kind
from app.jobs.runner import claim_work, publish
from app.models import Actor, Document, WorkState
from app.tenancy import call_definer, tenant_scope
from tests.support.cast import Person
from tests.support.scenarios import a_report

# Requested one after the other, an hour ago.
BEGAN = datetime.now(UTC) - timedelta(hours=1)


class Companies:
    """`waiting(person, n)` requests n PDFs of the person's company; `done` has who was served."""

    def __init__(self) -> None:
        self.names: dict[UUID, str] = {}
        self.done: list[str] = []
        self.requested = 0
        self.note: Callable[[], object] = lambda: None

    def waiting(self, person: Person, name: str, count: int) -> list[UUID]:
        assert person.tenant_id
        self.names[person.tenant_id] = name
        with tenant_scope(person.tenant_id):
            return [
                self._a_document(Actor(person.name, person.role, person.id)) for _ in range(count)
            ]

    def _a_document(self, actor: Actor) -> UUID:
        self.requested += 1
        row = Document(
            report_id=a_report(actor).id,
            requested_by=actor.account_id,
            is_preview=True,
            queued_at=BEGAN + timedelta(seconds=self.requested),
        )
        db.session.add(row)
        db.session.commit()
        return row.id

    def perform(self, claim: Claim) -> None:
        self.done.append(self.names[claim.tenant_id])
        self.note()
        with publish(Document, claim):
            # Rows are finished in their order, at times that differ.
            db.session.execute(text("select pg_sleep(0.002)"))


@pytest.fixture
def companies(app, transaction, monkeypatch) -> Iterator[Companies]:
    made = Companies()
    with app.app_context():
        kind = replace(get_kind("document"), perform=made.perform)
        monkeypatch.setitem(app.extensions["laudo_jobs"], "document", kind)
        yield made


def wake_all(rows: list[UUID]) -> None:
    """One worker takes the wake-ups as they were queued."""
    for row in rows:
        runner.run("document", str(row))


def test_a_flood_is_served_in_turn_with_others(companies, cast):
    """Ten PDFs of one company were requested, and woken, before two of another."""
    rows = companies.waiting(cast.ana, "flood", 10)
    rows += companies.waiting(cast.otto, "other", 2)
    wake_all(rows)
    assert companies.done[:5] == ["flood", "other", "flood", "other", "flood"]
    assert sorted(companies.done) == ["flood"] * 10 + ["other"] * 2


def test_the_first_of_a_company_that_was_not_served_yet_is_next(companies, cast):
    flood = companies.waiting(cast.ana, "flood", 4)
    wake_all(flood[:1])
    companies.waiting(cast.otto, "other", 1)
    wake_all(flood[1:2])
    assert companies.done == ["flood", "other"]


def test_every_row_is_carried_out_though_wake_ups_are_exchanged(companies, cast):
    rows = companies.waiting(cast.ana, "flood", 3) + companies.waiting(cast.otto, "other", 3)
    wake_all(rows)
    for person in (cast.ana, cast.otto):
        with tenant_scope(person.tenant_id):
            states = db.session.scalars(select(Document.state).where(Document.id.in_(rows))).all()
        assert states == [WorkState.DONE] * 3


def test_a_wake_up_of_finished_work_serves_what_waits(companies, cast):
    first, second = companies.waiting(cast.ana, "acme", 2)
    for _again in range(2):
        runner.run("document", str(first))
    assert companies.done == ["acme", "acme"]
    assert second


def test_within_a_company_the_row_that_woke_comes_first(companies, cast):
    rows = companies.waiting(cast.ana, "acme", 3)
    assert picked(rows[1]) == [rows[1], rows[0], rows[2]]


def test_a_company_with_fewer_rows_in_work_comes_first(companies, cast):
    """While two workers are busy with the flood, even if the other was served a moment ago."""
    flood = companies.waiting(cast.ana, "flood", 4)
    other = companies.waiting(cast.otto, "other", 3)
    with tenant_scope(cast.acme):
        assert all(claim_work(get_kind("document"), row, cast.acme) for row in flood[:2])
    runner.run("document", str(other[0]))
    assert companies.done == ["other"]
    assert picked(flood[2]) == [other[1], other[2], flood[2], flood[3]]


def test_a_row_that_another_worker_claimed_meanwhile_is_passed_over(companies, cast, monkeypatch):
    rows = companies.waiting(cast.ana, "first", 1) + companies.waiting(cast.otto, "second", 1)
    pick = runner._pick

    def claimed_meanwhile(kind, woken):
        found = pick(kind, woken)
        with tenant_scope(found[0].tenant_id):
            assert claim_work(kind, found[0].id, found[0].tenant_id)
        return found

    monkeypatch.setattr(runner, "_pick", claimed_meanwhile)
    runner.run("document", str(rows[0]))
    assert companies.done == ["second"]


def test_the_log_names_the_row_that_ran_and_the_request_that_asked_for_it(companies, cast):
    with logs.context(request_id="a-request-of-the-flood"):
        flood = companies.waiting(cast.ana, "flood", 2)
    wake_all(flood[:1])
    (other,) = companies.waiting(cast.otto, "other", 1)
    seen = []
    companies.note = lambda: seen.append((logs.known("job_id"), logs.known("request_id")))
    runner.run("document", str(flood[1]))
    runner.run("document", str(flood[1]))
    assert seen == [(str(other), None), (str(flood[1]), "a-request-of-the-flood")]


def picked(woken: UUID) -> list[UUID]:
    rows = call_definer("pick_due_work", p_kind="document", p_id=woken, p_attempts=5)
    return [row.id for row in rows]
