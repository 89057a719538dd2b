"""A login may redirect only to a path of this app."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.redirects import safe_next
from tests.support.cast import PASSWORD
from tests.support.redirects import EVIL

GOOD = [
    "/",
    "/projects/",
    "/projects/?search=a&page=2",
    "/reports/7/fill?at=x",
    "/a%20b".replace("%20", "-"),
]


@pytest.mark.parametrize("value", EVIL)
def test_unsafe_targets_are_refused(value):
    assert safe_next(value) is None


@pytest.mark.parametrize("value", GOOD)
def test_local_paths_pass_unchanged(value):
    assert safe_next(value) == value


@given(st.text(max_size=40))
def test_every_accepted_target_is_a_path_on_this_host(value):
    passed = safe_next(value)
    if passed is not None:
        assert passed == value and passed[0] == "/" and passed[:2] not in ("//", "/\\")


@pytest.mark.parametrize("value", [value for value in EVIL if value])
def test_a_login_never_redirects_to_an_unsafe_target(client_of, anonymous, cast, value):
    """For the login page, its form, and a user who is already logged in."""
    address = "/login?" + urlencode({"next": value})
    assert 'name="next" value=""' in anonymous.get(address).text
    assert client_of(cast.ana).get(address).location == "/"
    data = {"email": cast.ana.email, "password": PASSWORD, "next": value}
    assert anonymous.post("/login", data=data).location == "/"
