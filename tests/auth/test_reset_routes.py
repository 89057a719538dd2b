"""Password resets: requesting one reveals nothing, and the link works once."""

from __future__ import annotations

import re
import statistics
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.auth import reset_routes
from app.auth.account_stores import TenantAccountStore
from app.auth.passwords import verify_password
from app.auth.resets import MAX_OPEN_RESETS
from app.auth.service import set_password
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Actor, Mail, MailKind, PasswordReset, PlatformAuditEntry
from app.signing import INVITATION_LINK, RESET_LINK
from app.tenancy import platform_scope
from tests.conftest import signed_in_client
from tests.support.cast import PASSWORD
from tests.support.logins import (
    HTMX,
    Authenticator,
    a_person,
    account_of,
    add_passkey,
    fresh_browser,
    log_in,
    with_totp,
)

NEW = "another good sentence"
SET = {"new": NEW, "again": NEW}


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No minimum duration, except in the test that measures it."""
    monkeypatch.setattr(reset_routes, "ANSWER_SECONDS", 0)


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


def ask(client, email):
    return client.post("/forgot", data={"email": email})


def resets_of(acting, person):
    with acting(person):
        rows = db.session.scalars(select(PasswordReset).order_by(PasswordReset.created_at)).all()
        db.session.expunge_all()
        return rows


@pytest.fixture
def link(app, acting, nina):
    """The URL in the mail."""
    ask(fresh_browser(app), nina.email)
    (reset,) = resets_of(acting, nina)
    with app.app_context():
        return f"/reset/{RESET_LINK.sign(reset.id)}"


def opened(app, link):
    """A browser at the form behind the link."""
    client = fresh_browser(app)
    answer = client.get(link)
    assert (answer.status_code, answer.location) == (303, "/reset")
    assert client.get("/reset").status_code == 200
    return client


def test_a_request_makes_a_row_and_a_mail(app, acting, nina):
    client = fresh_browser(app)
    assert ask(client, f" {nina.email.upper()} ").location == "/forgot/sent"
    (reset,) = resets_of(acting, nina)
    assert reset.account_id == nina.id and reset.ip.startswith("10.")
    assert timedelta(minutes=29) < reset.expires_at - datetime.now(UTC) < timedelta(minutes=31)
    with acting(nina):
        mail = db.session.scalars(select(Mail)).one()
        assert (mail.kind, mail.reset_id, mail.recipient) == (MailKind.RESET, reset.id, nina.email)
        assert list_entries("account", nina.id)[-1].action == "account.reset_asked"


def test_the_response_does_not_reveal_known_addresses(app, acting, cast, nina):
    gone = a_person(acting, cast)
    with acting(gone):
        account_of(gone).is_active = False
        db.session.commit()
    answers = set()
    for email in (nina.email, gone.email, cast.sam.email, "nobody@nowhere.test"):
        client = fresh_browser(app)
        answer = ask(client, email)
        said = {name: value for name, value in answer.headers if name != "X-Request-ID"}
        said.pop("X-RateLimit-Reset", None)
        assert email not in answer.text
        page = client.get(answer.location)
        body = re.sub(r'(content|value|X-CSRFToken)(=|": )"[^"]+"', "", page.text)
        answers.add((answer.status_code, answer.text, str(sorted(said.items())), body))
    assert len(answers) == 1
    with acting(nina):
        assert [mail.recipient for mail in db.session.scalars(select(Mail))] == [nina.email]
    with app.app_context(), platform_scope() as session:
        refused = select(PlatformAuditEntry).where(
            PlatformAuditEntry.action == "account.reset_refused"
        )
        assert len(session.scalars(refused).all()) >= 3


def test_the_response_takes_equally_long_for_all(app, acting, cast, nina, monkeypatch):
    monkeypatch.setattr(reset_routes, "ANSWER_SECONDS", 0.4)
    taken = {}
    for name, email in (("known", nina.email), ("unknown", "nobody@nowhere.test")):
        times = []
        for _ in range(4):
            client = fresh_browser(app)
            started = time.perf_counter()
            ask(client, email)
            times.append(time.perf_counter() - started)
        taken[name] = statistics.median(times)
    assert min(taken.values()) >= 0.4
    assert abs(taken["known"] - taken["unknown"]) < 0.1, taken


def test_five_a_minute_for_one_address_known_or_not(app, nina):
    for email in (nina.email, f"x{nina.email}"):
        statuses = [ask(fresh_browser(app), email).status_code for _ in range(6)]
        assert statuses == [303] * 5 + [429]
    assert "Too many attempts" in ask(fresh_browser(app), nina.email).text


@pytest.mark.parametrize("email", ["", "   "])
def test_an_e_mail_is_required(app, email):
    answer = ask(fresh_browser(app), email)
    assert answer.status_code == 422 and "Enter your e-mail." in answer.text


def test_pages_and_fragments_agree(app, link):
    client = opened(app, link)
    for url, mark in (("/forgot", "forgot"), ("/forgot/sent", "forgot-sent"), ("/reset", "reset")):
        page, fragment = client.get(url), client.get(url, headers=HTMX)
        assert f'id="{mark}"' in page.text and "<html" in page.text
        assert f'id="{mark}"' in fragment.text and "<html" not in fragment.text


def test_the_login_links_to_it(anonymous):
    assert 'href="/forgot"' in anonymous.get("/login").text


def test_the_link_sets_a_new_password_and_ends_every_session(app, acting, link, nina):
    before = [fresh_browser(app), fresh_browser(app)]
    for client in before:
        log_in(client, nina)
    client = opened(app, link)
    answer = client.post("/reset", data=SET)
    assert (answer.status_code, answer.location) == (303, "/login")
    assert "new password is set" in client.get("/login").text
    assert [one.get("/account").status_code for one in before] == [303, 303]
    assert log_in(fresh_browser(app), nina).status_code == 422
    assert log_in(fresh_browser(app), nina, NEW).location == "/"
    with acting(nina):
        assert verify_password(account_of(nina).password_hash, NEW)
        assert "account.password_reset" in [one.action for one in list_entries("account", nina.id)]


def test_the_link_opens_no_session(app, link):
    client = opened(app, link)
    client.post("/reset", data=SET)
    assert client.get("/account").status_code == 303


def test_the_second_factor_stays(app, acting, link, nina):
    with_totp(acting, nina)
    opened(app, link).post("/reset", data=SET)
    assert log_in(fresh_browser(app), nina, NEW).location == "/login/second"


def test_a_passkey_stays_and_its_sessions_end(app, acting, link, nina):
    signed = signed_in_client(app, nina)
    add_passkey(signed, Authenticator())
    opened(app, link).post("/reset", data=SET)
    assert signed.get("/account").status_code == 303
    assert log_in(fresh_browser(app), nina, NEW).location == "/login/second"


def test_opening_the_link_does_not_use_it_up(app, link):
    for _ in range(3):
        opened(app, link)
    assert opened(app, link).post("/reset", data=SET).status_code == 303


def test_a_used_link_is_refused(app, link, nina):
    first, second = opened(app, link), opened(app, link)
    assert first.post("/reset", data=SET).status_code == 303
    again = second.post(
        "/reset", data={"new": "a third good sentence", "again": "a third good sentence"}
    )
    assert again.status_code == 410 and "already been used" in again.text
    page = fresh_browser(app).get(link)
    assert page.status_code == 410 and 'href="/forgot"' in page.text
    assert log_in(fresh_browser(app), nina, NEW).location == "/"


def test_a_second_tap_is_harmless(app, link, nina):
    client = opened(app, link)
    statuses = [client.post("/reset", data=SET).status_code for _ in range(2)]
    assert statuses == [303, 404]
    assert log_in(fresh_browser(app), nina, NEW).location == "/"


def test_using_one_link_voids_the_others(app, acting, link, nina):
    ask(fresh_browser(app), nina.email)
    newest = resets_of(acting, nina)[-1]
    with app.app_context():
        other = f"/reset/{RESET_LINK.sign(newest.id)}"
    opened(app, other).post("/reset", data=SET)
    assert fresh_browser(app).get(link).status_code == 410
    assert all(one.used_at for one in resets_of(acting, nina))


def test_a_password_change_invalidates_open_links(app, acting, link, nina):
    """An attacker who reads the owner's mail must not undo a password change."""
    thief = opened(app, link)
    owner = signed_in_client(app, nina)
    changed = owner.post("/account/password", data={"current": PASSWORD, **SET})
    assert changed.status_code == 303
    late = thief.post(
        "/reset", data={"new": "the thief's own words", "again": "the thief's own words"}
    )
    assert late.status_code == 410 and "your password was changed after" in late.text
    assert fresh_browser(app).get(link).status_code == 410
    assert log_in(fresh_browser(app), nina, NEW).location == "/"
    assert owner.get("/account").status_code == 200


def test_a_password_set_by_an_operator_invalidates_them_too(app, acting, link, nina):
    with acting(nina):
        store = TenantAccountStore(db.session(), account_of(nina))
        set_password(store=store, new=NEW, actor=Actor("operator"))
        db.session.commit()
    assert fresh_browser(app).get(link).status_code == 410


def test_the_number_of_open_links_is_limited(app, acting, nina, monkeypatch):
    """Anyone can request links from anywhere, but at most five are open."""
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_MINUTE", 100)
    for _ in range(8):
        answer = ask(fresh_browser(app), nina.email)
        assert (answer.status_code, answer.location) == (303, "/forgot/sent")
    with acting(nina):
        assert len(db.session.scalars(select(Mail)).all()) == MAX_OPEN_RESETS
        assert list_entries("account", nina.id)[-1].action == "account.reset_refused"
        over = datetime.now(UTC) - timedelta(seconds=1)
        db.session.execute(update(PasswordReset).values(expires_at=over))
        db.session.commit()
    ask(fresh_browser(app), nina.email)
    assert len(resets_of(acting, nina)) == MAX_OPEN_RESETS + 1


def test_an_expired_link_says_so(app, acting, link, nina):
    client = opened(app, link)
    with acting(nina):
        db.session.execute(update(PasswordReset).values(expires_at=datetime.now(UTC)))
        db.session.commit()
    for answer in (client.get(link), client.get("/reset"), client.post("/reset", data=SET)):
        assert answer.status_code == 410
        assert "30 minutes" in answer.text and 'href="/forgot"' in answer.text


def test_unsigned_links_are_refused(app, link, nina, cast):
    with app.app_context():
        others = [INVITATION_LINK.sign(nina.id), RESET_LINK.sign(nina.id)]
    for token in (link[7:-1], link[7:] + "a", "x", "%00", "é", *others):
        page = fresh_browser(app).get(f"/reset/{token}")
        assert page.status_code in (400, 404), token
    client = fresh_browser(app)
    assert client.get("/reset").status_code == 404
    assert client.post("/reset", data=SET).status_code == 404


def test_a_deactivated_person_cannot_reset(app, acting, link, nina):
    client = opened(app, link)
    with acting(nina):
        account_of(nina).is_active = False
        db.session.commit()
    assert fresh_browser(app).get(link).status_code == 404
    assert client.post("/reset", data=SET).status_code == 404


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"new": "short", "again": "short"}, "A password must have 10 to 200 characters."),
        ({"again": "another one entirely"}, "The new passwords do not match."),
        ({"new": "", "again": ""}, "Enter a new password."),
    ],
)
def test_a_bad_password_is_refused_and_the_link_stays_valid(app, link, changes, sentence):
    client = opened(app, link)
    answer = client.post("/reset", data={**SET, **changes})
    assert answer.status_code == 422 and sentence in answer.text and NEW not in answer.text
    assert client.post("/reset", data=SET).status_code == 303


def test_no_address_reveals_the_token(app, link):
    client = fresh_browser(app)
    answer = client.get(link)
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    token = link.removeprefix("/reset/")
    assert token not in client.get("/reset").text
    void = client.get(link + "x")
    assert void.headers["Referrer-Policy"] == "no-referrer"
    assert '<meta name="referrer" content="no-referrer">' in void.text


def test_over_https_the_form_is_accepted_with_its_token(app, link, monkeypatch):
    """Over HTTPS, Flask-WTF checks the referrer, so the page must not suppress it."""
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    client = fresh_browser(app)
    base = {"base_url": "https://localhost"}
    client.get(link, **base)
    page = client.get("/reset", **base)
    assert page.headers["Referrer-Policy"] == "same-origin"
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.text)[1]
    data = {**SET, "csrf_token": token}
    assert client.post("/reset", data=data, **base).status_code == 400
    headers = {"Referer": "https://localhost/reset"}
    assert client.post("/reset", data=data, headers=headers, **base).status_code == 303
