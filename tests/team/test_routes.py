"""The people pages: list, person, role, projects, deactivation, the roles overview, and access."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import (
    Account,
    AccountSession,
    Invitation,
    Mail,
    Passkey,
    ProjectGrant,
    RecoveryCode,
    Report,
    Role,
)
from app.plans import plans
from tests.support import labels, scenarios

HTMX = {"HX-Request": "true"}


def account_of(person) -> Account:
    return db.session.scalars(select(Account).where(Account.id == person.id)).one()


def invitation(**changes):
    return {
        "email": "new@acme.test",
        "name": "Nina New",
        "role": "technician",
        "locale": "inherited",
        **changes,
    }


@pytest.fixture
def invitation_id(client_of, acting, cast):
    client_of(cast.ana).post("/people/", data=invitation())
    with acting(cast.ana):
        return db.session.scalars(select(Invitation.id)).one()


# --- the list ------------------------------------------------------------------------------


def test_the_list_shows_people_counts_and_filters(client_of, cast):
    client = client_of(cast.ana)
    page = client.get("/people/").text
    for name in ("Ana Admin", "Max Manager", "Tess Technician", "Tom Técnico", "Vera Viewer"):
        assert name in page
    assert "5 people" in page and "Otto" not in page and "Never logged in" in page
    assert "2 technicians" in page and "1 admin<" in page
    found = client.get("/people/?search=TECNICO&role=technician").text
    assert "Tom Técnico" in found and "Tess" not in found and 'value="TECNICO"' in found
    assert "No one found" in client.get("/people/?search=nobody-here").text
    assert "No deactivated accounts" in client.get("/people/?state=deactivated").text


def test_list_page_and_fragment_agree(client_of, cast):
    client = client_of(cast.ana)
    page, fragment = client.get("/people/"), client.get("/people/", headers=HTMX)
    assert "Tess Technician" in page.text and "<html" in page.text
    assert "Tess Technician" in fragment.text and "<html" not in fragment.text
    assert "HX-Request" in page.headers["Vary"]


def test_invalid_filters_are_ignored(client_of, cast):
    client = client_of(cast.ana)
    for query in ("role=boss", "role=superadmin", "state=x", "page=-1", "page=x", "search=%25_"):
        assert client.get(f"/people/?{query}").status_code == 200, query
    assert "5 people" in client.get("/people/?role=superadmin").text


def test_five_hundred_people_need_as_many_queries_as_five(client_of, acting, cast, queries):
    client = client_of(cast.ana)
    client.get("/people/")
    with queries() as few:
        client.get("/people/")
    with acting(cast.ana) as ana:
        db.session.add_all(
            Account(
                email=f"p{n:03}@acme.test",
                name=f"Person {n:03}",
                role=Role.TECHNICIAN,
                password_hash="!",
            )
            for n in range(500)
        )
        db.session.flush()
        ids = db.session.scalars(select(Account.id)).all()
        db.session.add_all(
            AccountSession(account_id=one, token_hash=f"{at}{n}".zfill(64))
            for at, one in enumerate(ids)
            for n in range(3)
        )
        db.session.add_all(
            Invitation(
                email=f"i{n}@acme.test",
                role=Role.VIEWER,
                invited_by_name=ana.name,
                expires_at=func.now(),
            )
            for n in range(5)
        )
        db.session.commit()
    with queries() as many:
        page = client.get("/people/").text
    assert "505 people" in page and "Page 1 of" in page and "i4@acme.test" in page
    assert len(many.statements) == len(few.statements)
    assert "Person 499" in client.get("/people/?search=499").text


def test_names_are_shown_as_text(client_of, acting, cast):
    evil = '<img src=x onerror=alert(1) hx-get="/x">'
    client = client_of(cast.ana)
    client.post("/people/", data=invitation(name=evil))
    with acting(cast.ana):
        account_of(cast.tess).name = evil
        db.session.commit()
    for url in ("/people/", f"/people/{cast.tess.id}"):
        page = client.get(url).text
        assert "<img src=x" not in page and "&lt;img src=x" in page


# --- inviting ------------------------------------------------------------------------------


def test_an_admin_invites_and_sees_it_open(client_of, acting, cast):
    with acting(cast.max) as manager:
        project_id = scenarios.a_project(manager, name="Hall 2").id
    client = client_of(cast.ana)
    form = client.get("/people/new").text
    assert "Hall 2" in form and "What each role can do" in form
    answer = client.post(
        "/people/", data=invitation(role="viewer", projects=[str(project_id)], locale="pt_BR")
    )
    assert (answer.status_code, answer.location) == (303, "/people/")
    page = client.get("/people/").text
    assert "The invitation is on its way to new@acme.test." in page
    for words in ("Open invitations", "Nina New", "invited by Ana Admin", "valid until"):
        assert words in page
    with acting(cast.ana):
        row = db.session.scalars(select(Invitation)).one()
        assert (row.role, row.locale) == (Role.VIEWER, "pt_BR")
        assert row.project_ids == [str(project_id)]


def test_a_double_submit_is_one_invitation_and_one_mail(client_of, acting, cast):
    client = client_of(cast.ana)
    answers = [client.post("/people/", data=invitation()) for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    with acting(cast.ana):
        assert db.session.scalar(select(func.count(Invitation.id))) == 1
        assert db.session.scalar(select(func.count(Mail.id))) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"email": ""}, "Enter the person's e-mail."),
        ({"email": "nobody"}, "is not a valid e-mail address"),
        ({"email": "x" * 300 + "@acme.test"}, "the limit is 254"),
        ({"email": "tess@acme.test"}, "is already in your company"),
        ({"name": "x" * 121}, "the limit is 120"),
        ({"role": "superadmin"}, "Not a valid choice"),
        ({"role": None}, "Choose a role."),
        ({"locale": "tlh"}, "Not a valid choice"),
        ({"role": "viewer", "projects": [str(uuid4())]}, "valid choice"),
        ({"role": "viewer", "projects": ["x"]}, "could not be coerced"),
    ],
)
def test_an_invalid_invitation_is_refused(client_of, acting, cast, changes, sentence):
    data = {name: value for name, value in invitation(**changes).items() if value is not None}
    for headers in ({}, HTMX):
        answer = client_of(cast.ana).post("/people/", data=data, headers=headers)
        assert answer.status_code == 422
        assert sentence in answer.text
        assert changes.get("name") or "Nina New" in answer.text
    with acting(cast.ana):
        assert db.session.scalar(select(func.count(Invitation.id))) == 0


def test_inviting_a_colleague_links_to_their_page(client_of, cast):
    answer = client_of(cast.ana).post("/people/", data=invitation(email="tess@acme.test"))
    assert f'href="/people/{cast.tess.id}"' in answer.text
    elsewhere = client_of(cast.ana).post("/people/", data=invitation(email="otto@other.test"))
    assert str(cast.otto.id) not in elsewhere.text and "Other Works" not in elsewhere.text


def test_a_full_company_cannot_invite(client_of, cast, monkeypatch):
    full(monkeypatch, 5)
    answer = client_of(cast.ana).post("/people/", data=invitation())
    assert answer.status_code == 422
    assert "People in your company: 5 of 5" in answer.text and 'value="Nina New"' in answer.text


def full(monkeypatch, most: int) -> None:
    for plan, limits in plans.PLANS.items():
        monkeypatch.setitem(plans.PLANS, plan, {**limits, plans.Limit.PEOPLE: most})


def test_an_invitation_is_resent_and_revoked(client_of, acting, cast, invitation_id):
    client = client_of(cast.ana)
    sent = client.post(f"/people/invitations/{invitation_id}/send")
    assert sent.location == "/people/"
    for _ in range(2):
        taken = client.post(f"/people/invitations/{invitation_id}/revoke")
        assert taken.location == "/people/"
    page = client.get("/people/").text
    assert "was revoked" in page and "Open invitations" not in page
    client.post(f"/people/invitations/{invitation_id}/send")
    assert "has already been accepted or revoked" in client.get("/people/").text
    with acting(cast.ana):
        actions = [one.action for one in list_entries("invitation", invitation_id)]
        assert actions == ["invitation.sent", "invitation.revoked"]


# --- one person ----------------------------------------------------------------------------


def test_a_persons_page_shows_work_logins_and_facts(client_of, acting, cast):
    with acting(cast.tess) as tess:
        scenarios.a_report(tess, title="Open one")
        scenarios.completed(scenarios.a_report(tess, title="Done one"), tess)
        db.session.add(AccountSession(account_id=cast.tess.id, token_hash="y" * 64, ip="10.0.0.7"))
        db.session.commit()
    page = client_of(cast.ana).get(f"/people/{cast.tess.id}").text
    for words in ("Tess Technician", "tess@<wbr>acme.test", "Open one", "10.0.0.7", "Deactivate"):
        assert words in page
    assert "Done one" not in page and "Projects granted" not in page
    assert "1 report is open." in page


def test_every_control_has_its_own_label(client_of, acting, cast):
    with acting(cast.tess) as tess:
        scenarios.a_report(tess, title="Open one")
        db.session.commit()
    client = client_of(cast.ana)
    for path in ("/people/", "/people/new", f"/people/{cast.tess.id}"):
        text = client.get(path).text
        assert not labels.faults(text), path
    assert text.count("Hand over open reports to") == 2


def test_an_admins_own_page_offers_no_changes(client_of, cast):
    page = client_of(cast.ana).get(f"/people/{cast.ana.id}").text
    assert "This is you." in page
    assert "/role" not in page.replace("/people/roles", "") and "/deactivate" not in page


def test_an_admin_changes_a_role(client_of, acting, cast):
    client = client_of(cast.ana)
    url = f"/people/{cast.tess.id}/role"
    for _ in range(2):
        assert client.post(url, data={"role": "manager"}).location == f"/people/{cast.tess.id}"
    assert client_of(cast.tess).get("/projects/new").status_code == 200
    with acting(cast.ana):
        actions = [one.action for one in list_entries("account", cast.tess.id)]
        assert actions == ["account.role_changed"]


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"role": "superadmin"},
        {"role": "x"},
        {"role": "viewer", "hand_over_to": str(uuid4())},
        {"role": "viewer", "hand_over_to": "x"},
    ],
)
def test_an_invalid_role_is_refused(client_of, acting, cast, data):
    answer = client_of(cast.ana).post(f"/people/{cast.tess.id}/role", data=data)
    assert answer.status_code == 422 and "Not changed" in answer.text
    with acting(cast.ana):
        assert account_of(cast.tess).role is Role.TECHNICIAN


def test_changing_the_own_role_or_account_is_refused_with_a_reason(client_of, acting, cast):
    client = client_of(cast.ana)
    for verb, data in (("role", {"role": "manager"}), ("deactivate", {})):
        answer = client.post(f"/people/{cast.ana.id}/{verb}", data=data)
        assert answer.status_code == 422 and "Ask another admin" in answer.text
    with acting(cast.ana):
        assert account_of(cast.ana).role is Role.ADMIN and account_of(cast.ana).is_active


def test_a_viewer_is_granted_and_loses_projects(client_of, acting, cast):
    with acting(cast.max) as manager:
        one, two = (scenarios.a_project(manager, name=name).id for name in ("Hall 1", "Hall 2"))
        scenarios.completed(
            scenarios.a_report(
                manager,
                title="Of hall 2",
                project=scenarios.db.session.get_one(scenarios.Project, two),
            ),
            manager,
        )
    client, vera = client_of(cast.ana), client_of(cast.vera)
    url = f"/people/{cast.vera.id}/projects"
    assert "Of hall 2" not in vera.get("/reports/").text
    granted = client.post(url, data={"projects": [str(one), str(two)]})
    assert granted.location == f"/people/{cast.vera.id}"
    assert "Of hall 2" in vera.get("/reports/").text
    assert client.get(f"/people/{cast.vera.id}").text.count("checked") >= 2
    client.post(url, data={})
    assert "Of hall 2" not in vera.get("/reports/").text
    assert client.post(url, data={"projects": [str(uuid4())]}).status_code == 422
    assert client.post(f"/people/{cast.tess.id}/projects", data={}).status_code == 409
    with acting(cast.ana):
        assert db.session.scalar(select(func.count(ProjectGrant.id))) == 0


def test_deactivation_logs_out_at_once_and_can_be_undone(client_of, acting, cast):
    with acting(cast.tess) as tess:
        scenarios.a_report(tess)
    client, tess = client_of(cast.ana), client_of(cast.tess)
    assert tess.get("/account").status_code == 200
    url = f"/people/{cast.tess.id}"
    for _ in range(2):
        data = {"hand_over_to": str(cast.tom.id)}
        assert client.post(f"{url}/deactivate", data=data).location == url
    assert tess.get("/account").status_code == 303
    page = client.get(url).text
    assert "They cannot log in" in page and "/deactivate" not in page
    assert "Tess" in client.get("/people/?state=deactivated").text
    assert "Tess" not in client.get("/people/", headers=HTMX).text
    with acting(cast.ana):
        assert db.session.scalars(select(Report.assignee_id)).one() == cast.tom.id
    for _ in range(2):
        assert client.post(f"{url}/reactivate").location == url
    assert tess.get("/account").status_code == 303, "a session that was ended stays ended"
    with acting(cast.ana):
        actions = [one.action for one in list_entries("account", cast.tess.id)]
        assert actions == ["account.deactivated", "account.reactivated"]


def test_a_full_company_cannot_reactivate(client_of, cast, monkeypatch):
    client = client_of(cast.ana)
    client.post(f"/people/{cast.tess.id}/deactivate", data={})
    full(monkeypatch, 4)
    answer = client.post(f"/people/{cast.tess.id}/reactivate")
    assert answer.status_code == 422
    assert "People in your company: 4 of 4" in answer.text and "Reactivate" in answer.text


def test_an_admin_resets_the_second_factor_of_a_person_without_their_phone(client_of, acting, cast):
    with acting(cast.ana):
        tess = account_of(cast.tess)
        tess.totp_secret, tess.totp_confirmed_at = "sealed", func.now()
        db.session.add_all(
            [
                Passkey(account_id=tess.id, credential_id="c", public_key="p", name="Phone"),
                RecoveryCode(account_id=tess.id, code_hash="h"),
            ]
        )
        db.session.commit()
    client, tess = client_of(cast.ana), client_of(cast.tess)
    url = f"/people/{cast.tess.id}"
    page = client.get(url).text
    assert "Authenticator app" in page and "1 passkey" in page and "Lost phone" in page
    for _ in range(2):
        assert client.post(f"{url}/second-factor").location == url
    assert tess.get("/account").status_code == 303
    assert "Lost phone" not in client.get(url).text
    with acting(cast.ana):
        assert account_of(cast.tess).totp_secret is None
        assert db.session.scalar(select(func.count(Passkey.id))) == 0
        assert db.session.scalar(select(func.count(RecoveryCode.id))) == 0
    own = client.post(f"/people/{cast.ana.id}/second-factor")
    assert own.status_code == 422 and "Ask another admin" in own.text
    assert client.get("/account").status_code == 200


# --- who may -------------------------------------------------------------------------------


def addresses(account_id, invitation_id):
    return (
        ("GET", f"/people/{account_id}"),
        ("POST", f"/people/{account_id}/role"),
        ("POST", f"/people/{account_id}/projects"),
        ("POST", f"/people/{account_id}/deactivate"),
        ("POST", f"/people/{account_id}/reactivate"),
        ("POST", f"/people/{account_id}/second-factor"),
        ("POST", f"/people/invitations/{invitation_id}/send"),
        ("POST", f"/people/invitations/{invitation_id}/revoke"),
    )


def test_another_tenant_gets_not_found(client_of, acting, cast, invitation_id):
    client = client_of(cast.otto)
    for ids in ((cast.tess.id, invitation_id), (uuid4(), uuid4())):
        for method, url in addresses(*ids):
            answer = client.open(url, method=method, data={"role": "viewer"})
            assert answer.status_code == 404, url
    page = client.get("/people/").text
    assert "Tess" not in page and "new@acme.test" not in page
    with acting(cast.ana):
        assert account_of(cast.tess).is_active


def test_only_admins_manage_people(client_of, cast, invitation_id):
    for person in (cast.max, cast.tess, cast.vera, cast.sam):
        client = client_of(person)
        for method, url in (
            ("GET", "/people/"),
            ("GET", "/people/new"),
            ("POST", "/people/"),
            *addresses(cast.tess.id, invitation_id),
        ):
            assert client.open(url, method=method).status_code == 403, (person.name, url)


def test_a_logged_out_visitor_is_sent_to_the_login(anonymous):
    assert anonymous.get("/people/").location == "/login?next=/people/"
    assert anonymous.post("/people/", data=invitation()).location == "/login"
    assert anonymous.get("/people/", headers=HTMX).status_code == 401
    assert anonymous.get("/people/roles").status_code == 303


def test_everybody_reads_what_each_role_can_do(client_of, cast):
    for person, role in ((cast.ana, "Admin"), (cast.tess, "Technician"), (cast.vera, "Viewer")):
        page = client_of(person).get("/people/roles")
        assert page.status_code == 200 and f"Your role: {role}" in page.text
        assert "Hand a report over to someone else" in page.text
    assert "/people/new" not in client_of(cast.tess).get("/people/roles").text
    fragment = client_of(cast.max).get("/people/roles", headers=HTMX).text
    assert '<div id="roles">' in fragment and "<html" not in fragment
    assert client_of(cast.sam).get("/people/roles").status_code == 403
