"""Following an invitation link: joining, refused links, and users who are already logged in."""

from __future__ import annotations

from datetime import timedelta
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.extensions import db
from app.models import Account, AccountSession, Invitation, Role, Tenant
from app.signing import INVITATION_LINK, RESET_LINK
from app.team import inviting
from tests.support import scenarios

NEW = "new@acme.test"
GOOD = "a good long sentence"
_turn = count(1)


@pytest.fixture
def browser(app, transaction):
    """`browser()` makes a browser with its own IP address, so that tries do not add up."""

    def make():
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"10.1.{uuid4().int % 250}.{next(_turn) % 250}"
        return client

    return make


@pytest.fixture
def link(app, acting, cast):
    """`link(role=...)` invites NEW and returns the URL in the e-mail."""

    def make(**changes) -> str:
        facts = {"email": NEW, "role": Role.TECHNICIAN, "name": "Nina New", **changes}
        with acting(cast.ana) as ana:
            invitation = inviting.invite_person(facts=inviting.InvitationFacts(**facts), actor=ana)
            db.session.commit()
            return f"/invitation/{INVITATION_LINK.sign(invitation.id, invitation.generation)}"

    return make


def form(**changes):
    return {
        "name": "Nina New",
        "new": GOOD,
        "again": GOOD,
        "locale": "inherited",
        "time_zone": "inherited",
        **changes,
    }


def change_invitation(acting, cast, **columns) -> None:
    with acting(cast.ana):
        db.session.execute(update(Invitation).values(**columns))
        db.session.commit()


def accounts(acting, cast) -> int:
    with acting(cast.ana):
        return db.session.scalar(select(func.count(Account.id)).where(Account.email == NEW))


def test_a_new_person_joins_and_is_logged_in(browser, link, acting, cast):
    client, url = browser(), link()
    page = client.get(url)
    assert page.status_code == 200
    for words in (
        "Join Acme Commissioning",
        "Ana Admin invited you",
        "Technician",
        NEW,
        'value="Nina New"',
        "Same as the company: English",
    ):
        assert words in page.text
    answer = client.post(url, data=form(name="Nina N.", time_zone="Europe/Lisbon"))
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Hello, Nina" in client.get("/").text
    with acting(cast.ana):
        account = db.session.scalars(select(Account).where(Account.email == NEW)).one()
        assert (account.role, account.locale, account.time_zone) == (
            Role.TECHNICIAN,
            None,
            "Europe/Lisbon",
        )
    again = browser()
    assert again.post("/login", data={"email": NEW, "password": GOOD}).status_code == 303


def test_the_sign_in_log_names_the_invitation_in_the_users_language(browser, link):
    client = browser()
    client.post(link(), data=form(locale="pt_BR"))
    assert "· convite · 10.1." in client.get("/account/sign-ins").text


def test_a_viewer_finds_the_projects_granted(browser, link, acting, cast):
    with acting(cast.max) as manager:
        project = scenarios.a_project(manager)
        done = scenarios.a_report(manager, project=project, title="To read")
        scenarios.completed(done, manager)
        project_id = project.id
    client = browser()
    client.post(link(role=Role.VIEWER, project_ids=(project_id,)), data=form())
    assert "To read" in client.get("/reports/").text


def test_page_and_fragment_agree(browser, link):
    client, url = browser(), link()
    fragment = client.get(url, headers={"HX-Request": "true"})
    assert 'id="join"' in fragment.text and "<html" not in fragment.text
    assert 'id="join"' in client.get(url).text


def test_the_page_is_in_the_invitations_language(browser, link, acting, cast):
    url = link(locale="pt_BR")
    page = browser().get(url, headers={"Accept-Language": "en"})
    assert '<html lang="pt-BR">' in page.text
    refused = browser().post(url, data=form(again="another"), headers={"Accept-Language": "en"})
    assert refused.status_code == 422 and '<html lang="pt-BR">' in refused.text
    change_invitation(acting, cast, locale=None)
    page = browser().get(url, headers={"Accept-Language": "pt-BR"})
    assert '<html lang="en">' in page.text, "the company's language"


def test_a_double_submit_makes_one_account(browser, link, acting, cast):
    client, url = browser(), link()
    assert client.post(url, data=form()).status_code == 303
    second = browser().post(url, data=form())
    assert second.status_code == 410
    assert "Log in with your e-mail" in second.text and 'href="/login"' in second.text
    assert client.post(url, data=form()).status_code == 410
    assert accounts(acting, cast) == 1


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": " "}, "Enter your name."),
        ({"name": "x" * 121}, "the limit is 120"),
        ({"new": "", "again": ""}, "Choose a password."),
        ({"again": "another one entirely"}, "The passwords do not match."),
        ({"new": "short", "again": "short"}, "A password must have 10 to 200 characters."),
        ({"locale": "tlh"}, "Not a valid choice"),
        ({"time_zone": "Mars/Olympus"}, "Not a valid choice"),
    ],
)
def test_invalid_input_is_refused_and_the_link_stays_valid(
    browser, link, acting, cast, changes, sentence
):
    url = link()
    answer = browser().post(url, data=form(**changes))
    assert answer.status_code == 422 and sentence in answer.text
    assert GOOD not in answer.text
    assert accounts(acting, cast) == 0
    assert browser().post(url, data=form()).status_code == 303


def refused(browser, url, status, sentence):
    """Page and form are both refused, with the reason and what to do."""
    for method in ("GET", "POST"):
        answer = browser().open(url, method=method, data=form())
        assert answer.status_code == status, method
        assert sentence in answer.text and "invited" in answer.text
        assert 'type="password"' not in answer.text


def test_an_expired_link(browser, link, acting, cast):
    url = link()
    change_invitation(acting, cast, expires_at=Invitation.expires_at - timedelta(days=7))
    refused(browser, url, 410, "This invitation has expired")
    assert accounts(acting, cast) == 0


def test_a_revoked_link(browser, link, acting, cast):
    url = link()
    change_invitation(acting, cast, revoked_at=func.now())
    refused(browser, url, 410, "was revoked")


def test_an_older_link(browser, link, acting, cast):
    url = link()
    change_invitation(acting, cast, generation=2)
    refused(browser, url, 410, "A newer invitation was sent to you")


def test_links_that_are_unknown_or_broken(app, browser, link):
    url = link()
    with app.app_context():
        strange = [RESET_LINK.sign(uuid4()), INVITATION_LINK.sign(uuid4())]
    whole = url.removeprefix("/invitation/")
    for token in (*strange, "x", "a.b.c", whole[:-1], "%F0%9F%98%80", "x" * 4000):
        refused(browser, f"/invitation/{token}", 404, "is incomplete or unknown")


def test_nobody_can_join_a_read_only_company(browser, link, acting, cast, monkeypatch):
    """Only the platform suspends, on its own connection, so the tenant's property is patched."""
    url = link()
    monkeypatch.setattr(Tenant, "is_read_only", property(lambda self: True))
    refused(browser, url, 410, "cannot accept new people at the moment")
    assert accounts(acting, cast) == 0


def test_an_address_taken_meanwhile(browser, link, acting, cast):
    for email in ("sam@laudo.test",):
        url = link(email=email)
        answer = browser().post(url, data=form())
        assert answer.status_code == 410
        assert "already belongs to a person on Laudo" in answer.text
        assert "superadmin" not in answer.text.lower()


def test_a_logged_in_user_must_log_out_to_join(client_of, link, acting, cast):
    url = link()
    for person in (cast.otto, cast.ana, cast.sam):
        client = client_of(person)
        page = client.get(url)
        assert page.status_code == 200
        assert f"You are logged in as {person.name}" in page.text and "Log out first" in page.text
        assert 'type="password"' not in page.text
        assert client.post(url, data=form()).status_code == 409
        assert client.get("/account").status_code == 200, "still logged in"
    assert accounts(acting, cast) == 0


def test_following_a_link_does_not_leave_its_tenant_bound(client_of, link, cast):
    """Otto, of another company, follows Acme's link and then continues in his own company."""
    client, url = client_of(cast.otto), link()
    client.get(url)
    page = client.get("/people/").text
    assert "Otto Other" in page and "Tess" not in page


def test_tries_are_counted(browser, link):
    client, url = browser(), link()
    statuses = [client.post(url, data=form(again="x")).status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
    assert "Too many attempts" in client.post(url, data=form()).text
    assert client.get(url).status_code == 200


def test_the_session_is_new(browser, link, acting, cast):
    client = browser()
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody"
    client.post(link(), data=form())
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
    with acting(cast.ana):
        row = db.session.scalars(select(AccountSession)).one()
        assert row.ip.startswith("10.1.")


def test_the_link_is_not_written_into_the_log(browser, link, caplog):
    url = link()
    token = url.rpartition("/")[2]
    with caplog.at_level("INFO"):
        browser().get(url)
    assert "/invitation/" in caplog.text and token not in caplog.text


def test_user_input_is_shown_as_text(browser, link):
    evil = '<img src=x onerror=alert(1) hx-get="/x">'
    page = browser().get(link(name=evil)).text
    assert "<img src=x" not in page and "&lt;img src=x" in page
