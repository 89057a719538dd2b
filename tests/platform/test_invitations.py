"""The platform's invitations of admins: an admin must approve them, and all admins are notified."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from app.auth.account_stores import TenantAccountStore, Visit
from app.auth.service import set_password
from app.errors import NotAllowed
from app.evidence.queries import list_entries
from app.evidence.service import About, record
from app.evidence.ways_in import ACTS
from app.extensions import db
from app.models import (
    TENANT_ROLES,
    Account,
    Actor,
    AuditEntry,
    Invitation,
    Mail,
    MailKind,
    Role,
)
from app.signing import INVITATION_LINK
from app.team import accepting, approving, inviting, service
from tests.support.alone import DONE, all_at_once
from tests.support.platform_stage import stage

SAM = Actor("Sam Super", Role.SUPERADMIN, uuid4())
CHOSEN = accepting.NewPersonDetails(name="Ivy Invited", password="a good long sentence")
FORM = {
    "name": "Ivy Invited",
    "new": CHOSEN.password,
    "again": CHOSEN.password,
    "locale": "inherited",
    "time_zone": "inherited",
}
WAITS = "is waiting for approval by an admin of"


@pytest.fixture
def house(cast, tmp_path):
    yield from stage(cast, tmp_path)


@pytest.fixture
def sam(house, cast):
    return house.client(cast.sam)


@pytest.fixture
def ana(house, cast):
    return house.client(cast.ana)


def invite(house, client, tenant_id, email=None) -> UUID:
    email = email or f"ivy-{uuid4().hex[:8]}@evil.test"
    form = {"invite-name": "Ivy Invited", "invite-email": email}
    answer = client.post(f"/platform/companies/{tenant_id}/invite", data=form)
    assert answer.status_code == 303, answer.text
    with house.inside(tenant_id):
        return db.session.scalars(
            select(Invitation.id).where(Invitation.email == email).order_by(Invitation.created_at)
        ).all()[-1]


def test_the_platform_lists_its_invitations_without_addresses(house, sam, ana, cast):
    page = f"/platform/companies/{cast.acme}"
    assert 'id="invited"' not in sam.get(page).text
    by_ana = {"name": "Ned", "email": "ned@acme.test", "role": "technician", "locale": "inherited"}
    assert ana.post("/people/", data=by_ana).status_code == 303
    assert 'id="invited"' not in sam.get(page).text, "what the company sends is its own"
    invitation_id = invite(house, sam, cast.acme, "ivy@evil.test")
    shown = sam.get(page).text.partition('id="invited"')[2].partition("</ul>")[0]
    assert "Waiting for an admin's approval" in shown and "valid until" in shown
    assert "ivy@evil.test" not in shown
    assert ana.post(f"/people/invitations/{invitation_id}/approve").status_code == 303
    shown = sam.get(page).text.partition('id="invited"')[2].partition("</ul>")[0]
    assert "Waiting for" not in shown and "valid until" in shown


def test_the_admins_start_page_shows_the_invitation_once(house, sam, ana, cast):
    invite(house, sam, cast.acme, "ivy@evil.test")
    page = ana.get("/").text
    assert page.count('person-email">ivy@evil.test<') == 1
    assert "invited ivy@evil.test" not in page
    assert "open invitation" not in page
    assert "invited ivy@evil.test" in ana.get("/audit").text


def link(house, tenant_id, invitation_id) -> str:
    with house.inside(tenant_id):
        one = db.session.get_one(Invitation, invitation_id)
        return f"/invitation/{INVITATION_LINK.sign(one.id, one.generation)}"


def mails(house, tenant_id, kind) -> list[str]:
    with house.inside(tenant_id):
        rows = select(Mail.recipient).where(Mail.kind == kind).order_by(Mail.recipient)
        return list(db.session.scalars(rows))


def admins(house, tenant_id, *, also: str = "") -> list[str]:
    """The addresses of the admins; `also` makes one more person an admin first."""
    with house.inside(tenant_id):
        if also:
            db.session.execute(update(Account).where(Account.email == also).values(role=Role.ADMIN))
            db.session.commit()
        is_admin = Account.role == Role.ADMIN, Account.is_active
        return list(
            db.session.scalars(select(Account.email).where(*is_admin).order_by(Account.email))
        )


def without_admins(house, tenant_id) -> None:
    with house.inside(tenant_id):
        db.session.execute(
            update(Account).where(Account.role == Role.ADMIN).values(is_active=False)
        )
        db.session.commit()


def actions(house, tenant_id, invitation_id) -> list[str]:
    return [one[0] for one in house.chain(tenant_id, "invitation", invitation_id)]


def test_with_an_active_admin_the_link_waits_for_approval(house, sam, ana, cast):
    told = admins(house, cast.acme, also="max@acme.test")
    assert told == ["ana@acme.test", "max@acme.test"]
    invitation_id = invite(house, sam, cast.acme, "ivy@evil.test")
    # The invited person gets no mail, and even the signed link does not work yet.
    assert mails(house, cast.acme, MailKind.INVITATION) == []
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == told
    browser, address = house.app.test_client(), link(house, cast.acme, invitation_id)
    for answer in (browser.get(address), browser.post(address, data=FORM)):
        assert answer.status_code == 403 and WAITS in answer.text
    for person in (cast.ana, cast.max):
        client = house.client(person)
        for page in (client.get("/"), client.get("/people/")):
            assert "ivy@evil.test" in page.text
            assert f"/people/invitations/{invitation_id}/approve" in page.text
            assert f"/people/invitations/{invitation_id}/refuse" in page.text
        assert "Waiting for your approval" in client.get("/people/").text
    answer = ana.post(f"/people/invitations/{invitation_id}/approve")
    assert (answer.status_code, answer.location) == (303, "/people/")
    assert mails(house, cast.acme, MailKind.INVITATION) == ["ivy@evil.test"]
    assert browser.get(address).status_code == 200
    assert browser.post(address, data=FORM).location == "/"
    # After the acceptance, the other admins get another mail.
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == sorted(told * 2)
    assert "became an admin" in house.client(cast.max).get("/").text
    assert actions(house, cast.acme, invitation_id) == [
        "invitation.sent",
        "invitation.approved",
        "invitation.accepted",
    ]


def test_without_an_admin_the_link_works_at_once(house, sam, cast):
    without_admins(house, cast.acme)
    invitation_id = invite(house, sam, cast.acme, "ivy@evil.test")
    assert mails(house, cast.acme, MailKind.INVITATION) == ["ivy@evil.test"]
    browser = house.app.test_client()
    assert browser.post(link(house, cast.acme, invitation_id), data=FORM).location == "/"
    assert admins(house, cast.acme) == ["ivy@evil.test"]


def test_a_refusal_is_final(house, sam, ana, cast):
    invitation_id = invite(house, sam, cast.acme)
    for _tap in range(2):
        answer = ana.post(f"/people/invitations/{invitation_id}/refuse")
        assert (answer.status_code, answer.location) == (303, "/people/")
    assert "was rejected" in ana.get("/people/").text
    assert house.app.test_client().get(link(house, cast.acme, invitation_id)).status_code == 410
    assert ana.post(f"/people/invitations/{invitation_id}/approve").location == "/people/"
    assert "already been accepted or revoked" in ana.get("/people/").text
    assert actions(house, cast.acme, invitation_id) == ["invitation.sent", "invitation.refused"]


def test_a_repeated_approval_sends_and_records_once(house, sam, ana, cast):
    invitation_id = invite(house, sam, cast.acme)
    for _tap in range(2):
        ana.post(f"/people/invitations/{invitation_id}/approve")
    assert len(mails(house, cast.acme, MailKind.INVITATION)) == 1
    assert actions(house, cast.acme, invitation_id) == ["invitation.sent", "invitation.approved"]


def test_resending_does_not_bypass_the_approval(house, sam, ana, cast):
    invitation_id = invite(house, sam, cast.acme)
    assert ana.post(f"/people/invitations/{invitation_id}/send").location == "/people/"
    assert "is waiting for approval" in ana.get("/people/").text
    assert mails(house, cast.acme, MailKind.INVITATION) == []


def test_an_invitation_that_the_platform_resends_needs_a_new_approval(house, sam, ana, cast):
    email = "ivy@evil.test"
    invitation_id = invite(house, sam, cast.acme, email)
    ana.post(f"/people/invitations/{invitation_id}/approve")
    with house.inside(cast.acme):
        one = db.session.get_one(Invitation, invitation_id)
        one.expires_at -= 2 * inviting.PAUSE
        db.session.commit()
    assert invite(house, sam, cast.acme, email) == invitation_id
    answer = house.app.test_client().get(link(house, cast.acme, invitation_id))
    assert answer.status_code == 403 and WAITS in answer.text


def test_superadmins_cannot_approve(house, sam, cast):
    invitation_id = invite(house, sam, cast.acme)
    for verb in ("approve", "refuse"):
        assert sam.post(f"/people/invitations/{invitation_id}/{verb}").status_code == 403
    form = {"support-reason": "Look", "support-minutes": "30"}
    assert sam.post(f"/platform/companies/{cast.acme}/support", data=form).status_code == 303
    for verb in ("approve", "refuse"):
        assert sam.post(f"/people/invitations/{invitation_id}/{verb}").status_code == 403
    with house.inside(cast.acme), pytest.raises(NotAllowed):
        approving.approve_invitation(invitation_id=invitation_id, actor=SAM)
    assert actions(house, cast.acme, invitation_id) == ["invitation.sent"]


@pytest.mark.parametrize("how", ["deactivate", "change_role"])
def test_an_approval_lapses_when_its_admin_leaves(house, sam, cast, how):
    admins(house, cast.acme, also="max@acme.test")
    invitation_id = invite(house, sam, cast.acme)
    house.client(cast.max).post(f"/people/invitations/{invitation_id}/approve")
    with house.inside(cast.acme):
        actor = Actor(cast.ana.name, Role.ADMIN, cast.ana.id)
        if how == "deactivate":
            service.deactivate_account(account_id=cast.max.id, actor=actor)
        else:
            service.change_role(account_id=cast.max.id, role=Role.MANAGER, actor=actor)
        db.session.commit()
    answer = house.app.test_client().get(link(house, cast.acme, invitation_id))
    assert answer.status_code == 403 and WAITS in answer.text
    assert actions(house, cast.acme, invitation_id)[-1] == "invitation.approval_withdrawn"


def test_a_companys_own_invitation_needs_no_approval(house, ana, cast):
    form = {"email": "own@acme.test", "role": "admin", "locale": "inherited"}
    assert ana.post("/people/", data=form).status_code == 303
    assert mails(house, cast.acme, MailKind.INVITATION) == ["own@acme.test"]
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []
    with house.inside(cast.acme):
        invitation_id = db.session.scalars(select(Invitation.id)).one()
    assert house.app.test_client().get(link(house, cast.acme, invitation_id)).status_code == 200


# --- in the database ---------------------------------------------------------------------------


def test_the_database_refuses_an_acceptance_without_approval(house, sam, cast):
    invitation_id = invite(house, sam, cast.acme)
    accepted = (
        update(Invitation).where(Invitation.id == invitation_id).values(accepted_at=func.now())
    )
    with house.inside(cast.acme), pytest.raises(DBAPIError, match="no admin of the company"):
        db.session.execute(accepted)
    with house.inside(cast.acme):
        db.session.execute(accepted.values(approved_by=cast.ana.id, approved_at=func.now()))
        db.session.commit()


def test_the_trigger_checks_the_approval_under_its_own_lock(house, sam, cast, monkeypatch):
    """Even without the service's check, the trigger refuses."""
    invitation_id = invite(house, sam, cast.acme)
    monkeypatch.setattr(accepting, "require_approval", lambda *_facts: None)
    with house.inside(cast.acme), pytest.raises(DBAPIError, match="no admin of the company"):
        accepting.accept_invitation(
            invitation_id=invitation_id, generation=1, chosen=CHOSEN, visit=Visit()
        )
        db.session.commit()


# --- concurrency ---------------------------------------------------------------------------------


def accept(invitation_id: UUID) -> Callable[[], object]:
    return lambda: accepting.accept_invitation(
        invitation_id=invitation_id, generation=1, chosen=CHOSEN, visit=Visit()
    )


def test_of_two_concurrent_first_admins_one_needs_approval(house, sam, cast, monkeypatch):
    without_admins(house, cast.acme)
    first, second = (invite(house, sam, cast.acme) for _one in range(2))
    create = accepting.create_account

    def slowly(**facts):
        account = create(**facts)
        time.sleep(0.5)  # the other one checks in the meantime
        return account

    monkeypatch.setattr(accepting, "create_account", slowly)
    outcomes = all_at_once(house.app, cast.acme, [accept(first), accept(second)])
    assert outcomes.count(DONE) == 1
    assert [type(one) for one in outcomes if one != DONE] == [accepting.LinkAwaitsApproval]
    assert len(admins(house, cast.acme)) == 1


def test_the_next_link_works_if_the_last_admin_has_left(house, sam, cast):
    email = "ivy@evil.test"
    invitation_id = invite(house, sam, cast.acme, email)
    without_admins(house, cast.acme)
    with house.inside(cast.acme):
        db.session.get_one(Invitation, invitation_id).expires_at -= 2 * inviting.PAUSE
        db.session.commit()
    invite(house, sam, cast.acme, email)
    assert mails(house, cast.acme, MailKind.INVITATION) == [email]
    browser = house.app.test_client()
    assert browser.post(link(house, cast.acme, invitation_id), data=FORM).location == "/"


def test_an_approval_waits_for_a_concurrent_role_change(house, sam, cast):
    leader = Actor(cast.ana.name, Role.ADMIN, cast.ana.id)
    leaving = Actor(cast.max.name, Role.ADMIN, cast.max.id)

    def lose():
        service.change_role(account_id=cast.max.id, role=Role.MANAGER, actor=leader)

    for _round in range(4):
        admins(house, cast.acme, also="max@acme.test")
        waiting = invite(house, sam, cast.acme)
        say_yes = partial(approving.approve_invitation, invitation_id=waiting, actor=leaving)
        outcomes = all_at_once(house.app, cast.acme, [say_yes, lose])
        assert not [one for one in outcomes if isinstance(one, DBAPIError)], outcomes
        with house.inside(cast.acme):
            assert db.session.get_one(Invitation, waiting).approved_by is None


# --- notifications of platform access --------------------------------------------------------


@pytest.mark.parametrize("action", ACTS)
def test_admins_get_mails_about_platform_access_but_not_about_their_own_actions(
    house, cast, action
):
    told = admins(house, cast.acme, also="max@acme.test")

    def acts(actor):
        with house.inside(cast.acme):
            record(
                action,
                About("account", cast.tess.id),
                actor,
                email="x@y.test",
                role="viewer",
                reason="x",
                minutes="30",
                old="viewer",
                new="admin",
            )
            db.session.commit()

    for role in TENANT_ROLES:
        acts(Actor("Somebody", role, cast.ana.id))
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []
    assert "From the Laudo operator" not in house.client(cast.max).get("/").text
    acts(Actor("root (command line)"))
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == told
    acts(SAM)
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == sorted(told * 2)
    page = house.client(cast.max).get("/").text
    assert "From the Laudo operator" in page
    assert "root (command line)" in page and "Sam Super" in page
    assert "From the Laudo operator" not in house.client(cast.tess).get("/").text


def test_admins_get_mails_about_commands_that_give_operators_access(house, cast):
    house.flask("user", "reset-password", "ana@acme.test", "--password", "quite another sentence")
    house.flask("user", "reset-two-factor", "tess@acme.test")
    more = ("--tenant", "acme", "--role", "technician", "--password", CHOSEN.password)
    house.flask("user", "create", "--email", "op@acme.test", "--name", "Op", *more)
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == ["ana@acme.test"] * 3
    page = house.client(cast.ana).get("/").text
    for words in ("set a new password for", "removed all second factors", "created an account for"):
        assert words in page


def test_an_operator_can_only_create_the_first_admin(house, cast):
    more = ("--tenant", "acme", "--role", "admin", "--password", CHOSEN.password)
    command = ("user", "create", "--email", "op@acme.test", "--name", "Op", *more)
    assert "has an active admin" in house.flask(*command, fails=True)
    without_admins(house, cast.acme)
    house.flask(*command)
    assert admins(house, cast.acme) == ["op@acme.test"]
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []


def test_support_access_is_notified_by_mail(house, sam, cast):
    form = {"support-reason": "Look", "support-minutes": "30"}
    sam.post(f"/platform/companies/{cast.acme}/support", data=form)
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == ["ana@acme.test"]
    with house.inside(cast.acme):
        mail = db.session.scalars(select(Mail)).one()
        entry = db.session.get_one(AuditEntry, mail.entry_id)
        assert entry.action == "support.opened"


def test_a_persons_own_password_reset_is_not_notified(house, cast):
    with house.inside(cast.acme):
        store = TenantAccountStore(db.session(), db.session.get_one(Account, cast.ana.id))
        set_password(
            store=store, new="quite another sentence", actor=Actor("Ana", Role.ADMIN, cast.ana.id)
        )
        db.session.commit()
        assert list_entries("account", cast.ana.id)[-1].action == "account.password_reset"
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []
