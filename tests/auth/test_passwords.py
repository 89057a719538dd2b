"""The real cost of a hash (the rest of the suite uses cheap ones), and which passwords are refused."""

from __future__ import annotations

import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path
from secrets import token_urlsafe
from string import ascii_lowercase
from uuid import uuid4

import pytest
from argon2 import Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.auth import passwords
from app.auth.account_stores import TenantAccountStore
from app.auth.guessable import is_guessable
from app.auth.passwords import (
    MAX_CONCURRENT,
    MAX_LENGTH,
    MIN_LENGTH,
    CommonPassword,
    dummy_hash,
    hash_password,
    verify_password,
)
from app.auth.service import change_password, set_password
from app.extensions import db
from app.models import Account, Actor, Role
from app.platform.service import create_superadmin
from app.team.service import create_account
from app.tenancy import platform_scope
from tests.support.cast import PASSWORD
from tests.support.cheap_passwords import REAL

APP = Path(__file__).resolve().parents[2] / "app"
CALLS = {
    "hash": lambda: hash_password("a good long sentence"),
    "known": lambda: verify_password("fits", "a good long sentence"),
    "unknown": lambda: verify_password(None, "a good long sentence"),
    "wrong": lambda: verify_password("wrong", "a good long sentence"),
    "broken": lambda: verify_password("broken", "a good long sentence"),
}


def test_a_hash_costs_what_rfc_9106_recommends():
    least = RFC_9106_LOW_MEMORY
    assert least.type is Type.ID
    assert REAL.hash("a good long sentence").startswith(
        f"$argon2id$v={least.version}$m={least.memory_cost},t={least.time_cost},p={least.parallelism}$"
    )


def test_an_unknown_account_takes_as_long_as_a_known_one():
    """Otherwise the response time would reveal which addresses have an account."""
    nobody = dummy_hash(REAL)
    somebody = REAL.hash("a good long sentence")
    assert extract_parameters(nobody) == extract_parameters(somebody)
    assert len(nobody) == len(somebody)
    with pytest.raises(VerifyMismatchError):
        REAL.verify(nobody, "a good long sentence")


class Counting:
    """A fake hasher that counts concurrent calls."""

    def __init__(self) -> None:
        self.now = self.most = self.calls = 0
        self._lock = threading.Lock()

    def hash(self, _password: str) -> str:
        with self._lock:
            self.now += 1
            self.calls += 1
            self.most = max(self.most, self.now)
        time.sleep(0.005)
        with self._lock:
            self.now -= 1
        return "made"

    def verify(self, password_hash: str, _password: str) -> bool:
        self.hash("")
        if password_hash == "broken":
            raise InvalidHashError
        if password_hash != "fits":
            raise VerifyMismatchError
        return True


@pytest.fixture
def counting(monkeypatch):
    hasher = Counting()
    monkeypatch.setattr(passwords, "_hasher", hasher)
    return hasher


def test_passwords_take_turns(counting):
    with ThreadPoolExecutor(10) as threads:
        done = [threads.submit(call) for _each in range(10) for call in CALLS.values()]
    assert not any(one.exception() for one in done)
    assert counting.calls == 50
    assert 1 <= counting.most <= MAX_CONCURRENT


@pytest.mark.parametrize("name", CALLS)
def test_a_turn_is_released_on_success_and_on_failure(counting, name):
    for _each in range(MAX_CONCURRENT + 1):
        CALLS[name]()
    assert counting.calls == MAX_CONCURRENT + 1


def test_an_unknown_address_waits_for_its_turn_too(counting):
    """Otherwise the response time would reveal known addresses whenever many people log in."""
    for name in ("known", "unknown", "wrong"):
        for _each in range(MAX_CONCURRENT):
            passwords._turns.acquire()
        thread = threading.Thread(target=CALLS[name])
        thread.start()
        thread.join(0.1)
        assert thread.is_alive() and counting.now == 0, name
        passwords._turns.release(MAX_CONCURRENT)
        thread.join(10)
        assert not thread.is_alive(), name


def test_no_other_module_handles_hashes():
    users = {
        path.relative_to(APP).as_posix()
        for path in APP.rglob("*.py")
        if "node_modules" not in path.parts and re.search(r"\bargon2\b", path.read_text())
    }
    assert users - {"logs.py"} == {"auth/passwords.py"}


# --- guessable passwords -------------------------------------------------------------------

COMMON = FREQUENCY_LISTS["passwords"]
ANA = ("ana.admin@acme-works.test", "Ana Admin", "Acme Commissioning")
PAST_LIMITS = [one for one in COMMON if len(one) >= MIN_LENGTH]


def test_every_decorated_common_password_is_refused():
    let_through = []
    for word in COMMON:
        for written in (word, word.upper(), f"{word.capitalize()}1!", f"!!2026-{word}"):
            if not is_guessable(written) and any(map(str.isalpha, word)):
                let_through.append(written)
    assert len(PAST_LIMITS) > 1000
    assert let_through == []


@pytest.mark.parametrize(
    "password",
    [
        "Password1!",
        "PASSWORD!!1",
        "P@ssw0rd123",
        "p4ssw0rd2026",
        "pässwörd-99",
        "1234567890",
        "qwertyuiop",
        "passwordpassword",
        "password password",
        "aaaaaaaaaa",
        "1212121212",
        "Acme Commissioning",
        "AcmeCommissioning1!",
        "acme-2026-acme",
        "Commissioning#1",
        "ana.admin12",
        "AnaAdmin2026",
        "1!ana_admin!1",
        "acme-works-01",
        "Laudo12345!",
        "SenhaSenha1",
        "Ａｃｍｅ123456",
    ],
)
def test_decorated_words_and_personal_facts_are_refused(password):
    with pytest.raises(CommonPassword, match="such as a short sentence"):
        hash_password(password, *ANA)


@pytest.mark.parametrize("row", ["1234567890", ascii_lowercase, "qwertyuiop", "asdfghjkl"])
def test_keyboard_runs_are_refused(row):
    let_through = []
    for way in (row, row[::-1]):
        for start, length in product(range(len(row)), (MIN_LENGTH, 12, 15, 20)):
            run = (way * 4)[start : start + length]
            let_through += [one for one in (run, run.upper(), f"{run}!1") if not is_guessable(one)]
    assert let_through == []


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery",
        "another good sentence",
        "a good long sentence",
        "8392014756",
        "acme pays its bills late",
        "xK4-9fPq_w7T",
        "ana likes green pears",
        "Tür & Tor 47 auf",
    ],
)
def test_a_sentence_that_contains_a_common_word_is_accepted(password):
    assert hash_password(password, *ANA).startswith("$argon2id$")


def test_generated_passwords_are_accepted():
    assert not any(is_guessable(token_urlsafe(12), ANA) for _ in range(500))
    assert not any(is_guessable(token_urlsafe(8)[:MIN_LENGTH], ANA) for _ in range(500))


@given(st.text(max_size=MAX_LENGTH + 50), st.lists(st.text(max_size=60), max_size=4))
def test_any_text_can_be_checked(password, about):
    assert is_guessable(password, about) in (True, False)


def test_every_way_to_set_a_password_refuses_a_guessable_one(app, acting, cast):
    """Through the service behind each of them: page, link, invitation and command."""
    with acting(cast.ana) as actor:
        store = TenantAccountStore(db.session(), db.session.get_one(Account, cast.ana.id))
        for word in ("acme commissioning", "ana admin 2026", "password123"):
            with pytest.raises(CommonPassword):
                set_password(store=store, new=word, actor=actor)
            with pytest.raises(CommonPassword):
                change_password(
                    store=store, current=PASSWORD, new=word, keep_session=uuid4(), actor=actor
                )
            with pytest.raises(CommonPassword):
                create_account(
                    email="ana.admin@new.test",
                    name="Ana Admin",
                    role=Role.VIEWER,
                    password=word,
                    actor=actor,
                )
    with app.app_context(), platform_scope() as session, pytest.raises(CommonPassword):
        create_superadmin(
            session,
            email="root@new.test",
            name="Rita Root",
            password="Rita-Root-2026",
            actor=Actor("operator"),
        )


def test_the_page_says_why(client_of, cast):
    form = {"current": PASSWORD, "new": "Password123!", "again": "Password123!"}
    answer = client_of(cast.ana).post("/account/password", data=form)
    assert answer.status_code == 422
    assert "This password is easy to guess" in answer.text
