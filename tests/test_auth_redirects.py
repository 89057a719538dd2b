"""Where a login may lead: only to a path of ours."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.auth.redirects import safe_next
from tests.cast import PASSWORD

EVIL = [
    "//evil.test", "///evil.test", "////evil.test", "/\\evil.test", "\\\\evil.test", "\\/evil.test",
    "/\\/evil.test", "http://evil.test", "https://evil.test", "https:evil.test", "http:///evil.test",
    "HTTPS://evil.test", "javascript:alert(1)", "data:text/html,x", "evil.test", "@evil.test",
    "%2F%2Fevil.test", "/%2Fevil.test", "/%5Cevil.test", "/%252Fevil.test", "/%09/evil.test",
    "/\t/evil.test", "/%0d%0aLocation:%20https://evil.test", "/\r\nSet-Cookie: a=b", " //evil.test",
    "/ /evil.test", "/\u2028/evil.test", "/%00", "", None, "?next=/", "#x", "/" + "a" * 3000,
]  # fmt: skip
GOOD = [
    "/",
    "/projects/",
    "/projects/?search=a&page=2",
    "/reports/7/fill?at=x",
    "/a%20b".replace("%20", "-"),
]


@pytest.mark.parametrize("value", EVIL)
def test_evil_places_are_refused(value):
    assert safe_next(value) is None


@pytest.mark.parametrize("value", GOOD)
def test_our_own_paths_pass_unchanged(value):
    assert safe_next(value) == value


@given(st.text(max_size=40))
def test_whatever_passes_is_a_path_on_this_host(value):
    passed = safe_next(value)
    if passed is not None:
        assert passed == value and passed[0] == "/" and passed[:2] not in ("//", "/\\")


@pytest.mark.parametrize("value", [value for value in EVIL if value])
def test_a_login_leads_no_evil_place(client_of, anonymous, cast, value):
    """Through the doors that take one: the page of the login, its form, and who is in already."""
    address = "/login?" + urlencode({"next": value})
    assert 'name="next" value=""' in anonymous.get(address).text
    assert client_of(cast.ana).get(address).location == "/"
    data = {"email": cast.ana.email, "password": PASSWORD, "next": value}
    assert anonymous.post("/login", data=data).location == "/"
