"""How often somebody may guess: each allowance by itself, counted before a try is judged."""

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
from app.signing import sign_row
from tests.cast import PASSWORD
from tests.logins import a_person, fresh_browser, log_in

WRONG = "not the password"
# What a view reads where somebody proves who they are by something that can be guessed.
TOKENS = re.compile(r'(content=|value=|Token": )"[^"]*"')
GUESSED = re.compile(r"\.(password|current|code)\.data")


@pytest.fixture
def nina(acting, cast):
    return a_person(acting, cast)


def knock(client, email, password=WRONG):
    return client.post("/login", data={"email": email, "password": password}).status_code


def an_email():
    return f"{uuid4()}@acme.test"


def test_the_limits_of_this_suite_are_in_force(app):
    assert limiter.enabled and type(limiter.limiter.storage).__name__ == "RedisStorage"


def test_every_route_that_takes_a_guess_counts_it(app):
    guessed = {
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if GUESSED.search(inspect.getsource(inspect.unwrap(app.view_functions[rule.endpoint])))
    }
    assert {"auth.sign_in", "auth.take_second_step", "auth.change_password"} <= guessed
    views = {endpoint: app.view_functions[endpoint] for endpoint in guessed}
    assert [name for name, view in views.items() if not getattr(view, "allowances", ())] == []


def test_a_burst_gets_its_limit_and_no_more(app, monkeypatch):
    judged, verify = [], service.verify_password

    def slow(password_hash, password):
        judged.append(password)
        time.sleep(0.2)  # all the others have asked meanwhile
        return verify(password_hash, password)

    monkeypatch.setattr(service, "verify_password", slow)
    email, gate, answers = an_email(), Barrier(40), Counter()
    address = fresh_browser(app).environ_base["REMOTE_ADDR"]

    def one():
        client = app.test_client()
        client.environ_base["REMOTE_ADDR"] = address
        gate.wait()
        answers[knock(client, email)] += 1

    crowd = [Thread(target=one) for _ in range(40)]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join(timeout=60)
    assert answers == {422: 5, 429: 35}
    assert len(judged) == 5


def test_one_account_from_many_addresses(app, nina):
    other = an_email()
    statuses = Counter(knock(fresh_browser(app), nina.email) for _ in range(51))
    assert statuses == {422: 50, 429: 1}
    assert log_in(fresh_browser(app), nina).status_code == 429
    assert knock(fresh_browser(app), other) == 422


def test_many_accounts_from_one_address(app, transaction):
    client = fresh_browser(app)
    statuses = Counter(knock(client, an_email()) for _ in range(51))
    assert statuses == {422: 50, 429: 1}
    assert knock(fresh_browser(app), an_email()) == 422


def test_an_account_has_so_many_wrong_passwords_a_day_and_no_right_one_after(
    app, nina, monkeypatch
):  # fmt: skip
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 3)
    assert [knock(fresh_browser(app), nina.email) for _ in range(4)] == [422] * 3 + [429]
    refused = log_in(fresh_browser(app), nina)
    assert refused.status_code == 429
    assert "Choose a new password by e-mail" in refused.text and "Wait a minute" not in refused.text
    assert int(refused.headers["Retry-After"]) > 3600


def test_a_day_that_is_over_reads_the_same_for_an_e_mail_that_nobody_has(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 1)
    pages = []
    for email in (nina.email, an_email()):
        knock(fresh_browser(app), email)
        answer = fresh_browser(app).post("/login", data={"email": email, "password": WRONG})
        assert answer.status_code == 429
        pages.append(re.sub(TOKENS, "", answer.text))
    assert pages[0] == pages[1]


def test_right_passwords_take_nothing_of_the_day(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 2)
    for _ in range(4):
        assert log_in(fresh_browser(app), nina).status_code == 303
    assert [knock(fresh_browser(app), nina.email) for _ in range(3)] == [422, 422, 429]


def test_what_a_minute_refuses_takes_nothing_of_the_day(app, nina, monkeypatch):
    """Else one browser would use up an account's day within seconds."""
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 8)
    stranger = fresh_browser(app)
    assert Counter(knock(stranger, nina.email) for _ in range(30)) == {422: 5, 429: 25}
    assert log_in(fresh_browser(app), nina).status_code == 303


def test_a_stranger_shuts_out_no_browser_that_its_owner_works_with(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 3)
    own = fresh_browser(app)
    assert log_in(own, nina).status_code == 303
    own.post("/logout")
    for _ in range(4):
        knock(fresh_browser(app), nina.email)
    assert log_in(fresh_browser(app), nina).status_code == 429
    assert log_in(own, nina).status_code == 303


def test_a_known_browser_has_a_day_of_its_own_and_no_more(app, nina, cast, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 3)
    own = fresh_browser(app)
    log_in(own, nina)
    own.post("/logout")
    assert [knock(own, nina.email) for _ in range(4)] == [422] * 3 + [429]
    assert log_in(fresh_browser(app), nina).status_code == 303
    # It is known for its owner alone: at others it is as new as any.
    other = an_email()
    for _ in range(3):
        knock(fresh_browser(app), other)
    assert knock(own, other) == 429


def test_nobody_makes_themselves_known_by_a_cookie_of_their_own(app, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 1)
    knock(fresh_browser(app), nina.email)
    for made_up in ("", "x", "W1wiYVwiLFtcImJcIl1d.x.y"):
        client = fresh_browser(app)
        client.set_cookie("known", made_up)
        assert knock(client, nina.email) == 429


def test_counts_that_cannot_be_given_back_keep_nobody_out(app, nina, monkeypatch):
    storage, client = limiter.limiter.storage, fresh_browser(app)
    count = storage.incr

    def away(key, expiry, amount=1):
        if amount < 0:
            raise RedisAway
        return count(key, expiry, amount)

    monkeypatch.setattr(storage, "incr", away)
    assert log_in(client, nina).status_code == 303
    assert client.get("/account").status_code == 200


def test_pages_that_ask_for_ones_own_password_share_one_day(app, client_of, nina, monkeypatch):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 5)
    client = client_of(nina)
    for path in ("codes", "codes", "codes", "app/off", "app/off"):
        answer = client.post(f"/account/second-factor/{path}", data={"current": WRONG})
        assert answer.status_code == 422
    form = {"current": PASSWORD, "new": "another good sentence", "again": "another good sentence"}
    assert client.post("/account/password", data=form).status_code == 429


def test_a_page_that_asks_for_ones_own_password_takes_five_a_minute(client_of, nina):
    client, form = client_of(nina), {"current": WRONG}
    statuses = [
        client.post("/account/second-factor/codes", data=form).status_code for _ in range(6)
    ]
    assert statuses == [422] * 5 + [429]


def test_given_back_is_only_what_was_taken(app, nina, monkeypatch):
    """A right password after wrong ones gives back its own try, not theirs."""
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 5)
    for _ in range(4):
        knock(fresh_browser(app), nina.email)
    assert log_in(fresh_browser(app), nina).status_code == 303
    assert [knock(fresh_browser(app), nina.email) for _ in range(2)] == [422, 429]


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
        404: 50, 429: 1,
    }  # fmt: skip
    assert fresh_browser(app).post("/reset", data=form).status_code == 404


def test_a_new_password_by_e_mail_lets_its_owner_in_on_a_day_that_is_used_up(
    app, acting, nina, quick, monkeypatch
):
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_DAY", 1)
    for _ in range(2):
        knock(fresh_browser(app), nina.email)
    own, new = fresh_browser(app), "another good sentence"
    assert log_in(own, nina).status_code == 429
    ask_for_reset(own, nina.email)
    with acting(nina):
        reset = db.session.scalars(select(PasswordReset)).one().id
    with app.app_context():
        own.get(f"/reset/{sign_row('reset', reset)}")
    assert own.post("/reset", data={"new": new, "again": new}).location == "/login"
    assert log_in(own, nina, new).status_code == 303
    assert log_in(fresh_browser(app), nina, new).status_code == 429
