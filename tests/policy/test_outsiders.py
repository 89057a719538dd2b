"""Pages for people without an account: whatever goes wrong at their addresses, the answer knows
nobody, sets no cookie and has the headers of the page itself.

The addresses come from the URL map: each impersonal view, and what is typed or cut beside it.
"""

from __future__ import annotations

import pytest
from sqlalchemy.exc import OperationalError

from tests.policy.route_table import addresses, views

UNLISTED = {"checking", "witnessing"}
NOBODY = {"HTTP_COOKIE": "session=forged"}


def outsiders(app):
    """Endpoint, method and address of each view that lets everybody in as nobody."""
    for endpoint, method, url in addresses(app):
        if getattr(views(app)[endpoint], "impersonal", False):
            yield endpoint, method, url


def wrong_turns(app):
    """Each address below the fixed part of an outsiders' page that no view has, or not so."""
    for endpoint, _method, url in outsiders(app):
        for method in ("PUT", "DELETE", "POST"):
            yield endpoint, method, url
        if url.count("/") > 1 and "<" in next(one.rule for one in app.url_map.iter_rules(endpoint)):
            start = url[: url.index("/", 1) + 1]
            for rest in ("x/y/z", "%ff", "a%00b", "..%2f", "x" * 3000):
                yield endpoint, "GET", start + rest


def check(answer, endpoint, *what):
    assert "Set-Cookie" not in answer.headers, (endpoint, *what, answer.status)
    assert "Tess" not in answer.text, (endpoint, *what)
    if endpoint.partition(".")[0] in UNLISTED:
        found = {name: answer.headers.get(name) for name in ("X-Robots-Tag", "Referrer-Policy")}
        assert found == {
            "X-Robots-Tag": "noindex, nofollow, noarchive",
            "Referrer-Policy": "no-referrer",
        }, (endpoint, *what, answer.status)
        assert "Accept-Language" in answer.vary, (endpoint, *what)
        kept = answer.headers["Cache-Control"]
        assert "no-store" in kept or endpoint == "checking.verifier", (endpoint, *what)


def test_there_are_such_pages(app):
    names = {endpoint.partition(".")[0] for endpoint, _method, _url in outsiders(app)}
    assert names >= UNLISTED


def test_wrong_addresses_and_methods_know_nobody(app, cast, client_of, anonymous):
    seen = set()
    for client in (client_of(cast.tess), anonymous):
        for endpoint, method, url in wrong_turns(app):
            answer = client.open(url, method=method)
            check(answer, endpoint, method, url[:80])
            seen.add(answer.status_code)
    assert {400, 404, 405} <= seen


@pytest.mark.parametrize(
    ("raised", "status"),
    [(RuntimeError("broken"), 500), (OperationalError("", {}, Exception("gone")), 503)],
    ids=["500", "503"],
)
def test_failures_know_nobody(app, cast, client_of, monkeypatch, raised, status):
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", False)

    def fail(*_values, **_more):
        raise raised

    client = client_of(cast.tess)
    for endpoint, method, url in outsiders(app):
        if method == "OPTIONS":
            continue
        monkeypatch.setitem(app.view_functions, endpoint, marked_as(views(app)[endpoint], fail))
        answer = client.open(url, method=method)
        assert answer.status_code == status, (endpoint, method)
        check(answer, endpoint, method)


def marked_as(view, fail):
    """A view that fails, with the marks of another one."""

    def failing(*values, **more):
        fail()

    failing.__dict__.update(view.__dict__)
    return failing


def test_too_many_requests_know_nobody(app, cast, client_of, monkeypatch):
    monkeypatch.setitem(app.config, "CHECKS_PER_MINUTE", 0)
    monkeypatch.setitem(app.config, "LOGIN_TRIES_PER_MINUTE", 0)
    client = client_of(cast.tess)
    limited = set()
    for endpoint, method, url in outsiders(app):
        answer = client.open(url, method=method, environ_base={"REMOTE_ADDR": "198.51.100.77"})
        if answer.status_code == 429:
            limited.add(endpoint)
            check(answer, endpoint, method)
    assert limited >= {"checking.index", "checking.show", "witnessing.open"}


def test_errors_are_in_the_language_of_the_address(anonymous):
    for query, accepts, lang in (("", "pt-BR", "pt-BR"), ("?lang=pt_BR", "en", "pt-BR")):
        answer = anonymous.post(f"/v/x{query}", headers={"Accept-Language": accepts})
        assert answer.status_code == 405
        assert f'<html lang="{lang}">' in answer.text
        assert "Este endereço" in answer.text


def test_others_pages_keep_their_errors(client_of, cast):
    """Only outsiders' addresses lose the person."""
    answer = client_of(cast.tess).get("/reports/none/of/these")
    assert answer.status_code == 404
    assert "X-Robots-Tag" not in answer.headers
    assert answer.headers["Referrer-Policy"] == "same-origin"
