"""What a password costs in earnest (the rest of the suite makes cheap ones), and which are refused."""

from __future__ import annotations

from itertools import product
from secrets import token_urlsafe
from string import ascii_lowercase
from uuid import uuid4

import pytest
from argon2 import Type, extract_parameters
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY
from hypothesis import given
from hypothesis import strategies as st
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from app.auth.doors import TenantDoor
from app.auth.guessable import is_guessable
from app.auth.passwords import (
    MAX_LENGTH,
    MIN_LENGTH,
    CommonPassword,
    hash_password,
    unknown_hash,
)
from app.auth.service import change_password, set_password
from app.extensions import db
from app.models import Account, Actor, Role
from app.platform.service import create_superadmin
from app.team.service import create_account
from app.tenancy import platform_scope
from tests.cast import PASSWORD
from tests.cheap_passwords import REAL


def test_a_hash_costs_what_rfc_9106_recommends():
    least = RFC_9106_LOW_MEMORY
    assert least.type is Type.ID
    assert REAL.hash("a good long sentence").startswith(
        f"$argon2id$v={least.version}$m={least.memory_cost},t={least.time_cost},p={least.parallelism}$"
    )


def test_nobody_costs_what_somebody_does():
    """Else the time of an answer would tell which addresses have an account."""
    nobody = unknown_hash(REAL)
    somebody = REAL.hash("a good long sentence")
    assert extract_parameters(nobody) == extract_parameters(somebody)
    assert len(nobody) == len(somebody)
    with pytest.raises(VerifyMismatchError):
        REAL.verify(nobody, "a good long sentence")


# --- what is guessed first -----------------------------------------------------------------

COMMON = FREQUENCY_LISTS["passwords"]
ANA = ("ana.admin@acme-works.test", "Ana Admin", "Acme Commissioning")
PAST_LIMITS = [one for one in COMMON if len(one) >= MIN_LENGTH]


def test_every_common_password_is_refused_whatever_stands_around_it():
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
        "Password1!", "PASSWORD!!1", "P@ssw0rd123", "p4ssw0rd2026", "pässwörd-99", "1234567890",
        "qwertyuiop", "passwordpassword", "password password", "aaaaaaaaaa", "1212121212",
        "Acme Commissioning", "AcmeCommissioning1!", "acme-2026-acme", "Commissioning#1",
        "ana.admin12", "AnaAdmin2026", "1!ana_admin!1", "acme-works-01", "Laudo12345!",
        "SenhaSenha1", "Ａｃｍｅ123456",
    ],
)  # fmt: skip
def test_decorated_forms_and_what_is_known_of_somebody_are_refused(password):
    with pytest.raises(CommonPassword, match="such as a short sentence"):
        hash_password(password, *ANA)


@pytest.mark.parametrize("row", ["1234567890", ascii_lowercase, "qwertyuiop", "asdfghjkl"])
def test_a_run_along_a_row_is_refused_wherever_it_begins_and_ends(row):
    let_through = []
    for way in (row, row[::-1]):
        for start, length in product(range(len(row)), (MIN_LENGTH, 12, 15, 20)):
            run = (way * 4)[start : start + length]
            let_through += [one for one in (run, run.upper(), f"{run}!1") if not is_guessable(one)]
    assert let_through == []


@pytest.mark.parametrize(
    "password",
    [
        "correct horse battery", "another good sentence", "a good long sentence", "8392014756",
        "acme pays its bills late", "xK4-9fPq_w7T", "ana likes green pears", "Tür & Tor 47 auf",
    ],
)  # fmt: skip
def test_a_sentence_of_ones_own_is_taken_even_with_such_a_word_in_it(password):
    assert hash_password(password, *ANA).startswith("$argon2id$")


def test_made_passwords_are_taken():
    assert not any(is_guessable(token_urlsafe(12), ANA) for _ in range(500))
    assert not any(is_guessable(token_urlsafe(8)[:MIN_LENGTH], ANA) for _ in range(500))


@given(st.text(max_size=MAX_LENGTH + 50), st.lists(st.text(max_size=60), max_size=4))
def test_any_text_gets_an_answer(password, about):
    assert is_guessable(password, about) in (True, False)


def test_every_way_to_a_new_password_refuses_a_guessable_one(app, acting, cast):
    """By the service that each of them ends in: page, link, invitation and command."""
    with acting(cast.ana) as actor:
        door = TenantDoor(db.session(), db.session.get_one(Account, cast.ana.id))
        for word in ("acme commissioning", "ana admin 2026", "password123"):
            with pytest.raises(CommonPassword):
                set_password(door=door, new=word, actor=actor)
            with pytest.raises(CommonPassword):
                change_password(
                    door=door, current=PASSWORD, new=word, keep_session=uuid4(), actor=actor
                )
            with pytest.raises(CommonPassword):
                create_account(
                    email="ana.admin@new.test", name="Ana Admin", role=Role.VIEWER,
                    password=word, actor=actor,
                )  # fmt: skip
    with app.app_context(), platform_scope() as session, pytest.raises(CommonPassword):
        create_superadmin(
            session, email="root@new.test", name="Rita Root", password="Rita-Root-2026",
            actor=Actor("operator"),
        )  # fmt: skip


def test_the_page_says_why(client_of, cast):
    form = {"current": PASSWORD, "new": "Password123!", "again": "Password123!"}
    answer = client_of(cast.ana).post("/account/password", data=form)
    assert answer.status_code == 422
    assert "This password is easy to guess" in answer.text
