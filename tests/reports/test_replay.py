"""A copied cookie is useless after its session ended, for any reason."""

from __future__ import annotations

import pytest
from flask_login import encode_cookie
from sqlalchemy import select

from app.auth.account_stores import account_store_by_email
from app.auth.second_factor import reset_second_factors
from app.extensions import db
from app.models import PasswordReset
from app.signing import RESET_LINK
from app.team.service import deactivate_account
from tests.support.cast import PASSWORD
from tests.support.logins import a_person, fresh_browser, log_in, with_totp

NEW = "another good sentence"


def log_out(app, client, nina, acting, cast):
    client.post("/logout")


def change_password_elsewhere(app, client, nina, acting, cast):
    other = fresh_browser(app)
    log_in(other, nina)
    data = {"current": PASSWORD, "new": NEW, "again": NEW}
    assert other.post("/account/password", data=data).status_code == 303


def reset_the_password(app, client, nina, acting, cast):
    other = fresh_browser(app)
    other.post("/forgot", data={"email": nina.email})
    with acting(nina):
        reset_id = db.session.scalars(select(PasswordReset.id)).one()
        token = RESET_LINK.sign(reset_id)
    other.get(f"/reset/{token}")
    assert other.post("/reset", data={"new": NEW, "again": NEW}).status_code == 303


def be_deactivated(app, client, nina, acting, cast):
    with acting(cast.ana) as ana:
        deactivate_account(account_id=nina.id, actor=ana)
        db.session.commit()


def be_logged_out_from_afar(app, client, nina, acting, cast):
    other = fresh_browser(app)
    log_in(other, nina)
    assert other.post("/account/devices/sign-out-others").status_code == 303


def have_the_factors_reset(app, client, nina, acting, cast):
    with acting(cast.ana) as ana:
        reset_second_factors(account_id=nina.id, actor=ana)
        db.session.commit()


ENDS = [
    log_out,
    change_password_elsewhere,
    reset_the_password,
    be_deactivated,
    be_logged_out_from_afar,
    have_the_factors_reset,
]


@pytest.mark.parametrize("end", ENDS, ids=lambda end: end.__name__)
def test_neither_the_session_nor_a_remember_cookie_outlives_it(app, acting, cast, end):
    nina = a_person(acting, cast)
    client = fresh_browser(app)
    assert log_in(client, nina).status_code == 303
    session = client.get_cookie("session").value
    assert client.get_cookie("remember_token") is None, "there is none to copy"
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with app.app_context():
        remembered = encode_cookie(token)
    end(app, client, nina, acting, cast)
    for name, value in (("session", session), ("remember_token", remembered)):
        thief = fresh_browser(app)
        thief.set_cookie(name, value)
        for path in ("/account", "/reports/", "/account/devices"):
            assert thief.get(path).status_code == 303, (name, path)
            assert thief.get(path).location.startswith("/login"), (name, path)
            assert thief.get(path, headers={"HX-Request": "true"}).status_code == 401
        assert thief.post("/account/password", data={"current": PASSWORD}).status_code == 303


def test_a_half_way_cookie_is_worthless_after_a_reset(app, acting, cast):
    nina = a_person(acting, cast)
    _secret, codes = with_totp(acting, nina)
    client = fresh_browser(app)
    log_in(client, nina)
    reset_the_password(app, client, nina, acting, cast)
    assert client.post("/login/second", data={"code": codes[0]}).location == "/login"


def test_a_superadmins_cookie_too(app, cast):
    """With the operators' command, by which a superadmin regains access."""
    client = fresh_browser(app)
    log_in(client, cast.sam)
    stolen = client.get_cookie("session").value
    runner = app.test_cli_runner()
    done = runner.invoke(args=["user", "reset-password", cast.sam.email, "--password", PASSWORD])
    assert done.exit_code == 0, done.output
    thief = fresh_browser(app)
    thief.set_cookie("session", stolen)
    assert thief.get("/account").status_code == 303
    with app.app_context(), account_store_by_email(cast.sam.email) as store:
        assert store.person.email == cast.sam.email
    assert log_in(fresh_browser(app), cast.sam).status_code == 303
