"""Concurrent admins and tabs, on real connections: one admin remains, one account is made."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from app.auth.account_stores import Visit
from app.errors import NotAllowed
from app.extensions import db
from app.models import Account, Actor, Invitation, Mail, Report, Role
from app.plans import plans
from app.plans.limits import TooManyPeople, count_people
from app.team import accepting, inviting, service
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.alone import DONE, Acts, all_at_once, app_alone

ROUNDS = 4
CHOSEN = accepting.NewPersonDetails(name="Nina New", password="a good long sentence")


@pytest.fixture
def stage(tmp_path, cast):
    """An app on its own copy of the database, because the races really commit."""
    with app_alone(tmp_path) as app:
        yield app


def raced(app, cast, acts: Acts) -> list[object]:
    """The outcomes, none of which may be a database error (deadlock, duplicate row)."""
    outcomes = all_at_once(app, cast.acme, acts)
    assert not [one for one in outcomes if isinstance(one, DBAPIError)], outcomes
    return outcomes


def actor(person) -> Actor:
    return Actor(person.name, Role.ADMIN, person.id)


def set_roles(app, cast, **roles: Role) -> None:
    with app.app_context(), tenant_scope(cast.acme):
        for key, role in roles.items():
            db.session.execute(
                update(Account)
                .where(Account.id == getattr(cast, key).id)
                .values(role=role, is_active=True)
            )
        db.session.commit()


def admins(app, cast) -> int:
    with app.app_context(), tenant_scope(cast.acme):
        is_admin = Account.role == Role.ADMIN, Account.is_active
        return db.session.scalar(select(func.count(Account.id)).where(*is_admin))


def take_role(of, by) -> Callable[[], object]:
    return lambda: service.change_role(account_id=of.id, role=Role.VIEWER, actor=actor(by))


def close(of, by) -> Callable[[], object]:
    return lambda: service.deactivate_account(account_id=of.id, actor=actor(by))


@pytest.mark.parametrize("verbs", [(take_role, take_role), (close, close), (take_role, close)])
def test_two_admins_who_demote_each_other_leave_one(stage, cast, verbs):
    for _round in range(ROUNDS):
        set_roles(stage, cast, ana=Role.ADMIN, max=Role.ADMIN)
        outcomes = raced(stage, cast, [verbs[0](cast.max, cast.ana), verbs[1](cast.ana, cast.max)])
        assert admins(stage, cast) == 1
        refused = [one for one in outcomes if one != DONE]
        assert len(refused) == 1
        assert isinstance(refused[0], (service.LastAdmin, NotAllowed))


def test_three_admins_in_a_ring_leave_at_least_one(stage, cast):
    for _round in range(ROUNDS):
        set_roles(stage, cast, ana=Role.ADMIN, max=Role.ADMIN, tess=Role.ADMIN)
        ring = [(cast.ana, cast.max), (cast.max, cast.tess), (cast.tess, cast.ana)]
        raced(stage, cast, [take_role(of, by) for of, by in ring])
        assert admins(stage, cast) >= 1


def test_a_report_of_a_leaving_person_is_handed_over_or_refused(stage, cast):
    from app.reports.assigning.service import assign_report

    for _round in range(ROUNDS):
        set_roles(stage, cast, ana=Role.ADMIN, tess=Role.TECHNICIAN, tom=Role.TECHNICIAN)
        with stage.app_context(), tenant_scope(cast.acme):
            report_id = scenarios.a_report(actor(cast.ana)).id
        outcomes = raced(
            stage,
            cast,
            [
                lambda: service.deactivate_account(
                    account_id=cast.tess.id, hand_over_to=cast.tom.id, actor=actor(cast.ana)
                ),
                lambda report_id=report_id: assign_report(
                    report_id=report_id, assignee_id=cast.tess.id, actor=actor(cast.ana)
                ),
            ],
        )
        with stage.app_context(), tenant_scope(cast.acme):
            report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
            assert report.assignee_id != cast.tess.id, outcomes


def test_a_report_filled_in_while_its_assignee_leaves_with_open_invitations(stage, cast):
    from app.reports.filling.service import AnswerInput, save_answer

    who = {"account_id": cast.max.id, "hand_over_to": cast.tom.id, "actor": actor(cast.ana)}
    ways = (
        lambda: service.deactivate_account(**who),
        lambda: service.change_role(role=Role.VIEWER, **who),
    )
    for turn in range(ROUNDS):
        set_roles(stage, cast, ana=Role.ADMIN, max=Role.ADMIN, tom=Role.TECHNICIAN)
        with stage.app_context(), tenant_scope(cast.acme):
            reports = [scenarios.a_report(actor(cast.max)).id for _n in range(6)]
        raced(stage, cast, [invite(f"d{turn}{n}@acme.test", cast.max) for n in range(2)])
        saves = [
            lambda id=id: save_answer(
                report_id=id, field_id="customer", given=AnswerInput("Norte"), actor=actor(cast.ana)
            )
            for id in reports
        ]
        assert raced(stage, cast, [ways[turn % 2], *saves]) == [DONE] * 7
        with stage.app_context(), tenant_scope(cast.acme):
            assignees = select(Report.assignee_id).where(Report.id.in_(reports)).distinct()
            assert db.session.scalars(assignees).all() == [cast.tom.id]


def invite(email: str, by) -> Callable[[], object]:
    facts = inviting.InvitationFacts(email=email, role=Role.TECHNICIAN)
    return lambda: inviting.invite_person(facts=facts, actor=actor(by))


def test_one_address_invited_from_many_tabs_is_one_row(stage, cast):
    outcomes = raced(stage, cast, [invite("new@acme.test", cast.ana)] * 4)
    assert outcomes == [DONE] * 4
    with stage.app_context(), tenant_scope(cast.acme):
        assert db.session.scalar(select(func.count(Invitation.id))) == 1
        assert db.session.scalar(select(func.count(Mail.id))) == 1


def test_the_last_free_place_is_used_once(stage, cast, monkeypatch):
    with stage.app_context(), tenant_scope(cast.acme):
        most = count_people() + 1
    for plan, limits in plans.PLANS.items():
        monkeypatch.setitem(plans.PLANS, plan, {**limits, plans.Limit.PEOPLE: most})
    outcomes = raced(stage, cast, [invite(f"n{n}@acme.test", cast.ana) for n in range(4)])
    assert outcomes.count(DONE) == 1
    assert sum(isinstance(one, TooManyPeople) for one in outcomes) == 3
    # The person who has it can be invited again, from two tabs at once, at the limit.
    with stage.app_context(), tenant_scope(cast.acme):
        email = db.session.scalars(select(Invitation.email)).one()
    assert raced(stage, cast, [invite(email, cast.ana)] * 2) == [DONE] * 2


def accept(invitation_id: UUID) -> Callable[[], object]:
    return lambda: accepting.accept_invitation(
        invitation_id=invitation_id, generation=1, chosen=CHOSEN, visit=Visit()
    )


def test_a_link_followed_in_two_tabs_makes_one_account(stage, cast):
    for turn in range(2):
        raced(stage, cast, [invite(f"a{turn}@acme.test", cast.ana)])
        with stage.app_context(), tenant_scope(cast.acme):
            found = select(Invitation.id).where(Invitation.email == f"a{turn}@acme.test")
            invitation_id = db.session.scalars(found).one()
        outcomes = raced(stage, cast, [accept(invitation_id)] * 3)
        assert outcomes.count(DONE) == 1
        assert sum(isinstance(one, accepting.LinkUsed) for one in outcomes) == 2


def test_a_link_revoked_while_followed_is_either_used_or_revoked(stage, cast):
    for turn in range(ROUNDS):
        email = f"b{turn}@acme.test"
        raced(stage, cast, [invite(email, cast.ana)])
        with stage.app_context(), tenant_scope(cast.acme):
            found = select(Invitation.id).where(Invitation.email == email)
            invitation_id = db.session.scalars(found).one()
        outcomes = raced(
            stage,
            cast,
            [
                accept(invitation_id),
                lambda id=invitation_id: inviting.revoke_invitation(
                    invitation_id=id, actor=actor(cast.ana)
                ),
            ],
        )
        with stage.app_context(), tenant_scope(cast.acme):
            row = db.session.scalars(select(Invitation).where(Invitation.email == email)).one()
            exists = db.session.scalars(select(Account.id).where(Account.email == email)).all()
            assert bool(row.accepted_at) is bool(exists) is not bool(row.revoked_at), outcomes


def test_a_link_followed_while_its_sender_is_demoted_is_either_used_or_revoked(stage, cast):
    for turn in range(ROUNDS):
        email = f"c{turn}@acme.test"
        set_roles(stage, cast, ana=Role.ADMIN, max=Role.ADMIN)
        raced(stage, cast, [invite(email, cast.max)])
        with stage.app_context(), tenant_scope(cast.acme):
            found = select(Invitation.id).where(Invitation.email == email)
            invitation_id = db.session.scalars(found).one()
        outcomes = raced(stage, cast, [accept(invitation_id), close(cast.max, cast.ana)])
        assert DONE in outcomes
        with stage.app_context(), tenant_scope(cast.acme):
            row = db.session.scalars(select(Invitation).where(Invitation.email == email)).one()
            exists = db.session.scalars(select(Account.id).where(Account.email == email)).all()
            assert bool(row.accepted_at) is bool(exists) is not bool(row.revoked_at), outcomes
