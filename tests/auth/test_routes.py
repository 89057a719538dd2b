"""Login, logout and the user's own account; the login must not reveal which accounts exist."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from itertools import count
from uuid import uuid4

import pytest
from sqlalchemy import select

from app.auth import service
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Account, AccountSession, AuditEntry, PlatformAuditEntry, Superadmin, Tenant
from app.tenancy import platform_scope
from tests.support.cast import PASSWORD

HTMX = {"HX-Request": "true"}
NEW = "another good sentence"
_turn = count(1)


@pytest.fixture
def browser(app, transaction):
    """`browser()` makes a browser with its own IP address, so that tries do not add up."""

    def make():
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = f"10.0.{uuid4().int % 250}.{next(_turn) % 250}"
        return client

    return make


def log_in(client, email, password=PASSWORD, **more):
    return client.post("/login", data={"email": email, "password": password}, **more)


def test_the_right_password_opens_a_session(browser, acting, cast):
    client = browser()
    answer = log_in(client, " ANA@acme.test ")
    assert (answer.status_code, answer.location) == (303, "/")
    assert "Hello, Ana" in client.get("/").text
    with acting(cast.ana):
        row = db.session.scalars(select(AccountSession)).one()
        assert row.ip.startswith("10.0.") and len(row.token_hash) == 64
        with client.session_transaction() as cookie:
            assert cookie["_user_id"] not in row.token_hash
        actions = [one.action for one in list_entries("account", cast.ana.id)]
        assert actions == ["session.opened"]


def test_wrong_and_unknown_get_the_same_answer_for_the_same_work(browser, monkeypatch):
    checked, pages = [], set()
    verify = service.verify_password

    def counted(password_hash, password):
        checked.append(password)
        return verify(password_hash, password)

    monkeypatch.setattr(service, "verify_password", counted)
    emails = ["ana@acme.test", "sam@laudo.test", "nobody@acme.test"]
    for email in emails:
        answer = log_in(browser(), email, "wrong")
        assert answer.status_code == 422
        assert "The e-mail or password is incorrect." in answer.text
        page = answer.text.replace(email, "")
        for token in re.findall(
            r'(?:csrf-token"|request-id"|csrf_token") (?:content|value)="([^"]+)"', page
        ):
            page = page.replace(token, "")
        pages.add(page)
    assert len(pages) == 1
    assert checked == ["wrong"] * len(emails)


def test_a_refused_login_stays_in_the_audit(browser, acting, cast):
    log_in(browser(), "ana@acme.test", "wrong")
    with acting(cast.ana):
        entry = db.session.scalars(select(AuditEntry)).one()
        assert (entry.action, entry.actor_id) == ("session.refused", cast.ana.id)
        assert entry.facts["actor"]["ip"].startswith("10.0.")


def test_unknown_people_are_recorded_in_the_platforms_audit(app, browser):
    address = "10.9.8.7"
    client = browser()
    client.environ_base["REMOTE_ADDR"] = address
    log_in(client, f"{uuid4()}@nowhere.test", "wrong")
    with app.app_context(), platform_scope() as session:
        bodies = session.scalars(
            select(PlatformAuditEntry.body).where(PlatformAuditEntry.action == "session.refused")
        )
        assert any(address in body for body in bodies)


def test_a_deactivated_account_cannot_log_in(browser, acting, cast):
    with acting(cast.ana):
        tom = db.session.scalars(select(Account).where(Account.id == cast.tom.id)).one()
        tom.is_active = False
        db.session.commit()
    assert log_in(browser(), "tom@acme.test").status_code == 422


def test_empty_and_strange_input_is_refused(browser):
    client = browser()
    assert log_in(client, "", "").status_code == 422
    for email in ("a\x00b@acme.test", "x" * 5000, "ana@acme.test' or 1=1 --", "\ud7ff@é.test"):
        assert log_in(client, email, "p\x00w").status_code in (422, 429)


def test_the_sixth_wrong_try_is_limited_for_that_account_only(browser):
    client, email = browser(), f"{uuid4()}@acme.test"
    statuses = [log_in(client, email, "wrong").status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]
    refused = log_in(client, email, "wrong")
    assert 0 < int(refused.headers["Retry-After"]) <= 61
    assert "Too many attempts" in refused.text and 'type="password"' in refused.text
    assert log_in(client, "max@acme.test").status_code == 303


def test_good_logins_are_not_counted(browser):
    client = browser()
    for _ in range(7):
        assert log_in(client, "max@acme.test").status_code == 303


def test_the_login_page_redirects_a_logged_in_user(client_of, cast):
    client = client_of(cast.tess)
    assert client.get("/login?next=/projects/").location == "/projects/"
    assert client.get("/login?next=//evil.test").location == "/"


def test_next_is_followed_only_on_this_host(browser):
    client = browser()
    page = client.get("/account")
    assert page.location == "/login?next=/account"
    assert 'name="next" value="/account"' in client.get(page.location).text
    answer = client.post(
        "/login", data={"email": "ana@acme.test", "password": PASSWORD, "next": "/account"}
    )
    assert answer.location == "/account"
    evil = browser().post(
        "/login", data={"email": "ana@acme.test", "password": PASSWORD, "next": "//evil.test/"}
    )
    assert evil.location == "/"


def test_a_login_drops_what_the_cookie_held_before(browser):
    client = browser()
    with client.session_transaction() as cookie:
        cookie["planted"] = "by somebody"
        cookie["_user_id"] = "a known token"
    log_in(client, "ana@acme.test")
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] != "a known token"
        assert cookie.permanent


def test_the_cookie_is_hidden_from_scripts_and_other_sites(browser):
    cookie = log_in(browser(), "ana@acme.test").headers["Set-Cookie"]
    assert "HttpOnly" in cookie and "SameSite=Lax" in cookie


def test_a_script_logs_in_and_finds_the_page_to_go_on(browser, cast):
    """As session.js does: post the form, follow the 303, read account and token from the page."""
    client = browser()
    page = client.post(
        "/login", data={"email": "tess@acme.test", "password": PASSWORD}, follow_redirects=True
    )
    assert f'<meta name="account" content="{cast.tess.id}">' in page.text
    assert 'type="password"' not in page.text


def test_an_old_cookie_is_worthless_after_logout(app, browser):
    client = browser()
    log_in(client, "ana@acme.test")
    stolen = client.get_cookie("session").value
    assert client.post("/logout").location == "/login"
    assert client.get("/account").status_code == 303
    thief = app.test_client()
    thief.set_cookie("session", stolen)
    assert thief.get("/account").status_code == 303


def test_logging_out_twice_is_harmless(client_of, cast):
    client = client_of(cast.ana)
    assert [client.post("/logout").status_code for _ in range(2)] == [303, 303]


def test_logout_redirects_htmx(client_of, cast):
    answer = client_of(cast.ana).post("/logout", headers=HTMX)
    assert answer.headers["HX-Redirect"] == "/login"


def test_a_superadmin_logs_in_and_out(app, browser):
    client = browser()
    assert log_in(client, "sam@laudo.test").status_code == 303
    assert "Companies" in client.get("/", follow_redirects=True).text
    stolen = client.get_cookie("session").value
    client.post("/logout")
    thief = app.test_client()
    thief.set_cookie("session", stolen)
    assert thief.get("/account").status_code == 303


def test_a_fragment_without_a_session_gets_401(anonymous):
    for headers in (HTMX, {"X-Requested-With": "fetch"}):
        answer = anonymous.get("/account", headers=headers)
        assert answer.status_code == 401
        assert "Log in again" in answer.text


def test_account_page_and_fragment_agree(client_of, cast):
    client = client_of(cast.vera)
    page, fragment = client.get("/account"), client.get("/account", headers=HTMX)
    assert '<div id="account">' in page.text and "<html" in page.text
    assert '<div id="account">' in fragment.text and "<html" not in fragment.text
    assert "HX-Request" in page.headers["Vary"]


def test_a_user_changes_name_language_and_time_zone(client_of, acting, cast):
    client = client_of(cast.tess)
    chosen = {"name": " Tess  of Hall 7", "locale": "pt_BR", "time_zone": "America/Sao_Paulo"}
    assert client.post("/account", data=chosen).status_code == 303
    assert '<html lang="pt-BR">' in client.get("/account").text
    assert client.post("/account", data=chosen).status_code == 303  # no change, so no audit entry
    client.post("/account", data={**chosen, "locale": "inherited", "time_zone": "inherited"})
    with acting(cast.tess):
        tess = db.session.scalars(select(Account).where(Account.id == cast.tess.id)).one()
        assert (tess.name, tess.locale, tess.time_zone) == ("Tess of Hall 7", None, None)
        entries = list_entries("account", cast.tess.id)
        assert [one.action for one in entries] == ["account.preferences_changed"] * 2
        place = {"locale": "pt_BR", "time_zone": "America/Sao_Paulo"}
        assert [one.facts["facts"]["changes"] for one in entries] == [
            {
                "name": {"old": cast.tess.name, "new": "Tess of Hall 7"},
                **{column: {"old": None, "new": value} for column, value in place.items()},
            },
            {column: {"old": value, "new": None} for column, value in place.items()},
        ]


@pytest.mark.parametrize(
    ("name", "kept"), [("Te\x85ss\x07", "Te ss"), ("T\x9fess", "Tess"), ("Te\u0301ss", "T\u00e9ss")]
)
def test_invisible_characters_are_removed_from_a_name(client_of, acting, cast, name, kept):
    data = {"name": name, "locale": "inherited", "time_zone": "inherited"}
    assert client_of(cast.tess).post("/account", data=data).status_code == 303
    with acting(cast.tess):
        mine = select(Account.name).where(Account.id == cast.tess.id)
        assert db.session.scalar(mine) == kept


def test_zones_are_written_without_underscores(client_of, acting, cast):
    with acting(cast.ana):
        own = select(Tenant).where(Tenant.id == cast.ana.tenant_id)
        db.session.scalars(own).one().time_zone = "America/Sao_Paulo"
        db.session.commit()
    page = client_of(cast.tess).get("/account").text
    assert ">America/Sao Paulo</option>" in page and ">America/Sao_Paulo<" not in page


def test_an_unknown_language_is_refused(client_of, cast):
    data = {"name": "Tess", "locale": "tlh", "time_zone": "Mars/Olympus"}
    assert client_of(cast.tess).post("/account", data=data).status_code == 422


@pytest.mark.parametrize("name", ["", "  ", "x" * 121])
def test_a_name_is_one_short_line(client_of, cast, name):
    data = {"name": name, "locale": "en", "time_zone": "inherited"}
    assert client_of(cast.tess).post("/account", data=data).status_code == 422


def test_the_login_page_is_in_the_browsers_language(anonymous):
    page = anonymous.get("/login", headers={"Accept-Language": "pt-BR,pt;q=0.9"})
    assert '<html lang="pt-BR">' in page.text


def passwords(**changes):
    return {"current": PASSWORD, "new": NEW, "again": NEW, **changes}


def test_a_new_password_ends_every_other_session(browser, acting, cast):
    here, elsewhere = browser(), browser()
    for client in (here, elsewhere):
        log_in(client, "tom@acme.test")
    assert here.post("/account/password", data=passwords()).status_code == 303
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").status_code == 303
    assert log_in(browser(), "tom@acme.test").status_code == 422
    assert log_in(browser(), "tom@acme.test", NEW).status_code == 303
    with acting(cast.tom):
        actions = [one.action for one in list_entries("account", cast.tom.id)]
        assert "account.password_changed" in actions


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"current": "wrong"}, "The current password is incorrect."),
        ({"new": "short", "again": "short"}, "A password must have 10 to 200 characters."),
        ({"again": "another one entirely"}, "The new passwords do not match."),
        ({"new": "", "again": ""}, "Enter a new password."),
    ],
)
def test_a_refused_password_change_states_the_reason(client_of, cast, changes, sentence):
    answer = client_of(cast.tom).post("/account/password", data=passwords(**changes))
    assert answer.status_code == 422
    assert sentence in answer.text
    assert NEW not in answer.text


def test_a_superadmin_changes_the_password_and_back(browser, app):
    client, since = browser(), datetime.now(UTC)
    log_in(client, "sam@laudo.test")
    assert client.post("/account/password", data=passwords()).status_code == 303
    back = passwords(current=NEW, new=PASSWORD, again=PASSWORD)
    assert client.post("/account/password", data=back).status_code == 303
    data = {"name": "Sam Super", "locale": "en", "time_zone": "Europe/Lisbon"}
    for _twice in range(2):
        assert client.post("/account", data=data).status_code == 303
    with app.app_context(), platform_scope() as session:
        sam = session.scalars(select(Superadmin)).one()
        assert sam.time_zone == "Europe/Lisbon"
        own = PlatformAuditEntry.action == "account.preferences_changed"
        told = select(PlatformAuditEntry.body).where(own, PlatformAuditEntry.created_at >= since)
        assert [json.loads(body)["changes"] for body in session.scalars(told)] == [
            {
                "locale": {"old": None, "new": "en"},
                "time_zone": {"old": None, "new": "Europe/Lisbon"},
            }
        ]
        sam.locale = sam.time_zone = None
        session.commit()


def test_the_account_needs_a_login(anonymous):
    for method, url in (("GET", "/account"), ("POST", "/account"), ("POST", "/account/password")):
        assert anonymous.open(url, method=method).location.startswith("/login")


@pytest.mark.parametrize(
    ("base", "warns"),
    [
        ("http://192.168.1.20:8000", True),
        ("https://192.168.1.20:8000", False),
        ("http://localhost:8000", False),
        ("http://127.0.0.1:8000", False),
        ("http://[::1]:8000", False),
    ],
)
def test_an_insecure_address_says_what_to_do(anonymous, base, warns):
    page = anonymous.get("/login", base_url=base)
    assert ("make run LAN=1" in page.text) is warns


def test_every_change_needs_the_token_of_the_page(app, client_of, anonymous, cast, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    client = client_of(cast.ana)
    for url in ("/account", "/account/password", "/logout", "/projects/"):
        assert client.post(url, data={}).status_code == 400, url
    assert log_in(anonymous, "ana@acme.test").status_code == 400
    token = re.search(r'name="csrf-token" content="([^"]+)"', client.get("/account").text)[1]
    assert client.post("/logout", headers={"X-CSRFToken": token}).status_code == 303
