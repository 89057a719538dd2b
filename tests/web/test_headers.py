"""Security headers and the request id on every kind of response; requests from other sites."""

from __future__ import annotations

import pytest

from app.web.headers import HEADERS
from tests.conftest import settings_for


@pytest.mark.parametrize("url", ["/", "/login", "/nothing", "/health", "/api/v1/", "/account"])
def test_every_answer_carries_them(anonymous, url):
    answer = anonymous.get(url)
    for name, value in HEADERS.items():
        assert answer.headers[name] == value
    assert len(answer.headers["X-Request-ID"]) >= 8
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_the_policy_allows_no_inline_or_foreign_code():
    policy = HEADERS["Content-Security-Policy"]
    assert "unsafe" not in policy and "http" not in policy and "*" not in policy
    assert "default-src 'none'" in policy and "frame-ancestors 'none'" in policy


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a-good-id-1234", True), ("short", False), ("x" * 65, False), ("<b>evil</b>!!", False)],
)
def test_a_valid_request_id_is_kept(anonymous, given, kept):
    answer = anonymous.get("/nothing", headers={"X-Request-ID": given})
    assert (answer.headers["X-Request-ID"] == given) is kept
    assert answer.headers["X-Request-ID"] in answer.text


def test_pages_name_it_for_scripts(anonymous):
    answer = anonymous.get("/login")
    assert f'name="request-id" content="{answer.headers["X-Request-ID"]}"' in answer.text


def test_https_is_remembered_and_http_is_not(anonymous):
    assert "Strict-Transport-Security" not in anonymous.get("/login").headers
    secure = anonymous.get("/login", base_url="https://laudo.test")
    assert "max-age" in secure.headers["Strict-Transport-Security"]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_another_sites_page_may_not_change_anything(client_of, cast, method):
    client = client_of(cast.max)
    headers = {"Sec-Fetch-Site": "cross-site"}
    refused = client.open("/projects/", method=method, headers=headers, data={"name": "Theirs"})
    assert refused.status_code == 403
    assert "came from another site" in refused.text


@pytest.mark.parametrize("site", ["same-origin", "same-site", "none", None])
def test_our_own_pages_may(client_of, cast, site):
    headers = {"Sec-Fetch-Site": site} if site else {}
    answer = client_of(cast.max).post("/projects/", headers=headers, data={"name": "Ours"})
    assert answer.status_code == 303


def test_a_link_from_another_site_opens(anonymous):
    assert anonymous.get("/login", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


@pytest.mark.parametrize("url", ["/projects/?search=%00", "/%00", "/login?next=%00"])
def test_a_nul_in_an_address_is_refused(client_of, cast, url):
    assert client_of(cast.max).get(url).status_code in (400, 404)


def test_invalid_bytes_in_an_address_cause_no_error(client_of, cast):
    client = client_of(cast.max)
    for url in ("/projects/?search=%ff%fe", "/projects/?search=%ed%a0%80", "/projects/?page=%00"):
        assert client.get(url).status_code < 500


def test_only_trusted_hosts_are_answered(database, tmp_path):
    from app import create_app

    app = create_app(settings_for(database, tmp_path, trusted_hosts=("laudo.test",)))
    client = app.test_client()
    assert client.get("/login", base_url="http://laudo.test").status_code == 200
    assert client.get("/login", base_url="http://evil.test").status_code == 400


def test_the_cookie_is_bound_to_https_where_laudo_is(database, tmp_path):
    from app import create_app

    app = create_app(settings_for(database, tmp_path, base_url="https://laudo.test"))
    cookie = app.test_client().get("/login", base_url="https://laudo.test").headers["Set-Cookie"]
    assert cookie.startswith("__Host-session=")
    for part in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert part in cookie
    assert "Domain" not in cookie
