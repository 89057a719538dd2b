"""Logging in with a passkey: alone, or after the password."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import select

from app.auth import passkeys
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Passkey
from tests.conftest import signed_in_client
from tests.support.logins import (
    FETCH,
    Authenticator,
    a_person,
    account_of,
    add_passkey,
    fresh_browser,
    log_in,
    options_at,
)
from tests.support.redirects import EVIL

ALONE, AFTER = "/login/passkey", "/login/second/passkey"


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


@pytest.fixture
def device(app, nina):
    device = Authenticator()
    add_passkey(signed_in_client(app, nina), device)
    return device


def by_passkey(client, device, at=ALONE, **fields):
    credential = device.prove(options_at(client, f"{at}/options"))
    return client.post(at, data={"credential": credential, **fields})


def test_a_passkey_alone_opens_the_session(app, acting, device, nina):
    client = fresh_browser(app)
    options = options_at(client, f"{ALONE}/options")
    assert options["userVerification"] == "required" and not options.get("allowCredentials")
    answer = client.post(ALONE, data={"credential": device.prove(options)})
    assert (answer.status_code, answer.location) == (303, "/")
    assert client.get("/account").status_code == 200
    with acting(nina):
        last = list_entries("account", nina.id)[-1]
        assert (last.action, last.facts["facts"]["how"]) == ("session.opened", "passkey")
        passkey = db.session.scalars(select(Passkey)).one()
        assert passkey.sign_count == 1 and passkey.last_used_at


def test_the_password_alone_no_longer_opens_a_session(app, device, nina):
    client = fresh_browser(app)
    assert log_in(client, nina).location == "/login/second"
    page = client.get("/login/second").text
    assert "Use a passkey" in page and "one-time-code" not in page
    assert client.get("/account").status_code == 303


def test_a_passkey_is_the_second_step(app, acting, device, nina):
    client = fresh_browser(app)
    log_in(client, nina)
    options = options_at(client, f"{AFTER}/options")
    assert len(options["allowCredentials"]) == 1
    data = {"credential": device.prove(options), "next": "/projects/"}
    assert client.post(AFTER, data=data).location == "/projects/"
    with acting(nina):
        last = list_entries("account", nina.id)[-1]
        assert last.facts["facts"]["how"] == "password+passkey"


def test_a_response_works_once(app, device):
    """Even with a copy of the cookie that held the challenge and a counter that stays at zero."""
    device.uses = -1
    client = fresh_browser(app)
    credential = device.prove(options_at(client, f"{ALONE}/options"))
    stolen = client.get_cookie("session").value
    assert client.post(ALONE, data={"credential": credential}).location == "/"
    assert client.post(ALONE, data={"credential": credential}).status_code == 422
    thief = fresh_browser(app)
    thief.set_cookie("session", stolen)
    refused = thief.post(ALONE, data={"credential": credential})
    assert refused.status_code == 422 and "not accepted" in refused.text


def test_a_challenge_lasts_five_minutes(app, device, monkeypatch):
    client = fresh_browser(app)
    credential = device.prove(options_at(client, f"{ALONE}/options"))
    monkeypatch.setattr(passkeys, "SECONDS", -1)
    late = client.post(ALONE, data={"credential": credential})
    assert late.status_code == 422 and "five minutes" in late.text


def test_a_challenge_is_for_its_own_purpose(app, device, nina):
    client = fresh_browser(app)
    credential = device.prove(options_at(client, f"{ALONE}/options"))
    log_in(client, nina)
    assert client.post(AFTER, data={"credential": credential}).status_code == 422
    credential = device.prove(options_at(client, f"{AFTER}/options"))
    assert client.post(ALONE, data={"credential": credential}).status_code == 422


def test_another_persons_passkey_is_not_accepted_as_second_step(app, acting, cast, device, nina):
    other, theirs = a_person(acting, cast), Authenticator()
    add_passkey(signed_in_client(app, other), theirs)
    client = fresh_browser(app)
    log_in(client, nina)
    assert by_passkey(client, theirs, AFTER).status_code == 422
    assert client.get("/account").status_code == 303
    with acting(nina):
        assert list_entries("account", nina.id)[-1].action == "session.refused"


@pytest.mark.parametrize("spoil", ["origin", "unverified", "key", "counter", "unknown"])
def test_an_invalid_proof_is_refused(app, acting, device, nina, spoil):
    client = fresh_browser(app)
    assert by_passkey(client, device).status_code == 303
    if spoil == "origin":
        device.origin = "https://evil.test"
    if spoil == "unverified":
        device.flags = 0x01
    if spoil == "key":
        device.key = Authenticator().key
    if spoil == "counter":
        device.uses = 0
    if spoil == "unknown":
        device.id = Authenticator().id
    thief = fresh_browser(app)
    refused = by_passkey(thief, device)
    assert refused.status_code == 422 and "not accepted" in refused.text
    assert thief.get("/account").status_code == 303
    if spoil != "unknown":
        with acting(nina):
            last = list_entries("account", nina.id)[-1]
            assert (last.action, last.facts["facts"]["how"]) == ("session.refused", "passkey")


def test_a_deactivated_account_cannot_use_passkeys(app, acting, device, nina):
    with acting(nina):
        account_of(nina).is_active = False
        db.session.commit()
    assert by_passkey(fresh_browser(app), device).status_code == 422


@pytest.mark.parametrize(
    "credential", ["", "{}", '{"id": 7}', '{"id": "\\u0000"}', '{"id": "é"}', "x"]
)
def test_a_malformed_response_is_refused(app, nina, device, credential):
    client = fresh_browser(app)
    options_at(client, f"{ALONE}/options")
    assert client.post(ALONE, data={"credential": credential}).status_code == 422
    log_in(client, nina)
    options_at(client, f"{AFTER}/options")
    assert client.post(AFTER, data={"credential": credential}).status_code == 422


def test_a_challenge_or_password_is_required(app, nina, device):
    client = fresh_browser(app)
    credential = device.prove({"challenge": "AAAA", "rpId": "localhost"})
    assert client.post(ALONE, data={"credential": credential}).status_code == 422
    assert client.post(f"{AFTER}/options", headers=FETCH).status_code == 422
    assert client.post(AFTER, data={"credential": credential}).location == "/login"


@pytest.mark.parametrize("value", [one for one in EVIL if one and "\x00" not in one])
def test_a_passkey_login_never_redirects_to_another_host(app, acting, cast, value):
    nina, device = a_person(acting, cast), Authenticator()
    add_passkey(signed_in_client(app, nina), device)
    client = fresh_browser(app)
    assert by_passkey(client, device, next=value).location == "/"
    client = fresh_browser(app)
    log_in(client, nina, next=value)
    assert by_passkey(client, device, AFTER, next=value).location == "/"


def test_a_superadmin_can_use_passkeys(app, cast):
    """Really committed, because the platform's tables are outside the test's transaction."""
    from app.auth.account_stores import account_store_by_email
    from app.auth.queries import list_sign_ins
    from app.auth.second_factor import clear_second_factors
    from app.models import Actor

    device = Authenticator()
    client = signed_in_client(app, cast.sam)
    try:
        assert add_passkey(client, device).status_code == 200
        assert "Work phone" in client.get("/account/second-factor").text
        alone, after = fresh_browser(app), fresh_browser(app)
        assert by_passkey(alone, device).location == "/"
        assert "Sam Super" in alone.get("/account").text
        assert log_in(after, cast.sam).location == "/login/second"
        assert by_passkey(after, device, AFTER).location == "/"
        assert "Log out all other devices" in alone.get("/account/devices").text
        with app.app_context(), account_store_by_email(cast.sam.email) as store:
            found = [(one.result, one.how) for one in list_sign_ins(store)]
            assert found[:3] == [
                ("opened", "password+passkey"),
                ("half_open", "password"),
                ("opened", "passkey"),
            ]
        assert "passkey" in alone.get("/account/sign-ins").text
    finally:
        with app.app_context(), account_store_by_email(cast.sam.email) as store:
            clear_second_factors(store=store, actor=Actor("test"))
            store.session.commit()
    assert alone.get("/account").status_code == 303, "and a reset ends the sessions"
    assert json.loads(client.post(f"{ALONE}/options", headers=FETCH).text)["challenge"]
