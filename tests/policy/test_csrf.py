"""No URL changes anything at the request of a foreign page: each requires the CSRF token.

The token may be in the body, so it is checked only for people who may send one: the bodies of
others are never read.
"""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.extensions import csrf, db
from app.models import Role
from app.web.guards import MAX_ANONYMOUS_BYTES
from tests.support.cast import Cast

SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def checking(app, monkeypatch):
    monkeypatch.setitem(app.config, "WTF_CSRF_ENABLED", True)
    return app


def writes(app):
    for rule in app.url_map.iter_rules():
        values = {}
        for argument in rule.arguments:
            converter = rule._converters[argument]
            words = sorted(getattr(converter, "items", ()))
            is_uuid = type(converter).__name__ == "UUIDConverter"
            values[argument] = uuid4() if is_uuid else next(iter(words), "x")
        with app.test_request_context():
            url = app.url_for(rule.endpoint, **values)
        for method in sorted((rule.methods or set()) - SAFE):
            yield rule.endpoint, method, url


def test_every_write_asks_for_the_token(checking, client_of, cast, anonymous):
    asked = 0
    for endpoint, method, url in writes(checking):
        guard = checking.view_functions[endpoint].guard
        client = anonymous
        if "public" not in guard:
            client = client_of(cast.sam if guard == {Role.SUPERADMIN} else cast.ana)
        for data in ({}, {"csrf_token": "made-up"}):
            answer = client.open(url, method=method, data=data)
            assert answer.status_code == 400, (endpoint, method, answer.status_code)
            asked += 1
    assert asked > 150


class Body:
    """A body of 8 MB that records whether it was read, and if so, in an open transaction."""

    def __init__(self) -> None:
        self.touched = self.held_a_transaction = False

    def read(self, *_size: int) -> bytes:
        self.touched = True
        self.held_a_transaction |= db.session().in_transaction()
        return b""

    readline = readinto = read


def send(client, method: str, url: str, *, size: int | None = 8_000_000, **headers: str):
    body = Body()
    environ: dict[str, object] = {
        "wsgi.input": body,
        "wsgi.input_terminated": True,  # as in gunicorn
        "CONTENT_TYPE": "multipart/form-data; boundary=x",
    }
    if size is not None:
        environ["CONTENT_LENGTH"] = str(size)
    answer = client.open(url, method=method, headers=headers, environ_overrides=environ)
    return answer.status_code, body


def send_untouched(client, method: str, url: str, **options):
    status, body = send(client, method, url, **options)
    return status, body.touched


def outsider(cast: Cast, guard: frozenset[Role]):
    """A signed-in person whose role is not allowed; None if all roles are."""
    people = (cast.vera, cast.tess, cast.max, cast.ana, cast.sam)
    return next((one for one in people if one.role not in guard), None)


def test_a_body_from_the_wrong_person_is_not_read(checking, client_of, cast, anonymous):
    asked = 0
    for endpoint, method, url in writes(checking):
        guard = checking.view_functions[endpoint].guard
        if "public" in guard:
            continue
        assert send_untouched(anonymous, method, url) == (303, False), endpoint
        fragment = send_untouched(anonymous, method, url, **{"HX-Request": "true"})
        assert fragment == (401, False), endpoint
        asked += 1
        if person := outsider(cast, guard):
            assert send_untouched(client_of(person), method, url) == (403, False), endpoint
    assert asked > 70


def test_anybody_may_send_a_small_form_and_no_more(checking, client_of, cast, anonymous):
    asked = 0
    for endpoint, method, url in writes(checking):
        if "public" not in checking.view_functions[endpoint].guard:
            continue
        for client in (anonymous, client_of(cast.tess)):
            for size in (MAX_ANONYMOUS_BYTES + 1, 8_000_000):
                assert send_untouched(client, method, url, size=size) == (413, False), endpoint
            chunked = {"Transfer-Encoding": "chunked"}
            assert send_untouched(client, method, url, size=None, **chunked) == (411, False)
            assert send_untouched(client, method, url, size=MAX_ANONYMOUS_BYTES) == (400, True)
        asked += 1
    assert asked >= 8


def test_no_connection_waits_for_a_large_body(checking, client_of, cast):
    """A slow phone takes longer than PostgreSQL's limit for idle transactions."""
    asked = 0
    for endpoint, method, url in writes(checking):
        guard = checking.view_functions[endpoint].guard
        if "public" in guard:
            continue
        client = client_of(cast.sam if guard == {Role.SUPERADMIN} else cast.ana)
        for size in (MAX_ANONYMOUS_BYTES + 1, None):
            status, body = send(client, method, url, size=size)
            assert (status, body.touched, body.held_a_transaction) == (400, True, False), endpoint
        asked += 1
    assert asked > 70


def test_nothing_is_exempt():
    assert not csrf._exempt_views and not csrf._exempt_blueprints
