"""The platform's invitations of admins: an admin of the company lets them through, and all know."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID, uuid4

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import DBAPIError

from app.auth.doors import TenantDoor, Visit
from app.auth.service import set_password
from app.errors import NotAllowed
from app.evidence.queries import list_entries
from app.evidence.service import record
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
from app.signing import sign_row
from app.team import accepting, approving, inviting, service
from tests.alone import DONE, all_at_once
from tests.platform_stage import stage

SAM = Actor("Sam Super", Role.SUPERADMIN, uuid4())
CHOSEN = accepting.Chosen(name="Ivy Invited", password="a good long sentence")
FORM = {
    "name": "Ivy Invited", "new": CHOSEN.password, "again": CHOSEN.password,
    "locale": "inherited", "time_zone": "inherited",
}  # fmt: skip
WAITS = "waits for an administrator of"


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


def test_the_companys_page_lists_what_the_platform_sent_and_not_to_whom(house, sam, ana, cast):
    page = f"/platform/companies/{cast.acme}"
    assert 'id="invited"' not in sam.get(page).text
    by_ana = {"name": "Ned", "email": "ned@acme.test", "role": "technician", "locale": "inherited"}
    assert ana.post("/people/", data=by_ana).status_code == 303
    assert 'id="invited"' not in sam.get(page).text, "what the company sends is its own"
    invitation_id = invite(house, sam, cast.acme, "ivy@evil.test")
    shown = sam.get(page).text.partition('id="invited"')[2].partition("</ul>")[0]
    assert "Waits for the approval of an admin" in shown and "good until" in shown
    assert "ivy@evil.test" not in shown
    assert ana.post(f"/people/invitations/{invitation_id}/approve").status_code == 303
    shown = sam.get(page).text.partition('id="invited"')[2].partition("</ul>")[0]
    assert "Waits for" not in shown and "good until" in shown


def test_an_admins_start_page_names_it_once(house, sam, ana, cast):
    invite(house, sam, cast.acme, "ivy@evil.test")
    page = ana.get("/").text
    assert page.count('person-email">ivy@evil.test<') == 1
    assert "invited ivy@evil.test" not in page
    assert "open invitation" not in page
    assert "invited ivy@evil.test" in ana.get("/audit").text


def link(house, tenant_id, invitation_id) -> str:
    with house.inside(tenant_id):
        one = db.session.get_one(Invitation, invitation_id)
        return f"/invitation/{sign_row('invitation', one.id, one.generation)}"


def mails(house, tenant_id, kind) -> list[str]:
    with house.inside(tenant_id):
        rows = select(Mail.recipient).where(Mail.kind == kind).order_by(Mail.recipient)
        return list(db.session.scalars(rows))


def admins(house, tenant_id, *, also: str = "") -> list[str]:
    """Their addresses; `also` makes that person of the cast one more."""
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


def test_with_an_active_admin_the_link_waits_for_a_yes(house, sam, ana, cast):
    told = admins(house, cast.acme, also="max@acme.test")
    assert told == ["ana@acme.test", "max@acme.test"]
    invitation_id = invite(house, sam, cast.acme, "ivy@evil.test")
    # Nothing reaches whoever is invited, and the signed link itself opens nothing yet.
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
        assert "Waits for your approval" in client.get("/people/").text
    answer = ana.post(f"/people/invitations/{invitation_id}/approve")
    assert (answer.status_code, answer.location) == (303, "/people/")
    assert mails(house, cast.acme, MailKind.INVITATION) == ["ivy@evil.test"]
    assert browser.get(address).status_code == 200
    assert browser.post(address, data=FORM).location == "/"
    # And when they are in, the others hear of it once more.
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == sorted(told * 2)
    assert "became an admin" in house.client(cast.max).get("/").text
    assert actions(house, cast.acme, invitation_id) == [
        "invitation.sent", "invitation.approved", "invitation.accepted",
    ]  # fmt: skip


def test_where_nobody_could_approve_the_link_works_at_once(house, sam, cast):
    without_admins(house, cast.acme)
    invitation_id = invite(house, sam, cast.acme, "ivy@evil.test")
    assert mails(house, cast.acme, MailKind.INVITATION) == ["ivy@evil.test"]
    browser = house.app.test_client()
    assert browser.post(link(house, cast.acme, invitation_id), data=FORM).location == "/"
    assert admins(house, cast.acme) == ["ivy@evil.test"]


def test_a_refusal_is_for_good(house, sam, ana, cast):
    invitation_id = invite(house, sam, cast.acme)
    for _tap in range(2):
        answer = ana.post(f"/people/invitations/{invitation_id}/refuse")
        assert (answer.status_code, answer.location) == (303, "/people/")
    assert "is refused" in ana.get("/people/").text
    assert house.app.test_client().get(link(house, cast.acme, invitation_id)).status_code == 410
    assert ana.post(f"/people/invitations/{invitation_id}/approve").location == "/people/"
    assert "accepted or taken back already" in ana.get("/people/").text
    assert actions(house, cast.acme, invitation_id) == ["invitation.sent", "invitation.refused"]


def test_a_yes_twice_sends_one_mail_and_is_written_once(house, sam, ana, cast):
    invitation_id = invite(house, sam, cast.acme)
    for _tap in range(2):
        ana.post(f"/people/invitations/{invitation_id}/approve")
    assert len(mails(house, cast.acme, MailKind.INVITATION)) == 1
    assert actions(house, cast.acme, invitation_id) == ["invitation.sent", "invitation.approved"]


def test_it_is_no_matter_of_sending_it_again(house, sam, ana, cast):
    invitation_id = invite(house, sam, cast.acme)
    assert ana.post(f"/people/invitations/{invitation_id}/send").location == "/people/"
    assert "waits for an approval" in ana.get("/people/").text
    assert mails(house, cast.acme, MailKind.INVITATION) == []


def test_what_the_platform_sends_anew_is_approved_anew(house, sam, ana, cast):
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


def test_the_platform_lets_nobody_through(house, sam, cast):
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
def test_a_yes_goes_with_whoever_said_it(house, sam, cast, how):
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


def test_a_companys_own_invitation_needs_no_yes(house, ana, cast):
    form = {"email": "own@acme.test", "role": "admin", "locale": "inherited"}
    assert ana.post("/people/", data=form).status_code == 303
    assert mails(house, cast.acme, MailKind.INVITATION) == ["own@acme.test"]
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []
    with house.inside(cast.acme):
        invitation_id = db.session.scalars(select(Invitation.id)).one()
    assert house.app.test_client().get(link(house, cast.acme, invitation_id)).status_code == 200


# --- in the database ---------------------------------------------------------------------------


def test_the_table_itself_refuses_an_acceptance_without_a_yes(house, sam, cast):
    invitation_id = invite(house, sam, cast.acme)
    accepted = (
        update(Invitation).where(Invitation.id == invitation_id).values(accepted_at=func.now())
    )
    with house.inside(cast.acme), pytest.raises(DBAPIError, match="no admin of the company"):
        db.session.execute(accepted)
    with house.inside(cast.acme):
        db.session.execute(accepted.values(approved_by=cast.ana.id, approved_at=func.now()))
        db.session.commit()


def test_the_acceptance_asks_under_the_tables_own_lock(house, sam, cast, monkeypatch):
    """Without the service's question the trigger still answers."""
    invitation_id = invite(house, sam, cast.acme)
    monkeypatch.setattr(accepting, "require_approval", lambda *_facts: None)
    with house.inside(cast.acme), pytest.raises(DBAPIError, match="no admin of the company"):
        accepting.accept_invitation(
            invitation_id=invitation_id, generation=1, chosen=CHOSEN, visit=Visit()
        )
        db.session.commit()


# --- at once -------------------------------------------------------------------------------------


def accept(invitation_id: UUID) -> Callable[[], object]:
    return lambda: accepting.accept_invitation(
        invitation_id=invitation_id, generation=1, chosen=CHOSEN, visit=Visit()
    )


def test_of_two_who_come_into_a_company_without_admins_one_waits(house, sam, cast, monkeypatch):
    without_admins(house, cast.acme)
    first, second = (invite(house, sam, cast.acme) for _one in range(2))
    create = accepting.create_account

    def slowly(**facts):
        account = create(**facts)
        time.sleep(0.5)  # the other one has asked meanwhile
        return account

    monkeypatch.setattr(accepting, "create_account", slowly)
    outcomes = all_at_once(house.app, cast.acme, [accept(first), accept(second)])
    assert outcomes.count(DONE) == 1
    assert [type(one) for one in outcomes if one != DONE] == [accepting.LinkAwaitsApproval]
    assert len(admins(house, cast.acme)) == 1


def test_when_the_last_admin_left_meanwhile_the_next_link_works(house, sam, cast):
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


def test_nobody_approves_while_they_lose_their_role(house, sam, cast):
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


# --- every way in ----------------------------------------------------------------------------


@pytest.mark.parametrize("action", ACTS)
def test_every_way_in_is_told_to_every_admin_and_those_of_the_company_are_not(house, cast, action):
    told = admins(house, cast.acme, also="max@acme.test")

    def acts(actor):
        with house.inside(cast.acme):
            record(
                action=action, actor=actor, object_type="account", object_id=cast.tess.id,
                email="x@y.test", role="viewer", reason="x", minutes="30", old="viewer", new="admin",
            )  # fmt: skip
            db.session.commit()

    for role in TENANT_ROLES:
        acts(Actor("Somebody", role, cast.ana.id))
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []
    assert "From whoever runs Laudo" not in house.client(cast.max).get("/").text
    acts(Actor("root (command line)"))
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == told
    acts(SAM)
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == sorted(told * 2)
    page = house.client(cast.max).get("/").text
    assert "From whoever runs Laudo" in page
    assert "root (command line)" in page and "Sam Super" in page
    assert "From whoever runs Laudo" not in house.client(cast.tess).get("/").text


def test_commands_that_let_an_operator_in_are_told(house, cast):
    house.flask("user", "reset-password", "ana@acme.test", "--password", "quite another sentence")
    house.flask("user", "reset-two-factor", "tess@acme.test")
    more = ("--tenant", "acme", "--role", "technician", "--password", CHOSEN.password)
    house.flask("user", "create", "--email", "op@acme.test", "--name", "Op", *more)
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == ["ana@acme.test"] * 3
    page = house.client(cast.ana).get("/").text
    for words in ("set a new password for", "took every second factor away", "made an account for"):
        assert words in page


def test_an_operator_makes_a_companys_first_admin_and_no_other(house, cast):
    more = ("--tenant", "acme", "--role", "admin", "--password", CHOSEN.password)
    command = ("user", "create", "--email", "op@acme.test", "--name", "Op", *more)
    assert "has an active admin" in house.flask(*command, fails=True)
    without_admins(house, cast.acme)
    house.flask(*command)
    assert admins(house, cast.acme) == ["op@acme.test"]
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []


def test_a_look_is_told_by_mail_as_well(house, sam, cast):
    form = {"support-reason": "Look", "support-minutes": "30"}
    sam.post(f"/platform/companies/{cast.acme}/support", data=form)
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == ["ana@acme.test"]
    with house.inside(cast.acme):
        mail = db.session.scalars(select(Mail)).one()
        entry = db.session.get_one(AuditEntry, mail.entry_id)
        assert entry.action == "support.opened"


def test_a_reset_by_the_person_themselves_is_no_such_act(house, cast):
    with house.inside(cast.acme):
        door = TenantDoor(db.session(), db.session.get_one(Account, cast.ana.id))
        set_password(
            door=door, new="quite another sentence", actor=Actor("Ana", Role.ADMIN, cast.ana.id)
        )
        db.session.commit()
        assert list_entries("account", cast.ana.id)[-1].action == "account.password_reset"
    assert mails(house, cast.acme, MailKind.PLATFORM_ACT) == []
