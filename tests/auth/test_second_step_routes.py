"""The second step between a correct password and the session, and what it must refuse."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import select

from app.auth import half_way, second_step_routes
from app.auth.identity import HALF_WAY
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import AccountSession, RecoveryCode
from tests.support.logins import HTMX, a_person, code_of, fresh_browser, log_in, with_totp
from tests.support.redirects import EVIL

NEW = "another good sentence"


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


@pytest.fixture
def secret(acting, nina):
    return with_totp(acting, nina)[0]


@pytest.fixture
def half(app, nina, secret):
    """A browser in which Nina has entered the correct password."""
    client = fresh_browser(app)
    answer = log_in(client, nina)
    assert (answer.status_code, answer.location) == (303, "/login/second")
    return client


def test_the_code_opens_the_session_that_the_password_did_not(acting, half, nina, secret):
    assert half.get("/account").location.startswith("/login")
    with acting(nina):
        assert db.session.scalars(select(AccountSession)).all() == []
    page = half.get("/login/second")
    assert page.status_code == 200 and 'autocomplete="one-time-code"' in page.text
    answer = half.post("/login/second", data={"code": code_of(secret, 1)})
    assert (answer.status_code, answer.location) == (303, "/")
    assert half.get("/account").status_code == 200
    with half.session_transaction() as cookie:
        assert HALF_WAY not in cookie and cookie["_user_id"]
    with acting(nina):
        entries = list_entries("account", nina.id)
        assert [(one.action, one.facts["facts"].get("how")) for one in entries[1:]] == [
            ("session.half_open", "password"),
            ("session.opened", "password+code"),
        ]


def test_page_and_fragment_agree(half):
    page, fragment = half.get("/login/second"), half.get("/login/second", headers=HTMX)
    assert 'id="second-step"' in page.text and "<html" in page.text
    assert 'id="second-step"' in fragment.text and "<html" not in fragment.text


def test_a_code_with_a_space_is_the_same_code(half, secret):
    code = code_of(secret, 1)
    assert half.post("/login/second", data={"code": f" {code[:3]} {code[3:]} "}).location == "/"


def test_no_code_is_taken_twice(app, acting, half, nina, secret):
    code = code_of(secret, 1)
    assert half.post("/login/second", data={"code": code}).status_code == 303
    other = fresh_browser(app)
    log_in(other, nina)
    again = other.post("/login/second", data={"code": code})
    assert again.status_code == 422 and "works once" in again.text
    with acting(nina):
        last = list_entries("account", nina.id)[-1]
        assert (last.action, last.facts["facts"]["how"]) == ("session.refused", "password+code")


@pytest.mark.parametrize("ahead", [-2, 2, 20])
def test_a_code_of_another_time_is_refused(half, secret, ahead):
    assert half.post("/login/second", data={"code": code_of(secret, ahead)}).status_code == 422
    assert half.get("/account").status_code == 303


@pytest.mark.parametrize(
    "code", ["", "      ", "12345", "abcdef", "１２３４５６", "0" * 41, "a\x00b"]
)
def test_a_malformed_code_is_refused(half, code):
    answer = half.post("/login/second", data={"code": code})
    assert answer.status_code == 422 and 'id="second-step"' in answer.text


def test_a_recovery_code_works_once(app, acting, cast):
    nina = a_person(acting, cast)
    _secret, codes = with_totp(acting, nina)
    assert len(set(codes)) == 10
    first, second = fresh_browser(app), fresh_browser(app)
    for client in (first, second):
        log_in(client, nina)
    typed = codes[3].upper().replace("-", " ")
    assert first.post("/login/second", data={"code": typed}).status_code == 303
    assert second.post("/login/second", data={"code": codes[3]}).status_code == 422
    assert second.post("/login/second", data={"code": codes[4]}).status_code == 303
    with acting(nina):
        kept = db.session.scalars(select(RecoveryCode.code_hash)).all()
        assert len(kept) == 10 and not set(kept) & set(codes)
        tries = [
            one.action
            for one in list_entries("account", nina.id)
            if one.facts["facts"].get("how") == "password+recovery"
        ]
        assert tries == ["session.opened", "session.refused", "session.opened"]


def test_another_persons_code_is_refused(acting, cast, half):
    other = a_person(acting, cast)
    secret, codes = with_totp(acting, other)
    for code in (code_of(secret, 1), codes[0]):
        assert half.post("/login/second", data={"code": code}).status_code == 422


def test_five_tries_a_minute_across_browsers(app, half, nina, secret):
    statuses = [half.post("/login/second", data={"code": "000000"}).status_code for _ in range(5)]
    assert statuses == [422] * 5
    other = fresh_browser(app)
    log_in(other, nina)
    refused = other.post("/login/second", data={"code": code_of(secret, 1)})
    assert refused.status_code == 429
    assert "Too many attempts" in refused.text and 'id="second-step"' in refused.text
    assert other.get("/account").status_code == 303


def test_the_daily_limit_is_explained_with_an_alternative(half, secret, monkeypatch):
    monkeypatch.setattr(second_step_routes, "CODES_PER_DAY", 3)
    statuses = [half.post("/login/second", data={"code": "000000"}).status_code for _ in range(3)]
    assert statuses == [422] * 3
    refused = half.post("/login/second", data={"code": code_of(secret, 1)})
    assert refused.status_code == 429 and 'id="second-step"' in refused.text
    assert "Use a passkey, or try again tomorrow." in refused.text
    assert "Wait a minute" not in refused.text


def test_without_the_password_there_is_no_second_step(app, secret):
    client = fresh_browser(app)
    assert client.get("/login/second").location == "/login"
    assert client.post("/login/second", data={"code": code_of(secret, 1)}).location == "/login"
    assert client.get("/account").status_code == 303


def test_after_five_minutes_the_login_starts_over(half, secret, monkeypatch):
    monkeypatch.setattr(half_way, "HALF_WAY", replace(half_way.HALF_WAY, seconds=-1))
    data = {"code": code_of(secret, 1), "next": "/projects/"}
    assert half.post("/login/second", data=data).location == "/login?next=/projects/"
    monkeypatch.undo()
    assert half.post("/login/second", data=data).location.startswith("/login"), "it is gone"


def test_a_new_password_or_a_closed_account_voids_the_half_way(app, acting, half, nina, secret):
    from tests.support.logins import account_of

    with acting(nina):
        account_of(nina).is_active = False
        db.session.commit()
    code = {"code": code_of(secret, 1)}
    assert half.post("/login/second", data=code).location == "/login"
    with acting(nina):
        account_of(nina).is_active = True
        db.session.commit()
    again = fresh_browser(app)
    log_in(again, nina)
    with acting(nina):
        account_of(nina).password_hash = "$argon2id$other"
        db.session.commit()
    assert again.post("/login/second", data=code).location == "/login"


def test_the_half_way_state_is_of_one_account_and_signed(app, half, acting, cast, secret):
    """It cannot be modified, used for another account or used as a session, nor vice versa."""
    with half.session_transaction() as cookie:
        sealed = cookie[HALF_WAY]
    for forged in (sealed[:-2] + "AA", sealed + "A", "", "x.y.z"):
        client = fresh_browser(app)
        with client.session_transaction() as cookie:
            cookie[HALF_WAY] = forged
        assert client.post("/login/second", data={"code": code_of(secret, 1)}).location == "/login"
    client = fresh_browser(app)
    with client.session_transaction() as cookie:
        cookie["_user_id"] = sealed
    assert client.get("/account").status_code == 303


def test_next_survives_both_steps(app, nina, secret):
    client = fresh_browser(app)
    answer = log_in(client, nina, next="/projects/?search=a")
    assert answer.location == "/login/second?next=/projects/?search%3Da"
    assert 'name="next" value="/projects/?search=a"' in client.get(answer.location).text
    wrong = client.post("/login/second", data={"code": "1", "next": "/projects/?search=a"})
    assert 'name="next" value="/projects/?search=a"' in wrong.text
    data = {"code": code_of(secret, 1), "next": "/projects/?search=a"}
    assert client.post("/login/second", data=data).location == "/projects/?search=a"


@pytest.mark.parametrize("value", [one for one in EVIL if one and "\x00" not in one])
def test_no_step_redirects_to_another_host(app, acting, cast, value):
    nina = a_person(acting, cast)
    secret, _codes = with_totp(acting, nina)
    client = fresh_browser(app)
    assert log_in(client, nina, next=value).location == "/login/second"
    assert (
        f'name="next" value="{value}"'
        not in client.get("/login/second", query_string={"next": value}).text
    )
    data = {"code": code_of(secret, 1), "next": value}
    assert client.post("/login/second", data=data).location == "/"


def test_a_second_tap_is_harmless(half, secret):
    data = {"code": code_of(secret, 1)}
    assert half.post("/login/second", data=data).location == "/"
    assert half.post("/login/second", data=data).location == "/login"
    assert half.get("/login").location == "/", "the login knows that the first tap went through"
    assert half.get("/login/second").location == "/"


def test_what_session_js_does_goes_through_both_steps(app, nina, secret):
    """It posts to each form's action and reads the next page: login, second step, logged in."""
    client = fresh_browser(app)
    page = client.post(
        "/login",
        data={"email": nina.email, "password": "correct horse battery"},
        follow_redirects=True,
    )
    assert "data-login-step" in page.text and 'name="account"' not in page.text
    page = client.post("/login/second", data={"code": code_of(secret, 1)}, follow_redirects=True)
    assert f'<meta name="account" content="{nina.id}">' in page.text
    assert "data-login-step" not in page.text
