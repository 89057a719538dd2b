"""The user's second factors: authenticator app, recovery codes, and a company that requires one."""

from __future__ import annotations

import re

import pyotp
import pytest
from sqlalchemy import select, update

from app import encryption
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Role, Tenant
from tests.conftest import signed_in_client
from tests.support.cast import PASSWORD
from tests.support.logins import (
    HTMX,
    Authenticator,
    a_person,
    account_of,
    add_passkey,
    code_of,
    with_totp,
)

PAGES = ("", "/app", "/app/off", "/codes")


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


@pytest.fixture
def client(app, nina):
    return signed_in_client(app, nina)


def set_up(client):
    """The set-up page's sealed secret and the key for typing."""
    page = client.get("/account/second-factor/app").text
    sealed = re.search(r'name="sealed" value="([^"]+)"', page)[1]
    key = re.search(r'class="setup-key"[^>]*>([^<]+)<', page)[1]
    assert re.fullmatch(r"([A-Z2-7]{4} ){7}[A-Z2-7]{4}", key)
    return sealed, key.replace(" ", "")


def codes_of(page):
    return re.findall(r"<li>([a-z2-9]{4}-[a-z2-9]{4}-[a-z2-9]{4})</li>", page)


def confirm(client):
    sealed, secret = set_up(client)
    data = {"sealed": sealed, "code": code_of(secret), "current": PASSWORD}
    return client.post("/account/second-factor/app", data=data), secret


def test_an_authenticator_is_set_up_by_its_own_code(acting, client, nina):
    answer, secret = confirm(client)
    assert answer.status_code == 200
    codes = codes_of(answer.text)
    assert len(set(codes)) == 10 and "shown only once" in answer.text
    assert "%0A".join(codes) in answer.text, "the file to download holds them all"
    assert "no-store" in answer.headers["Cache-Control"]
    with acting(nina):
        account = account_of(nina)
        assert secret not in account.totp_secret
        assert encryption.decrypt(account.totp_secret) == secret
        entry = list_entries("account", nina.id)[-1]
        assert (entry.action, entry.facts["facts"]) == (
            "account.two_factor_set",
            {"factor": "authenticator"},
        )
        assert secret not in entry.body
    page = client.get("/account/second-factor").text
    assert "10 left" in page and not codes_of(page)
    assert "On" in client.get("/account").text


def test_the_qr_code_contains_the_key(client, nina):
    page = client.get("/account/second-factor/app").text
    assert "<svg" in page and "style=" not in page
    _sealed, secret = set_up(client)
    address = pyotp.TOTP(secret).provisioning_uri(name=nina.email, issuer_name="Laudo")
    assert address.startswith("otpauth://totp/Laudo:")


def test_a_wrong_code_stores_nothing_and_keeps_the_qr_code(acting, client, nina):
    sealed, _secret = set_up(client)
    answer = client.post(
        "/account/second-factor/app", data={"sealed": sealed, "code": "000000", "current": PASSWORD}
    )
    assert answer.status_code == 422 and "is incorrect" in answer.text
    assert "<svg" in answer.text
    with acting(nina):
        assert account_of(nina).totp_secret is None


@pytest.mark.parametrize("current", ["", "wrong"])
def test_a_stranger_at_an_open_browser_cannot_set_one_up(acting, client, nina, current):
    """A stranger's code would be correct, and the owner could no longer log in."""
    sealed, secret = set_up(client)
    data = {"sealed": sealed, "code": code_of(secret), "current": current}
    answer = client.post("/account/second-factor/app", data=data)
    assert answer.status_code == 422 and "password" in answer.text and "<svg" in answer.text
    assert not codes_of(answer.text)
    with acting(nina):
        assert account_of(nina).totp_secret is None
    again = client.post("/account/second-factor/app", data={**data, "current": PASSWORD})
    assert again.status_code == 200, "a wrong password uses up no code"


@pytest.mark.parametrize("sealed", ["", "x", "gAAAAABl", "é\x00"])
def test_a_secret_that_we_did_not_seal_is_replaced(client, sealed):
    data = {"sealed": sealed, "code": "123456", "current": PASSWORD}
    answer = client.post("/account/second-factor/app", data=data)
    assert answer.status_code == 422 and "out of date" in answer.text and "<svg" in answer.text


def test_a_secret_sealed_for_another_person_is_refused(app, acting, cast, client):
    other = signed_in_client(app, a_person(acting, cast))
    sealed, secret = set_up(other)
    answer = client.post(
        "/account/second-factor/app",
        data={"sealed": sealed, "code": code_of(secret), "current": PASSWORD},
    )
    assert answer.status_code == 422 and "out of date" in answer.text


def test_a_second_tap_changes_nothing(client):
    sealed, secret = set_up(client)
    data = {"sealed": sealed, "code": code_of(secret), "current": PASSWORD}
    first, second = (client.post("/account/second-factor/app", data=data) for _ in range(2))
    assert (first.status_code, second.status_code) == (200, 303)
    assert second.location == "/account/second-factor"
    assert client.get("/account/second-factor/app").status_code == 303


def test_pages_and_fragments_agree(client):
    for path in PAGES:
        page = client.get(f"/account/second-factor{path}")
        fragment = client.get(f"/account/second-factor{path}", headers=HTMX)
        found = re.search(r'<div id="(second-factor|totp|surely)">', page.text)
        assert page.status_code == 200 and found, path
        assert found[0] in fragment.text and "<html" not in fragment.text


def test_the_account_needs_a_login(anonymous):
    for path in PAGES:
        assert anonymous.get(f"/account/second-factor{path}").location.startswith("/login")


def test_turning_off_asks_for_the_password(acting, client, nina):
    with_totp(acting, nina)
    off = "/account/second-factor/app/off"
    wrong = client.post(off, data={"current": "wrong"})
    assert wrong.status_code == 422 and "The current password is incorrect." in wrong.text
    assert client.post(off, data={}).status_code == 422
    for _tap in range(2):
        assert client.post(off, data={"current": PASSWORD}).status_code == 303
    with acting(nina):
        account = account_of(nina)
        assert (account.totp_secret, account.totp_confirmed_at, account.totp_step) == (None,) * 3
        actions = [one.action for one in list_entries("account", nina.id)]
        assert actions.count("account.two_factor_removed") == 1
    assert " left<" not in client.get("/account/second-factor").text


def test_new_codes_void_the_old_ones(app, acting, client, nina):
    _secret, old = with_totp(acting, nina)
    assert client.post("/account/second-factor/codes", data={"current": "no"}).status_code == 422
    answer = client.post("/account/second-factor/codes", data={"current": PASSWORD})
    new = codes_of(answer.text)
    assert len(new) == 10 and not set(new) & set(old)
    from tests.support.logins import fresh_browser, log_in

    half = fresh_browser(app)
    log_in(half, nina)
    assert half.post("/login/second", data={"code": old[0]}).status_code == 422
    assert half.post("/login/second", data={"code": new[0]}).status_code == 303


def test_codes_come_with_a_second_factor_only(client):
    answer = client.post("/account/second-factor/codes", data={"current": PASSWORD})
    assert answer.status_code == 409 and "Set one up first" in answer.text


def test_many_wrong_passwords_are_limited(client):
    off = "/account/second-factor/app/off"
    statuses = [client.post(off, data={"current": "wrong"}).status_code for _ in range(6)]
    assert statuses == [422] * 5 + [429]


# --- a company that requires it ------------------------------------------------------------


@pytest.fixture
def demanded(acting, cast):
    with acting(cast.ana):
        db.session.execute(
            update(Tenant).where(Tenant.id == cast.acme).values(admins_need_two_factor=True)
        )
        db.session.commit()


@pytest.fixture
def boss(acting, cast, demanded):
    return a_person(acting, cast, Role.ADMIN)


def test_an_admin_without_one_is_stopped(app, boss):
    client = signed_in_client(app, boss)
    for path in ("/", "/reports/", "/projects/", "/account", "/account/password", "/projects/new"):
        assert client.get(path).location == "/account/second-factor", path
        for headers in (HTMX, {"X-Requested-With": "fetch"}):
            fragment = client.get(path, headers=headers)
            assert fragment.status_code == 403, path
            assert "second factor" in fragment.text
    assert client.post("/projects/", data={"name": "X"}).location == "/account/second-factor"
    page = client.get("/account/second-factor")
    assert page.status_code == 200 and "requires one for admins" in page.text
    assert "Log out" in page.text
    for name in ("/account/second-factor/app", "/account/passkeys/new"):
        assert client.get(name).status_code == 200
    assert client.post("/logout").location == "/login"


def test_every_address_sends_an_admin_without_one_to_the_set_up(app, boss):
    """Tests all routes, so that no new one is missed; the exceptions are listed here."""
    open_to_them = {
        "auth.second_factor",
        "auth.totp",
        "auth.confirm_totp",
        "auth.new_passkey",
        "auth.offer_passkey",
        "auth.add_passkey",
        "auth.logout",
        "branding.stylesheet",
        "branding.logo",
        "static",
    }
    views = app.view_functions
    found = {
        name for name, view in views.items() if getattr(view, "even_without_second_factor", False)
    }
    nobodys = {name for name, view in views.items() if getattr(view, "impersonal", False)}
    assert found == open_to_them - {"static"}
    from tests.policy.route_table import addresses

    client = signed_in_client(app, boss)
    asked = 0
    for endpoint, method, url in addresses(app):
        if endpoint in open_to_them | nobodys:
            continue
        answer = client.open(url, method=method)
        assert answer.location == "/account/second-factor", (endpoint, method)
        asked += 1
    assert asked > 40


def test_setting_it_up_gives_access_at_once(app, boss):
    client = signed_in_client(app, boss)
    answer, _secret = confirm(client)
    assert answer.status_code == 200 and len(codes_of(answer.text)) == 10
    assert client.get("/reports/").status_code == 200


def test_a_passkey_is_enough(app, boss):
    client = signed_in_client(app, boss)
    assert add_passkey(client, Authenticator()).status_code == 200
    assert client.get("/reports/").status_code == 200


def test_only_admins_of_that_company_are_asked(app, acting, cast, demanded):
    for role in (Role.MANAGER, Role.TECHNICIAN, Role.VIEWER):
        client = signed_in_client(app, a_person(acting, cast, role))
        assert client.get("/reports/").status_code == 200
    assert signed_in_client(app, cast.otto).get("/reports/").status_code == 200


def test_the_last_factor_cannot_be_removed_while_required(app, acting, boss):
    with_totp(acting, boss)
    client = signed_in_client(app, boss)
    off = "/account/second-factor/app/off"
    refused = client.post(off, data={"current": PASSWORD})
    assert refused.status_code == 409 and "this is your last one" in refused.text
    assert f'action="{off}"' in refused.text
    assert add_passkey(client, Authenticator()).status_code == 303
    assert client.post(off, data={"current": PASSWORD}).status_code == 303
    with acting(boss):
        from app.models import Passkey

        passkey_id = db.session.scalars(select(Passkey.id)).one()
    remove = f"/account/passkeys/{passkey_id}/remove"
    refused = client.post(remove, data={"current": PASSWORD})
    assert refused.status_code == 409 and "this is your last one" in refused.text
    assert f'action="{remove}"' in refused.text
    assert client.get("/reports/").status_code == 200
