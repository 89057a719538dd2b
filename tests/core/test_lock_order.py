"""The lock order (docs/adr/0020), for pairs of actions that used to deadlock.

Each pair overlaps in every run (tests/support/crossing.py). During all other tests,
tests/support/lock_order.py checks that no action breaks the order.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update

from app.auth import resets
from app.auth.account_stores import TenantAccountStore, Visit
from app.auth.service import change_password
from app.definition.schema import Field, FieldType, Section, Text
from app.documents import making
from app.documents.service import request_document
from app.evidence.chain import verify_chain
from app.evidence.service import About, record
from app.extensions import db
from app.home import onboarding
from app.jobs.registry import get_kind
from app.jobs.runner import FenceLost, claim_work, publish
from app.jobs.work import SUPERSEDED
from app.layouts import Layout
from app.models import (
    Account,
    Actor,
    AuditEntry,
    Document,
    PasswordReset,
    Report,
    ReportStatus,
    Role,
    WorkState,
)
from app.projects.service import archive_project
from app.reports import lifecycle
from app.reports.completing.service import submit_report
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.queries import get_report
from app.storage import object_key
from app.team import service as team
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import DONE, app_alone
from tests.support.cast import PASSWORD
from tests.support.crossing import Crossing
from tests.support.lock_order import Transaction

FIELD = Field(id="cover", type=FieldType.TEXT, label=Text(en="Cover"))


@pytest.fixture
def alone(tmp_path):
    with app_alone(tmp_path) as app:
        yield app


@pytest.fixture
def crossing(alone, cast) -> Crossing:
    return Crossing(alone, cast.acme)


@pytest.fixture
def tess(cast) -> Actor:
    return Actor(cast.tess.name, cast.tess.role, cast.tess.id)


@pytest.fixture
def ana(cast) -> Actor:
    return Actor(cast.ana.name, cast.ana.role, cast.ana.id)


def a_whole_report(app, cast, actor: Actor) -> UUID:
    """A report that is ready to be submitted."""
    section = Section(id="one", title=Text(en="One"), fields=(FIELD,))
    with app.app_context(), tenant_scope(cast.acme):
        definition = scenarios.a_definition(
            code=f"R{uuid4().hex[:6].upper()}",
            info_fields=(),
            sections=(section,),
            signature_roles=(),
        )
        report = scenarios.a_report(actor, version=scenarios.a_checklist(actor, definition))
        scenarios.an_answer(report, "cover", "first", actor)
        return report.id


def claimed_preview(app, cast, report_id: UUID, actor: Actor):
    with app.app_context(), tenant_scope(cast.acme):
        document_id = request_document(get_report(report_id, person=actor), actor=actor).id
        db.session.commit()
        claim = claim_work(get_kind("document"), document_id, cast.acme)
        assert claim is not None
        return claim


def publish_preview(claim):
    """The last step of making a document, without rendering a file."""
    totals = SimpleNamespace(good=0, quarantined=())
    settings = SimpleNamespace(layout=Layout.CLASSIC)
    context = SimpleNamespace(photo_totals=totals, settings=settings)
    job = SimpleNamespace(context=context, is_preview=True, seal=None)
    made = SimpleNamespace(sha256="a" * 64, bytes=1, pages=1, seconds=0.1)
    key = object_key(claim.tenant_id, "pdf", made.sha256, ".pdf")
    return lambda: making._publish(claim, job, made, key, (), None)


class TestPairs:
    def test_a_submit_and_a_preview_that_is_published(
        self, alone, cast, tess, crossing, monkeypatch
    ):
        report_id = a_whole_report(alone, cast, tess)
        claim = claimed_preview(alone, cast, report_id, tess)
        crossing.stop_before(monkeypatch, making, "record")
        outcomes = crossing.run(
            publish_preview(claim), lambda: submit_report(report_id=report_id, actor=tess)
        )
        assert outcomes == (DONE, DONE)
        with alone.app_context(), tenant_scope(cast.acme):
            report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
            assert report.status is ReportStatus.COMPLETED
            states = {row.is_preview: row.state for row in db.session.scalars(select(Document))}
            assert states == {True: WorkState.DONE, False: WorkState.QUEUED}
            assert verify_chain().broken_at is None

    def test_a_preview_that_a_submit_stops_is_not_published(
        self, alone, cast, tess, crossing, monkeypatch
    ):
        report_id = a_whole_report(alone, cast, tess)
        claim = claimed_preview(alone, cast, report_id, tess)
        lost = []

        def publish_too_late() -> None:
            try:
                publish_preview(claim)()
            except FenceLost as error:
                lost.append(error)

        crossing.stop_before(monkeypatch, lifecycle, "lock_report")
        outcomes = crossing.run(
            lambda: submit_report(report_id=report_id, actor=tess), publish_too_late
        )
        assert outcomes == (DONE, DONE) and lost
        with alone.app_context(), tenant_scope(cast.acme):
            errors = {row.is_preview: row.error for row in db.session.scalars(select(Document))}
            assert errors == {True: SUPERSEDED, False: None}

    def test_a_skipped_step_and_a_changed_row(self, alone, cast, ana, crossing, monkeypatch):
        with alone.app_context(), tenant_scope(cast.acme):
            project_id = scenarios.a_project(ana).id
            db.session.commit()
        crossing.stop_before(monkeypatch, onboarding, "record")
        outcomes = crossing.run(
            lambda: onboarding.skip_step(step=onboarding.Step.BRAND, actor=ana),
            lambda: archive_project(project_id=project_id, actor=ana),
        )
        assert outcomes == (DONE, DONE)

    def test_two_people_who_hand_over_to_each_other(self, alone, cast, ana, crossing, monkeypatch):
        first, second = UUID(int=1), UUID(int=2)  # sort before the admins by id
        with alone.app_context(), tenant_scope(cast.acme):
            for number, one in enumerate((first, second)):
                db.session.add(
                    Account(
                        id=one,
                        email=f"{number}@acme.test",
                        name=str(one),
                        role=Role.TECHNICIAN,
                        password_hash="",
                    )
                )
            db.session.commit()

        def leave(who: UUID, to: UUID) -> object:
            return team.deactivate_account(account_id=who, hand_over_to=to, actor=ana)

        crossing.stop_before(monkeypatch, team, "_end_sessions")
        outcomes = crossing.run(lambda: leave(first, second), lambda: leave(second, first))
        assert outcomes[0] == DONE
        # The second request finds the first person deactivated.
        assert type(outcomes[1]).__name__ == "NotAssignable", outcomes

    def test_a_new_password_by_a_link_and_by_hand(self, alone, cast, crossing, monkeypatch):
        with alone.app_context(), tenant_scope(cast.acme):
            reset = PasswordReset(
                account_id=cast.tess.id, expires_at=datetime.now(UTC) + timedelta(hours=1), ip=""
            )
            db.session.add(reset)
            db.session.commit()
            reset_id = reset.id

        def store() -> TenantAccountStore:
            return TenantAccountStore(
                db.session(),
                db.session.scalars(select(Account).where(Account.id == cast.tess.id)).one(),
            )

        def by_link() -> None:
            resets.use_reset(
                store=store(), reset_id=reset_id, new="a wholly new sentence", visit=Visit()
            )

        def by_hand() -> None:
            actor = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
            change_password(
                store=store(),
                current=PASSWORD,
                new="another long sentence",
                keep_session=uuid4(),
                actor=actor,
            )

        crossing.stop_before(monkeypatch, resets, "set_password")
        assert crossing.run(by_link, by_hand) == (DONE, DONE)


class TestTheChainComesLast:
    def test_nobody_waits_for_an_uncommitted_entry(self, alone, cast, tess, ana):
        """Of two actions in one company, an unfinished one does not block the other."""
        report_id = a_whole_report(alone, cast, tess)
        crossing = Crossing(alone, cast.acme)
        seen = []

        def slow() -> None:
            given = AnswerInput(value="other words", row_version=1, client_id=uuid4())
            save_answer(report_id=report_id, field_id="cover", given=given, actor=tess)
            crossing.here()
            seen.append("first")

        def quick() -> None:
            record("test.done", About("test", None), ana)
            db.session.commit()
            seen.append("second")

        assert crossing.run(slow, quick) == (DONE, DONE)
        assert seen == ["second", "first"]

    def test_entries_are_in_the_order_of_their_actions(self, acting, cast):
        with acting(cast.ana) as ana:
            for number in range(5):
                record("test.done", About("test", None), ana, n=str(number))
            db.session.commit()
            newest = select(AuditEntry).order_by(AuditEntry.sequence.desc()).limit(5)
            told = [entry.facts["facts"]["n"] for entry in db.session.scalars(newest)]
        assert told == list("43210")

    def test_entries_rolled_back_to_a_savepoint_are_not_written(self, acting, cast):
        with acting(cast.ana) as ana:

            def tell(word: str) -> None:
                record(f"test.{word}", About("test", None), ana)

            tell("before")
            kept = db.session.begin_nested()
            tell("kept")
            kept.commit()
            lost = db.session.begin_nested()
            tell("lost")
            inner = db.session.begin_nested()
            tell("lost_inside")
            inner.commit()
            lost.rollback()
            tell("after")
            db.session.commit()
            newest = select(AuditEntry.action).order_by(AuditEntry.sequence.desc()).limit(3)
            assert db.session.scalars(newest).all() == ["test.after", "test.kept", "test.before"]

    def test_rolled_back_entries_are_not_written_by_the_next_transaction(self, acting, cast):
        with acting(cast.ana) as ana:
            count = select(func.count()).select_from(AuditEntry)
            before = db.session.scalar(count)
            record("test.lost", About("test", None), ana)
            db.session.rollback()
            db.session.execute(update(Account).values(name=Account.name))
            db.session.commit()
            assert db.session.scalar(count) == before


class TestFence:
    def test_an_overtaken_holder_publishes_nothing(self, alone, cast, tess):
        """The row checked for the fence stays locked until the allowed change is committed."""
        report_id = a_whole_report(alone, cast, tess)
        claim = claimed_preview(alone, cast, report_id, tess)
        with alone.app_context(), tenant_scope(cast.acme):
            db.session.execute(
                update(Document).values(lease_until=datetime.now(UTC) - timedelta(hours=1))
            )
            db.session.commit()
        crossing, published = Crossing(alone, cast.acme), []

        def first() -> None:
            with publish(Document, claim):
                crossing.here()
                published.append("first")

        def second() -> None:
            newer = claim_work(get_kind("document"), claim.id, cast.acme)
            if newer is not None:
                with publish(Document, newer):
                    published.append("second")

        assert crossing.run(first, second) == (DONE, DONE)
        assert published == ["first"]


@pytest.mark.parametrize(
    ("statements", "wrong"),
    [
        (["insert into audit_entries (a) values (1)", "update reports set a = 1"], 1),
        (["insert into audit_entries (a) values (1)", "insert into mails (a) values (1)"], 1),
        (["insert into audit_entries (a) values (1)", "select 1 from reports"], 0),
        (["insert into audit_entries (a) values (1)", "insert into snapshots (a) values (1)"], 0),
        (["insert into audit_entries (a) values (1)", "select pg_advisory_xact_lock(1)"], 1),
        (["select a from reports as r for no key update of r", "update documents set a = 1"], 1),
        (["select a from documents for no key update", "select a from reports for share"], 0),
        (["update reports set a = 1", "insert into documents (a) values (1)"], 0),
        (
            [
                "update documents set a = 1",
                "update reports set a = 1",
                "update documents set a = 2",
            ],
            0,
        ),
        (["delete from invitations where a = 1", "select a from accounts for share"], 1),
        (["select a from reports for update"], 1),
    ],
)
def test_the_watch_detects_a_wrong_order(statements, wrong):
    transaction = Transaction(None, is_one_act=True)
    assert sum(len(transaction.see(statement)) for statement in statements) == wrong
