"""The account page as a hub: its links and states. Its forms are tested in test_routes.py."""

from __future__ import annotations

import re

from tests.conftest import signed_in_client
from tests.support.logins import HTMX, a_person, with_totp

PAGES = ("password", "second-factor", "devices", "sign-ins")


def rows(page):
    return re.findall(r'<a class="row-title" href="([^"]+)"', page)


def test_the_account_page_links_to_every_account_page(client_of, cast):
    for person in (cast.ana, cast.max, cast.tess, cast.vera):
        client = client_of(person)
        found = rows(client.get("/account").text)
        assert found[:4] == [f"/account/{name}" for name in PAGES]
        assert found[4:] == ["/offline", "/account/mails", "/people/roles"]
        assert [client.get(url).status_code for url in found] == [200] * 7


def test_a_superadmin_sees_no_company_links(client_of, cast):
    client = client_of(cast.sam)
    found = rows(client.get("/account").text)
    assert found == [f"/account/{name}" for name in PAGES]
    assert [client.get(url).status_code for url in found] == [200] * 4


def test_it_says_whether_the_second_factor_is_on(app, acting, cast):
    nina = a_person(acting, cast)
    client = signed_in_client(app, nina)
    assert "pill-done" not in client.get("/account").text
    with_totp(acting, nina)
    assert "pill-done" in client.get("/account").text


def test_the_password_page_and_its_fragment_agree(client_of, cast):
    client = client_of(cast.tess)
    page, fragment = client.get("/account/password"), client.get("/account/password", headers=HTMX)
    assert '<div id="password">' in page.text and "<html" in page.text
    assert '<div id="password">' in fragment.text and "<html" not in fragment.text


def test_a_password_manager_gets_the_username(client_of, cast):
    page = client_of(cast.tess).get("/account/password").text
    assert f'autocomplete="username" value="{cast.tess.email}"' in page
    assert page.count('autocomplete="new-password"') == 2
    assert page.count('autocomplete="current-password"') == 1


def test_the_pages_need_a_login(anonymous):
    for name in ("", *(f"/{one}" for one in PAGES)):
        assert anonymous.get(f"/account{name}").location.startswith("/login?next=/account")
