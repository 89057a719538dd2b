"""Adding and removing the user's own passkeys, with an authenticator that really signs."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from sqlalchemy import select
from webauthn.helpers import bytes_to_base64url

from app.auth import passkeys
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Passkey
from tests.conftest import signed_in_client
from tests.support.cast import PASSWORD
from tests.support.logins import FETCH, HTMX, Authenticator, a_person, add_passkey

FORM = {"name": "Work phone", "current": PASSWORD}


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


@pytest.fixture
def client(app, nina):
    return signed_in_client(app, nina)


def offer(client):
    return json.loads(client.post("/account/passkeys/options", data=FORM, headers=FETCH).text)


def kept(acting, nina):
    with acting(nina):
        return db.session.scalars(select(Passkey)).all()


def test_a_passkey_is_added_with_recovery_codes(acting, client, nina):
    device = Authenticator()
    answer = add_passkey(client, device)
    assert answer.status_code == 200 and "shown only once" in answer.text
    (passkey,) = kept(acting, nina)
    assert (passkey.name, passkey.sign_count, passkey.last_used_at) == ("Work phone", 0, None)
    page = client.get("/account/second-factor").text
    assert "Work phone" in page and "never used" in page and "10 left" in page
    with acting(nina):
        entry = list_entries("account", nina.id)[-1]
        facts = {"factor": "passkey", "name": "Work phone"}
        assert (entry.action, entry.facts["facts"]) == ("account.two_factor_set", facts)
    assert add_passkey(client, Authenticator(), "Key").status_code == 303, "the codes stay good"


def test_the_options_sent_to_the_browser(client, nina):
    options = offer(client)
    assert options["rp"] == {"name": "Laudo", "id": "localhost"}
    assert options["user"]["name"] == nina.email
    chosen = options["authenticatorSelection"]
    assert (chosen["residentKey"], chosen["userVerification"]) == ("required", "required")
    device = Authenticator()
    add_passkey(client, device)
    assert len(offer(client)["excludeCredentials"]) == 1


def test_adding_one_requires_the_password(acting, client, nina):
    wrong = client.post(
        "/account/passkeys/options", data={**FORM, "current": "wrong"}, headers=FETCH
    )
    assert wrong.status_code == 422 and "password is incorrect" in wrong.text
    # The cookie is signed, and whoever holds the browser can read it.
    with client.session_transaction() as cookie:
        challenge = cookie.get("challenge", {}).get("value", "none was given out")
    options = {"rp": {"id": "localhost"}, "challenge": bytes_to_base64url(challenge.encode())}
    made = Authenticator().register(options)
    answer = client.post("/account/passkeys", data={**FORM, "credential": made})
    assert answer.status_code == 422 and kept(acting, nina) == []


@pytest.mark.parametrize(
    "device",
    [
        Authenticator("https://evil.test"),
        Authenticator("http://localhost:1"),
        Authenticator(verifies=False),
    ],
    ids=["another site", "another port", "nobody verified"],
)
def test_a_response_for_another_site_or_without_verification_is_refused(
    acting, client, nina, device
):
    answer = add_passkey(client, device)
    assert answer.status_code == 422 and "not accepted" in answer.text
    assert kept(acting, nina) == []


@pytest.mark.parametrize(
    "credential",
    [
        "",
        "{}",
        "[]",
        "null",
        "7",
        "{",
        '{"id": 5}',
        '"x"',
        "[" * 9000,
        "x" * 30_000,
        "\x00",
        '{"id": "a", "rawId": "a", "type": "public-key", "response": {}}',
        '{"id": "YQ", "rawId": "YQ", "type": "public-key", "response":'
        ' {"clientDataJSON": "e30", "attestationObject": "oA", "transports": [1, {}, "\\u0000"]}}',
    ],
)
def test_a_malformed_response_is_refused(client, credential):
    offer(client)
    answer = client.post("/account/passkeys", data={**FORM, "credential": credential})
    assert answer.status_code == 422, credential


def test_a_challenge_works_once_and_for_five_minutes(acting, client, nina, monkeypatch):
    options = offer(client)
    first, second = Authenticator().register(options), Authenticator().register(options)
    assert client.post("/account/passkeys", data={**FORM, "credential": first}).status_code == 200
    late = client.post("/account/passkeys", data={**FORM, "credential": second})
    assert late.status_code == 422 and "five minutes" in late.text
    options = offer(client)
    monkeypatch.setattr(passkeys, "SECONDS", -1)
    late = client.post(
        "/account/passkeys", data={**FORM, "credential": Authenticator().register(options)}
    )
    assert late.status_code == 422 and len(kept(acting, nina)) == 1


def test_a_second_tap_is_harmless(acting, client, nina):
    device = Authenticator()
    data = {**FORM, "credential": device.register(offer(client))}
    statuses = [client.post("/account/passkeys", data=data).status_code for _ in range(2)]
    assert statuses == [200, 422]
    assert len(kept(acting, nina)) == 1


def test_one_key_belongs_to_one_account(app, acting, cast, client, nina):
    device = Authenticator()
    other = a_person(acting, cast)
    assert add_passkey(signed_in_client(app, other), device).status_code == 200
    assert add_passkey(client, device).status_code == 422
    assert kept(acting, nina)[0].account_id == other.id


def test_invisible_characters_are_removed_from_a_name(acting, client, nina):
    data = {**FORM, "name": "Wo\x9frk \x07 phone"}
    data["credential"] = Authenticator().register(offer(client))
    assert client.post("/account/passkeys", data=data).status_code == 200
    assert kept(acting, nina)[0].name == "Work phone"


def test_a_name_is_required(client):
    for name in ("", "   ", "x" * 81):
        assert client.post("/account/passkeys", data={**FORM, "name": name}).status_code == 422


def test_at_most_twenty_are_allowed(acting, client, nina):
    with acting(nina):
        db.session.add_all(
            Passkey(account_id=nina.id, credential_id=f"{uuid4()}", public_key="x", name="n")
            for _ in range(20)
        )
        db.session.commit()
    answer = client.post("/account/passkeys/options", data=FORM, headers=FETCH)
    assert answer.status_code == 422 and "20 passkeys" in answer.text


def test_removing_asks_for_the_password(acting, client, nina):
    add_passkey(client, Authenticator())
    (passkey,) = kept(acting, nina)
    url = f"/account/passkeys/{passkey.id}/remove"
    page, fragment = client.get(url), client.get(url, headers=HTMX)
    assert "Work phone" in page.text and "<html" not in fragment.text
    assert client.post(url, data={"current": "wrong"}).status_code == 422
    assert client.post(url, data={"current": PASSWORD}).status_code == 303
    assert client.post(url, data={"current": PASSWORD}).status_code == 404
    assert kept(acting, nina) == []
    with acting(nina):
        assert list_entries("account", nina.id)[-1].action == "account.two_factor_removed"


def test_another_persons_passkey_is_not_found(app, acting, cast, client, nina):
    add_passkey(client, Authenticator())
    (passkey,) = kept(acting, nina)
    for person in (a_person(acting, cast), cast.otto):
        stranger = signed_in_client(app, person)
        url = f"/account/passkeys/{passkey.id}/remove"
        assert stranger.get(url).status_code == 404
        assert stranger.post(url, data={"current": PASSWORD}).status_code == 404
    assert len(kept(acting, nina)) == 1


def test_a_logged_out_user_is_sent_to_the_login(anonymous):
    assert anonymous.get("/account/passkeys/new").location.startswith("/login")
    for url in ("/account/passkeys", f"/account/passkeys/{uuid4()}/remove"):
        assert anonymous.post(url).location.startswith("/login")
    fetched = anonymous.post("/account/passkeys/options", headers=FETCH)
    assert fetched.status_code == 401


def test_a_passkey_is_made_for_the_host_regardless_of_the_path(client, app, monkeypatch):
    monkeypatch.setitem(app.config, "BASE_URL", "http://localhost/site")
    assert add_passkey(client, Authenticator()).status_code == 200


@pytest.mark.parametrize(
    ("base", "works"),
    [
        ("http://localhost:8000", True),
        ("https://laudo.example", True),
        ("http://laudo.example", False),
        ("https://192.168.1.20:8000", False),
        ("http://127.0.0.1:8000", False),
        ("https://[::1]:8000", False),
    ],
)
def test_passkeys_are_offered_where_browsers_support_them(
    app, client, anonymous, base, works, monkeypatch
):
    monkeypatch.setitem(app.config, "BASE_URL", base)
    assert ("Add a passkey" in client.get("/account/second-factor").text) is works
    assert ("Use a passkey" in anonymous.get("/login").text) is works
