"""Signed values stay valid: existing links and cookies depend on salt and digest."""

from __future__ import annotations

from uuid import UUID

import pytest
from flask import Flask
from itsdangerous import BadData, SignatureExpired

from app.signing import FILE_LINK, HALF_WAY, INVITATION_LINK, KNOWN_BROWSER, RESET_LINK

SIGNED_AT = 1_780_000_000
# Signed at that second by older code, before all signers were in one module.
TIMED = {
    FILE_LINK: ({"a": "1"}, "eyJhIjoiMSJ9.ahilAA.dn3jEMuVILi4o_E47-3sHSQiyK6XT7PTF0LDbGRb_6A"),
    HALF_WAY: (
        [None, "ab", "cd"],
        "W251bGwsImFiIiwiY2QiXQ.ahilAA.GD1EuAdYVIEaI4Y19N-Dz84pMaw0JFX-r4S59CB7OxA",
    ),
    KNOWN_BROWSER: (
        ["browser", ["m"]],
        "WyJicm93c2VyIixbIm0iXV0.ahilAA.rc5pzVgl-U6JZqs3HWP8gcj5_ydwCNi0cOF8NZRqYEg",
    ),
}
LIFETIMES = {FILE_LINK: 300, HALF_WAY: 300, KNOWN_BROWSER: 180 * 24 * 3600}
ROWS = {
    INVITATION_LINK: (
        (UUID(int=7), 3),
        ".eJyLVjLAD8yVdIxjAY-EB2M.-WjnSpFj2prLylleRb42UXaalLF0Z0JAXPI89STiFQU",
    ),
    RESET_LINK: (
        (UUID(int=7), 1),
        ".eJyLVjLAD8yVdAxjAY-AB2E.1vz17ADQ-qKs0j4Jhew7ptAh1V0oBvMOHuoX75v7bRw",
    ),
}


@pytest.fixture(autouse=True)
def secret():
    app = Flask(__name__)
    app.secret_key = "a secret of the test"
    with app.app_context():
        yield


@pytest.fixture
def at(monkeypatch):
    """`at(seconds)` sets the clock to that long after the signing."""
    return lambda seconds: monkeypatch.setattr(
        "itsdangerous.timed.time.time", lambda: SIGNED_AT + seconds
    )


@pytest.mark.parametrize("use", TIMED, ids=lambda use: use.salt)
def test_an_old_value_is_read_while_it_is_valid(use, at):
    value, token = TIMED[use]
    at(0)
    assert use.sign(value) == token
    at(LIFETIMES[use])
    assert use.read(token) == value
    at(LIFETIMES[use] + 1)
    with pytest.raises(SignatureExpired):
        use.read(token)


@pytest.mark.parametrize("kind", ROWS, ids=lambda kind: kind.salt)
def test_an_old_link_names_its_row(kind):
    row, token = ROWS[kind]
    assert kind.sign(*row) == token
    assert kind.read(token) == row


@pytest.mark.parametrize("use", TIMED, ids=lambda use: use.salt)
def test_no_use_reads_a_value_signed_for_another(use, at):
    at(0)
    for other, (_value, token) in TIMED.items():
        if other is not use:
            with pytest.raises(BadData):
                use.read(token)


def test_no_kind_of_link_opens_another():
    assert INVITATION_LINK.read(ROWS[RESET_LINK][1]) is None
    assert RESET_LINK.read(ROWS[INVITATION_LINK][1]) is None
