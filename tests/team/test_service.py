"""The rules for people: roles, deactivation and reactivation, grants, invitations, acceptance."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.auth.account_stores import Visit
from app.auth.identity import token_hash
from app.auth.passwords import WeakPassword, verify_password
from app.email_address import BadEmail
from app.errors import NotAllowed, NotFound
from app.evidence import queries as evidence
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Actor,
    Invitation,
    Mail,
    MailKind,
    ProjectGrant,
    Report,
    Role,
)
from app.plans.limits import TooManyPeople, count_people
from app.reports.assigning.service import NotAssignable
from app.signing import INVITATION_LINK, RESET_LINK
from app.team import accepting, granting, inviting, queries, service
from tests.support import scenarios

NEW = "new@acme.test"
GOOD = "a good long sentence"


def account_of(person) -> Account:
    return db.session.scalars(select(Account).where(Account.id == person.id)).one()


def list_entries(object_type, object_id):
    """The audit entries; they are written at the commit."""
    db.session.commit()
    return evidence.list_entries(object_type, object_id)


def actions(object_type, object_id) -> list[str]:
    return [one.action for one in list_entries(object_type, object_id)]


def invite(actor, **changes) -> Invitation:
    facts = {"email": NEW, "role": Role.TECHNICIAN, "name": "New Person", **changes}
    invitation = inviting.invite_person(facts=inviting.InvitationFacts(**facts), actor=actor)
    db.session.commit()
    return invitation


def age(invitation, **by) -> None:
    """Make the invitation that much older."""
    db.session.execute(
        update(Invitation)
        .where(Invitation.id == invitation.id)
        .values(expires_at=Invitation.expires_at - timedelta(**by))
    )
    db.session.commit()


def link(invitation, generation=None) -> str:
    return INVITATION_LINK.sign(invitation.id, generation or invitation.generation)


def accept(invitation, **changes) -> str:
    chosen = accepting.NewPersonDetails(**{"name": "New Person", "password": GOOD, **changes})
    token = accepting.accept_invitation(
        invitation_id=invitation.id,
        generation=invitation.generation,
        chosen=chosen,
        visit=Visit("Firefox", "10.0.0.9", "request-1"),
    )
    db.session.commit()
    return token


# --- roles ---------------------------------------------------------------------------------


def test_an_admin_can_give_any_company_role(acting, cast):
    with acting(cast.ana) as ana:
        for role in (Role.MANAGER, Role.VIEWER, Role.ADMIN, Role.TECHNICIAN):
            service.change_role(account_id=cast.tess.id, role=role, actor=ana)
            assert account_of(cast.tess).role is role
        service.change_role(account_id=cast.tess.id, role=Role.TECHNICIAN, actor=ana)
        entries = list_entries("account", cast.tess.id)
        assert [e.action for e in entries] == ["account.role_changed"] * 4
        assert entries[0].facts["facts"] == {
            "old": "technician",
            "new": "manager",
            "handed_over": "0",
        }


def test_nobody_changes_their_own_role_or_deactivates_themselves(acting, cast):
    with acting(cast.ana) as ana:
        service.change_role(account_id=cast.max.id, role=Role.ADMIN, actor=ana)
        for act in (
            lambda: service.change_role(account_id=ana.account_id, role=Role.MANAGER, actor=ana),
            lambda: service.deactivate_account(account_id=ana.account_id, actor=ana),
        ):
            with pytest.raises(service.OwnAccount, match="Ask another admin"):
                act()


def test_the_last_active_admin_stays_one(acting, cast):
    operator = Actor("operator")
    with acting(cast.ana) as ana:
        service.change_role(account_id=cast.max.id, role=Role.ADMIN, actor=ana)
        service.deactivate_account(account_id=cast.max.id, actor=ana)
        with pytest.raises(service.LastAdmin, match="Ana Admin"):
            service.change_role(account_id=cast.ana.id, role=Role.VIEWER, actor=operator)
        with pytest.raises(service.LastAdmin):
            service.deactivate_account(account_id=cast.ana.id, actor=operator)
        # A deactivated admin does not count as an admin.
        service.change_role(account_id=cast.max.id, role=Role.MANAGER, actor=ana)


def test_a_former_admin_changes_nobody(acting, cast):
    """The guard read the role when the request began; it is read again under the lock."""
    with acting(cast.max):
        was_admin = Actor(cast.max.name, Role.ADMIN, cast.max.id)
        for act in (
            lambda: service.change_role(
                account_id=cast.tess.id, role=Role.MANAGER, actor=was_admin
            ),
            lambda: service.deactivate_account(account_id=cast.tess.id, actor=was_admin),
            lambda: service.reactivate_account(account_id=cast.tess.id, actor=was_admin),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_another_companys_people_are_not_found(acting, cast):
    with acting(cast.ana) as ana:
        for account_id in (cast.otto.id, uuid4()):
            for act in (
                lambda id=account_id: service.change_role(
                    account_id=id, role=Role.VIEWER, actor=ana
                ),
                lambda id=account_id: service.deactivate_account(account_id=id, actor=ana),
                lambda id=account_id: service.reactivate_account(account_id=id, actor=ana),
                lambda id=account_id: granting.set_grants(account_id=id, project_ids=(), actor=ana),
            ):
                with pytest.raises(NotFound):
                    act()


def test_a_former_viewer_loses_the_grants(acting, cast):
    with acting(cast.ana) as ana:
        scenarios.a_grant(cast.vera.id, scenarios.a_project(ana).id)
        service.change_role(account_id=cast.vera.id, role=Role.TECHNICIAN, actor=ana)
        service.change_role(account_id=cast.vera.id, role=Role.VIEWER, actor=ana)
        assert granting.granted_projects(cast.vera.id) == {}


# --- leaving and coming back ---------------------------------------------------------------


def test_deactivating_ends_sessions_and_hands_open_reports_over(acting, cast):
    with acting(cast.tess) as tess:
        version = scenarios.a_checklist(tess)
        open_report = scenarios.a_report(tess, version=version)
        done = scenarios.completed(scenarios.a_report(tess, version=version), tess)
        db.session.add(AccountSession(account_id=cast.tess.id, token_hash="x" * 64))
        db.session.commit()
        open_id, done_id = open_report.id, done.id
    with acting(cast.ana) as ana:
        service.deactivate_account(account_id=cast.tess.id, hand_over_to=cast.tom.id, actor=ana)
        tess = account_of(cast.tess)
        assert not tess.is_active
        assert datetime.now(UTC) - tess.deactivated_at < timedelta(minutes=1)
        rows = dict(db.session.execute(select(Report.id, Report.assignee_id)).all())
        assert rows == {open_id: cast.tom.id, done_id: cast.tess.id}
        assert db.session.scalars(select(AccountSession.revoked_at)).one() is not None
        entry = list_entries("account", cast.tess.id)[-1]
        assert entry.action == "account.deactivated"
        assert entry.facts["facts"]["handed_over"] == "1"
        service.deactivate_account(account_id=cast.tess.id, actor=ana)
        assert actions("account", cast.tess.id).count("account.deactivated") == 1


def test_open_reports_stay_assigned_without_a_new_assignee(acting, cast):
    with acting(cast.tess) as tess:
        report_id = scenarios.a_report(tess).id
    with acting(cast.ana) as ana:
        service.deactivate_account(account_id=cast.tess.id, actor=ana)
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        assert report.assignee_id == cast.tess.id


def test_only_people_who_can_fill_in_take_over_reports(acting, cast):
    with acting(cast.tess) as tess:
        scenarios.a_report(tess)
    for nobody in (cast.vera.id, cast.otto.id, cast.tess.id):
        with acting(cast.ana) as ana, pytest.raises(NotAssignable):
            service.deactivate_account(account_id=cast.tess.id, hand_over_to=nobody, actor=ana)


def test_a_new_viewer_hands_reports_over_too(acting, cast):
    with acting(cast.tess) as tess:
        report_id = scenarios.a_report(tess).id
    with acting(cast.ana) as ana:
        service.change_role(
            account_id=cast.tess.id, role=Role.VIEWER, hand_over_to=cast.max.id, actor=ana
        )
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        assert report.assignee_id == cast.max.id


def test_reactivation_needs_a_free_place(acting, cast, monkeypatch):
    with acting(cast.ana) as ana:
        service.deactivate_account(account_id=cast.tess.id, actor=ana)
        service.reactivate_account(account_id=cast.tess.id, actor=ana)
        tess = account_of(cast.tess)
        assert tess.is_active and tess.deactivated_at is None
        service.reactivate_account(account_id=cast.tess.id, actor=ana)
        assert actions("account", cast.tess.id) == ["account.deactivated", "account.reactivated"]
        service.deactivate_account(account_id=cast.tess.id, actor=ana)
        full(monkeypatch, count_people())
        with pytest.raises(TooManyPeople):
            service.reactivate_account(account_id=cast.tess.id, actor=ana)


def full(monkeypatch, most: int) -> None:
    """Limit the company's plan to that many people. Patched, because only the platform role may
    write limits, on a connection that this test's transaction does not see."""
    from app.plans import plans

    for plan, limits in plans.PLANS.items():
        monkeypatch.setitem(plans.PLANS, plan, {**limits, plans.Limit.PEOPLE: most})


# --- grants --------------------------------------------------------------------------------


def test_grants_are_set_as_a_whole_and_noted_by_name(acting, cast):
    with acting(cast.ana) as ana:
        one, two = (scenarios.a_project(ana, name=name).id for name in ("One", "Two"))
        granting.set_grants(account_id=cast.vera.id, project_ids=[one], actor=ana)
        granting.set_grants(account_id=cast.vera.id, project_ids=[two, uuid4()], actor=ana)
        granting.set_grants(account_id=cast.vera.id, project_ids=[two], actor=ana)
        assert granting.granted_projects(cast.vera.id) == {two: "Two"}
        facts = [one.facts["facts"] for one in list_entries("account", cast.vera.id)]
        assert facts == [
            {"granted": ["One"], "taken_back": []},
            {"granted": ["Two"], "taken_back": ["One"]},
        ]


def test_only_viewers_are_granted_projects(acting, cast):
    with acting(cast.ana) as ana, pytest.raises(granting.NotAViewer, match="Tess"):
        granting.set_grants(account_id=cast.tess.id, project_ids=[], actor=ana)


# --- inviting ------------------------------------------------------------------------------


def test_an_invitation_is_a_row_with_a_mail(acting, cast):
    with acting(cast.ana) as ana:
        project = scenarios.a_project(ana)
        invitation = invite(
            ana, email=" New@Acme.test ", role=Role.VIEWER, project_ids=(project.id, uuid4())
        )
        assert (invitation.email, invitation.generation) == (NEW, 1)
        assert (invitation.invited_by, invitation.invited_by_name) == (cast.ana.id, "Ana Admin")
        assert invitation.project_ids == [str(project.id)]
        good_for = invitation.expires_at - datetime.now(UTC)
        assert timedelta(days=6, hours=23) < good_for <= timedelta(days=7)
        mail = db.session.scalars(select(Mail)).one()
        assert (mail.kind, mail.recipient, mail.invitation_id) == (
            MailKind.INVITATION,
            NEW,
            invitation.id,
        )
        entry = list_entries("invitation", invitation.id)[0]
        assert entry.facts["facts"] == {"email": NEW, "role": "viewer"}


def test_only_viewers_are_invited_to_projects(acting, cast):
    with acting(cast.ana) as ana:
        project = scenarios.a_project(ana)
        assert invite(ana, project_ids=(project.id,)).project_ids == []


def test_a_second_tap_sends_nothing_and_newer_facts_do(acting, cast):
    with acting(cast.ana) as ana:
        first = invite(ana)
        assert invite(ana).generation == 1
        inviting.resend_invitation(invitation_id=first.id, actor=ana)
        assert db.session.scalar(select(func.count(Mail.id))) == 1
        again = invite(ana, role=Role.MANAGER)
        assert (again.id, again.generation, again.role) == (first.id, 2, Role.MANAGER)
        assert db.session.scalar(select(func.count(Invitation.id))) == 1
        assert db.session.scalar(select(func.count(Mail.id))) == 2
        assert actions("invitation", first.id) == ["invitation.sent", "invitation.resent"]


def test_the_last_sender_is_the_inviter_whose_leaving_revokes_the_link(acting, cast):
    with acting(cast.ana) as ana:
        first, other = invite(ana), invite(ana, email="other@acme.test")
        mine, others = first.id, other.id
        age(first, days=3)
        service.change_role(account_id=cast.max.id, role=Role.ADMIN, actor=ana)
        db.session.commit()
    with acting(cast.max) as seen:
        admin = Actor(seen.name, Role.ADMIN, seen.account_id)
        again = inviting.resend_invitation(invitation_id=mine, actor=admin)
        assert (again.invited_by, again.invited_by_name) == (cast.max.id, cast.max.name)
        newer = invite(admin, email="other@acme.test", role=Role.MANAGER)
        assert (newer.id, newer.invited_by) == (others, cast.max.id)
        db.session.commit()
    with acting(cast.ana) as ana:
        service.deactivate_account(account_id=cast.max.id, actor=ana)
        open_ones = select(Invitation.id).where(Invitation.revoked_at.is_(None))
        assert db.session.scalars(open_ones).all() == []


def test_resending_gives_seven_days_and_invalidates_the_old_link(acting, cast):
    with acting(cast.ana) as ana:
        invitation = invite(ana)
        old = link(invitation)
        age(invitation, days=3)
        inviting.resend_invitation(invitation_id=invitation.id, actor=ana)
        db.session.commit()
        new, expires_at = link(invitation), invitation.expires_at
    assert expires_at - datetime.now(UTC) > timedelta(days=6, hours=23)
    with acting(cast.otto):  # regardless of the bound tenant, the link leads to its own company
        assert accepting.read_invitation(new).company == "Acme Commissioning"
        with pytest.raises(accepting.LinkReplaced):
            accepting.read_invitation(old)


def test_an_invitation_holds_its_place_and_an_expired_one_does_not(acting, cast, monkeypatch):
    with acting(cast.ana) as ana:
        full(monkeypatch, count_people() + 1)
        invitation = invite(ana)
        with pytest.raises(TooManyPeople):
            invite(ana, email="more@acme.test")
        age(invitation, hours=1)
        inviting.resend_invitation(invitation_id=invitation.id, actor=ana)
        assert invitation.generation == 2
        age(invitation, days=8)
        other = invite(ana, email="more@acme.test")
        with pytest.raises(TooManyPeople):
            inviting.resend_invitation(invitation_id=invitation.id, actor=ana)
        inviting.revoke_invitation(invitation_id=other.id, actor=ana)
        inviting.resend_invitation(invitation_id=invitation.id, actor=ana)
        assert invitation.generation == 3


def test_revoking_is_final_and_frees_the_address(acting, cast):
    with acting(cast.ana) as ana:
        invitation = invite(ana)
        for _ in range(2):
            inviting.revoke_invitation(invitation_id=invitation.id, actor=ana)
        db.session.commit()
        assert actions("invitation", invitation.id) == ["invitation.sent", "invitation.revoked"]
        with pytest.raises(inviting.InvitationClosed):
            inviting.resend_invitation(invitation_id=invitation.id, actor=ana)
        with pytest.raises(accepting.LinkRevoked):
            accepting.read_invitation(link(invitation))
        assert invite(ana).id != invitation.id


def test_another_companys_invitation_is_not_found(acting, cast):
    with acting(cast.ana) as ana:
        invitation_id = invite(ana).id
    with acting(cast.otto) as otto:
        for verb in (inviting.resend_invitation, inviting.revoke_invitation):
            with pytest.raises(NotFound):
                verb(invitation_id=invitation_id, actor=otto)
        # Two companies can invite the same address; the first acceptance wins.
        assert invite(otto).id != invitation_id


def test_a_person_with_an_account_is_not_invited(acting, cast):
    with acting(cast.ana) as ana:
        service.deactivate_account(account_id=cast.tom.id, actor=ana)
        with pytest.raises(inviting.AlreadyHere, match="Tess Technician"):
            invite(ana, email="Tess@acme.test")
        with pytest.raises(inviting.WasDeactivated, match="Reactivate"):
            invite(ana, email="tom@acme.test")
        with pytest.raises(BadEmail):
            invite(ana, email="nobody")


@pytest.mark.parametrize(
    "email",
    [
        "tess@acme.test\u200b",
        "te\u00adss@acme.test",
        "\u202etess@acme.test",
        "tess@acme\u2060.test",
        "tess@stra\u00dfe.test",
        "tess@\u03c3\u03c2.test",
    ],
)
def test_a_deceptive_address_is_refused(acting, cast, email):
    """Its mail would reach a different mailbox."""
    with acting(cast.ana) as ana, pytest.raises(BadEmail):
        invite(ana, email=email)


def test_full_width_letters_equal_plain_ones(acting, cast):
    with acting(cast.ana) as ana:
        with pytest.raises(inviting.AlreadyHere, match="Tess Technician"):
            invite(ana, email="\uff34\uff45ss@\uff41cme.test")
        assert invite(ana, email="n\u00e3o@m\u00fcnchen.test").email == "não@münchen.test"


def test_inviting_and_revoking_cannot_flood_a_mailbox(acting, cast):
    with acting(cast.ana) as ana:
        for _ in range(inviting.MAX_PER_DAY):
            last = invite(ana)
            inviting.revoke_invitation(invitation_id=last.id, actor=ana)
        with pytest.raises(inviting.InvitedTooOften, match="10 invitations were sent to new@"):
            invite(ana)
        db.session.rollback()
        assert db.session.scalar(select(func.count(Mail.id))) == inviting.MAX_PER_DAY
        assert invite(ana, email="somebody.else@acme.test").generation == 1
        a_day_ago = datetime.now(UTC) - timedelta(days=1, minutes=1)
        db.session.execute(update(Mail).values(created_at=a_day_ago))
        assert invite(ana).generation == 1


def test_resending_counts_too(acting, cast):
    with acting(cast.ana) as ana:
        invitation = invite(ana)
        for _ in range(inviting.MAX_PER_DAY - 1):
            age(invitation, minutes=2)
            inviting.resend_invitation(invitation_id=invitation.id, actor=ana)
            db.session.commit()
        age(invitation, minutes=2)
        with pytest.raises(inviting.InvitedTooOften):
            inviting.resend_invitation(invitation_id=invitation.id, actor=ana)


# --- accepting -----------------------------------------------------------------------------


def test_accepting_makes_the_account_and_its_first_session(acting, cast):
    with acting(cast.ana) as ana:
        project = scenarios.a_project(ana)
        invitation = invite(ana, role=Role.VIEWER, project_ids=(project.id,), locale="pt_BR")
        token = accept(invitation, name=" Nina  New ", locale="en", time_zone="Europe/Lisbon")
        account = db.session.scalars(select(Account).where(Account.email == NEW)).one()
        assert (account.name, account.role) == ("Nina New", Role.VIEWER)
        assert (account.locale, account.time_zone) == ("en", "Europe/Lisbon")
        assert verify_password(account.password_hash, GOOD)
        assert invitation.account_id == account.id and invitation.accepted_at is not None
        assert granting.granted_projects(account.id).keys() == {project.id}
        row = db.session.scalars(select(AccountSession)).one()
        assert (row.token_hash, row.account_id) == (token_hash(token), account.id)
        assert actions("invitation", invitation.id)[-1] == "invitation.accepted"
        assert actions("account", account.id) == ["account.created", "session.opened"]
        assert "Nina" in list_entries("invitation", invitation.id)[-1].body
        with pytest.raises(accepting.LinkUsed):
            accept(invitation)
        with pytest.raises(inviting.InvitationClosed):
            inviting.revoke_invitation(invitation_id=invitation.id, actor=ana)


def test_a_deleted_project_is_not_granted(acting, cast):
    with acting(cast.ana) as ana:
        invitation = invite(ana, role=Role.VIEWER)
        invitation.project_ids = [str(uuid4())]
        db.session.commit()
        accept(invitation)
        assert db.session.scalar(select(func.count(ProjectGrant.id))) == 0


def test_the_place_was_counted_when_it_was_sent(acting, cast, monkeypatch):
    with acting(cast.ana) as ana:
        invitation = invite(ana)
        full(monkeypatch, 1)
        accept(invitation)
        assert db.session.scalar(select(Account.is_active).where(Account.email == NEW))


def test_a_weak_password_leaves_the_invitation_open(acting, cast):
    with acting(cast.ana) as ana:
        invitation = invite(ana)
        invitation_id, generation = invitation.id, invitation.generation
        with pytest.raises(WeakPassword):
            accept(invitation, password="short")
        db.session.rollback()
        found = accepting.read_invitation(INVITATION_LINK.sign(invitation_id, generation))
        assert found.email == NEW


def test_an_address_taken_meanwhile_is_refused(acting, cast):
    """The response is the same for a person deactivated elsewhere, a superadmin, and a person who
    accepted another company's invitation."""
    with acting(cast.otto) as otto:
        leaver = scenarios_account("leaver@other.test")
        leaver.is_active = False
        db.session.commit()
        assert otto
    sentences = set()
    for email in ("leaver@other.test", "sam@laudo.test"):
        with acting(cast.ana) as ana:
            invitation = invite(ana, email=email)
            with pytest.raises(accepting.AddressInUse) as refused:
                accept(invitation)
            sentences.add(str(refused.value).replace(email, "x"))
            db.session.rollback()
    assert len(sentences) == 1


def scenarios_account(email: str) -> Account:
    account = Account(email=email, name="Leaver", role=Role.VIEWER, password_hash="!")
    db.session.add(account)
    db.session.commit()
    return account


def test_refused_links_say_why(acting, cast):
    with acting(cast.ana) as ana:
        invitation = invite(ana)
        good = link(invitation)
        for broken in (
            "",
            "x",
            good[:-2],
            good + "x",
            "a.b",
            RESET_LINK.sign(invitation.id),
            INVITATION_LINK.sign(uuid4()),
            "é" * 50,
        ):
            with pytest.raises(accepting.LinkUnknown):
                accepting.read_invitation(broken)
        with pytest.raises(accepting.LinkReplaced):
            accepting.read_invitation(link(invitation, 2))
        age(invitation, days=8)
        with pytest.raises(accepting.LinkExpired):
            accepting.read_invitation(good)


# --- lists ---------------------------------------------------------------------------------


def filters(**changes) -> queries.PeopleFilter:
    return queries.PeopleFilter(**changes)


def found(**changes) -> list[str]:
    page = queries.list_people(filters(**changes), page_size=50)
    return [line.name.split()[0] for line in page.lines]


def test_people_are_found_by_every_word_role_and_state(acting, cast):
    with acting(cast.ana) as ana:
        service.deactivate_account(account_id=cast.max.id, actor=ana)
        assert found() == ["Ana", "Tess", "Tom", "Vera"]
        assert found(state=None) == ["Ana", "Max", "Tess", "Tom", "Vera"]
        assert found(state=queries.State.DEACTIVATED) == ["Max"]
        assert found(role=Role.TECHNICIAN) == ["Tess", "Tom"]
        assert found(search="TECNICO") == ["Tom"]
        assert found(search="acme.test tec") == ["Tess", "Tom"]
        assert found(search="%") == [] and found(search="otto") == []
        assert queries.count_roles() == {
            Role.ADMIN: 1,
            Role.MANAGER: 0,
            Role.TECHNICIAN: 2,
            Role.VIEWER: 1,
        }


def test_the_last_time_seen_is_that_of_the_newest_session(acting, cast):
    now = datetime.now(UTC)
    with acting(cast.ana):
        for hours in (30, 2, 50):
            db.session.add(
                AccountSession(
                    account_id=cast.tess.id,
                    token_hash=f"{hours:064}",
                    seen_at=now - timedelta(hours=hours),
                )
            )
        db.session.commit()
        lines = queries.list_people(filters(), page_size=50).lines
        seen = {line.id: line.seen_at for line in lines}
        assert seen[cast.tess.id] == now - timedelta(hours=2)
        assert seen[cast.tom.id] is None


def test_open_invitations_show_the_newest_mails_state(acting, cast):
    with acting(cast.ana) as ana:
        invitation = invite(ana)
        db.session.execute(update(Mail).values(state="failed"))
        age(invitation, days=1)
        inviting.resend_invitation(invitation_id=invitation.id, actor=ana)
        accepted, revoked = (invite(ana, email=f"{n}@acme.test") for n in "ab")
        accept(accepted)
        inviting.revoke_invitation(invitation_id=revoked.id, actor=ana)
        db.session.commit()
        lines = queries.list_invitations()
        assert [(line.email, line.mail, line.is_expired) for line in lines] == [
            (NEW, "queued", False)
        ]


# --- invitations of people who leave ----------------------------------------------------------


def second_admin(cast, ana) -> Actor:
    service.change_role(account_id=cast.max.id, role=Role.ADMIN, actor=ana)
    db.session.commit()
    return Actor(cast.max.name, Role.ADMIN, cast.max.id)


@pytest.mark.parametrize("leaves", ["deactivated", "demoted"])
def test_invitations_of_a_former_admin_are_revoked(acting, cast, leaves):
    """An admin could have invited their own second address and come back with it."""
    with acting(cast.ana) as ana:
        max = second_admin(cast, ana)
        back_door = invite(max, email="max@elsewhere.test", role=Role.ADMIN)
        used = invite(max, email="used@acme.test")
        accept(used)
        anas = invite(ana, email="of-ana@acme.test")
        if leaves == "deactivated":
            service.deactivate_account(account_id=cast.max.id, actor=ana)
        else:
            service.change_role(account_id=cast.max.id, role=Role.MANAGER, actor=ana)
        db.session.commit()
        with pytest.raises(accepting.LinkRevoked):
            accept(back_door)
        db.session.rollback()
        assert actions("invitation", back_door.id) == ["invitation.sent", "invitation.revoked"]
        entry = list_entries("invitation", back_door.id)[-1]
        assert entry.facts["actor"]["name"] == "Ana Admin"
        assert entry.facts["facts"] == {"email": "max@elsewhere.test"}
        assert actions("invitation", used.id) == ["invitation.sent", "invitation.accepted"]
        assert accept(anas)


def test_the_invitations_of_a_remaining_admin_stay_open(acting, cast):
    with acting(cast.ana) as ana:
        max = second_admin(cast, ana)
        sent = invite(max)
        service.change_role(account_id=cast.max.id, role=Role.ADMIN, actor=ana)
        service.reset_second_factor(account_id=cast.max.id, actor=ana)
        db.session.commit()
        assert accept(sent)
