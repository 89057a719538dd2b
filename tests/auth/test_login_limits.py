"""Limits on guessing: each allowance separately, counted before a try is checked."""

from __future__ import annotations

import inspect
import re
import time
from collections import Counter
from threading import Barrier, Thread
from uuid import uuid4

import pytest
from redis.exceptions import ConnectionError as RedisAway
from sqlalchemy import select

from app.auth import reset_routes, service
from app.extensions import db, limiter
from app.models import PasswordReset
from app.signing import RESET_LINK
from tests.support.cast import PASSWORD
from tests.support.logins import a_person, fresh_browser, log_in

WRONG = "not the password"
TOKENS = re.compile(r'(content=|value=|Token": )"[^"]*"')
# Found in views that check a secret that can be guessed.
GUESSED = re.compile(r"\.(password|current|code)\.data")


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


def try_login(client, email, password=WRONG):
    return client.post("/login", data={"email": email, "password": password}).status_code


def an_email():
    return f"{uuid4()}@acme.test"


def test_the_limits_of_this_suite_are_in_force(app):
    assert limiter.enabled and type(limiter.limiter.storage).__name__ == "RedisStorage"


def test_every_route_that_can_be_guessed_at_is_limited(app):
    guessed = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if GUESSED.search(inspect.getsource(inspect.unwrap(app.view_functions[rule.endpoint])))
    }
    # The code of a checklist is no secret.
    guessed -= {"checklists.duplicate", "checklists.start"}
    assert {"auth.sign_in", "auth.take_second_step", "auth.change_password"} <= guessed
    views = {endpoint: app.view_functions[endpoint] for endpoint in guessed}
    assert [name for name, view in views.items() if not getattr(view, "allowances", ())] == []


def test_a_burst_cannot_exceed_the_limit(app, monkeypatch):
    judged, verify = [], service.verify_password

    def slow(password_hash, password):
        judged.append(password)
        time.sleep(0.2)  # all other requests arrive meanwhile
        return verify(password_hash, password)

    monkeypatch.setattr(service, "verify_password", slow)
    email, gate, answers = an_email(), Barrier(40), Counter()
    address = fresh_browser(app).environ_base["REMOTE_ADDR"]

    def one():
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        gate.wait()
        answers[try_login(client, email)] += 1

    crowd = [Thread(target=one) for _ in range(40)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(timeout=60)
    assert answers == {422: 5, 429: 35}
    assert len(judged) == 5


def test_one_account_from_many_addresses(app, nina):
    other = an_email()
    statuses = Counter(try_login(fresh_browser(app), nina.email) for _ in range(51))
    assert statuses == {422: 50, 429: 1}
    assert log_in(fresh_browser(app), nina).status_code == 429
    assert try_login(fresh_browser(app), other) == 422


def test_many_accounts_from_one_address(app, transaction):
    client = fresh_browser(app)
    statuses = Counter(try_login(client, an_email()) for _ in range(51))
    assert statuses == {422: 50, 429: 1}
    assert try_login(fresh_browser(app), an_email()) == 422


def test_after_the_daily_wrong_passwords_a_right_one_is_refused_too(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 3)
    assert [try_login(fresh_browser(app), nina.email) for _ in range(4)] == [422] * 3 + [429]
    refused = log_in(fresh_browser(app), nina)
    assert refused.status_code == 429
    assert "Choose a new password by e-mail" in refused.text and "Wait a minute" not in refused.text
    assert int(refused.headers["Retry-After"]) > 3600


def test_the_daily_limit_looks_the_same_for_an_unknown_e_mail(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 1)
    pages = []
    for email in (nina.email, an_email()):
        try_login(fresh_browser(app), email)
        answer = fresh_browser(app).post("/login", data={"email": email, "password": WRONG})
        assert answer.status_code == 429
        pages.append(re.sub(TOKENS, "", answer.text))
    assert pages[0] == pages[1]


def test_right_passwords_do_not_use_up_the_daily_limit(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 2)
    for _ in range(4):
        assert log_in(fresh_browser(app), nina).status_code == 303
    assert [try_login(fresh_browser(app), nina.email) for _ in range(3)] == [422, 422, 429]


def test_tries_refused_per_minute_do_not_use_up_the_daily_limit(app, nina, monkeypatch):
    """Otherwise one browser could use up an account's day within seconds."""
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 8)
    stranger = fresh_browser(app)
    assert Counter(try_login(stranger, nina.email) for _ in range(30)) == {422: 5, 429: 25}
    assert log_in(fresh_browser(app), nina).status_code == 303


def test_an_attacker_cannot_lock_out_the_owners_browsers(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 3)
    own = fresh_browser(app)
    assert log_in(own, nina).status_code == 303
    own.post("/logout")
    for _ in range(4):
        try_login(fresh_browser(app), nina.email)
    assert log_in(fresh_browser(app), nina).status_code == 429
    assert log_in(own, nina).status_code == 303


def test_a_known_browser_has_its_own_daily_limit(app, nina, cast, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 3)
    own = fresh_browser(app)
    log_in(own, nina)
    own.post("/logout")
    assert [try_login(own, nina.email) for _ in range(4)] == [422] * 3 + [429]
    assert log_in(fresh_browser(app), nina).status_code == 303
    # It is known for its owner only: for other accounts it counts as new.
    other = an_email()
    for _ in range(3):
        try_login(fresh_browser(app), other)
    assert try_login(own, other) == 429


def test_a_forged_cookie_does_not_make_a_browser_known(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 1)
    try_login(fresh_browser(app), nina.email)
    for made_up in ("", "x", "W1wiYVwiLFtcImJcIl1d.x.y"):
        client = fresh_browser(app)
        client.set_cookie("known", made_up)
        assert try_login(client, nina.email) == 429


def test_a_failed_give_back_locks_nobody_out(app, nina, monkeypatch):
    storage, client = limiter.limiter.storage, fresh_browser(app)
    count = storage.incr

    def away(key, expiry, amount=1):
        if amount < 0:
            raise RedisAway
        return count(key, expiry, amount)

    monkeypatch.setattr(storage, "incr", away)
    assert log_in(client, nina).status_code == 303
    assert client.get("/account").status_code == 200


def test_pages_that_ask_for_the_password_share_a_daily_limit(app, client_of, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 5)
    client = client_of(nina)
    for path in ("codes", "codes", "codes", "app/off", "app/off"):
        answer = client.post(f"/account/second-factor/{path}", data={"current": WRONG})
        assert answer.status_code == 422
    form = {"current": PASSWORD, "new": "another good sentence", "again": "another good sentence"}
    assert client.post("/account/password", data=form).status_code == 429


def test_a_page_that_asks_for_the_password_allows_five_tries_a_minute(client_of, nina):
    client, form = client_of(nina), {"current": WRONG}
    statuses = [
        client.post("/account/second-factor/codes", data=form).status_code for _ in range(6)
    ]
    assert statuses == [422] * 5 + [429]


def test_a_right_password_gives_back_only_its_own_try(app, nina, monkeypatch):
    """A correct password after wrong ones gives back its own try, not the wrong ones."""
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 5)
    for _ in range(4):
        try_login(fresh_browser(app), nina.email)
    assert log_in(fresh_browser(app), nina).status_code == 303
    assert [try_login(fresh_browser(app), nina.email) for _ in range(2)] == [422, 429]


# --- forgotten passwords ------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch):
    monkeypatch.setattr(reset_routes, "ANSWER_SECONDS", 0)


def ask_for_reset(client, email):
    return client.post("/forgot", data={"email": email}).status_code


def test_links_for_one_account_from_many_addresses(app, nina, quick):
    assert [ask_for_reset(fresh_browser(app), nina.email) for _ in range(6)] == [303] * 5 + [429]
    assert ask_for_reset(fresh_browser(app), an_email()) == 303


def test_links_for_many_accounts_from_one_address(app, transaction, quick):
    client = fresh_browser(app)
    statuses = Counter(ask_for_reset(client, an_email()) for _ in range(51))
    assert statuses == {303: 50, 429: 1}
    assert ask_for_reset(fresh_browser(app), an_email()) == 303


def test_new_passwords_from_one_address(app, transaction):
    client, form = fresh_browser(app), {"new": "another good sentence"}
    assert Counter(client.post("/reset", data=form).status_code for _ in range(51)) == {
        404: 50,
        429: 1,
    }
    assert fresh_browser(app).post("/reset", data=form).status_code == 404


def test_a_reset_by_e_mail_works_when_the_daily_limit_is_used_up(
    app, acting, nina, quick, monkeypatch
):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 1)
    for _ in range(2):
        try_login(fresh_browser(app), nina.email)
    own, new = fresh_browser(app), "another good sentence"
    assert log_in(own, nina).status_code == 429
    ask_for_reset(own, nina.email)
    with acting(nina):
        reset = db.session.scalars(select(PasswordReset)).one().id
    with app.app_context():
        own.get(f"/reset/{RESET_LINK.sign(reset)}")
    assert own.post("/reset", data={"new": new, "again": new}).location == "/login"
    assert log_in(own, nina, new).status_code == 303
    assert log_in(fresh_browser(app), nina, new).status_code == 429
