"""No address changes anything for a page of somebody else's: each asks for the token of its form."""

from __future__ import annotations

from uuid import uuid4

import pytest

from app.extensions import csrf
from app.models import Role

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


def test_nothing_is_exempt():
    assert not csrf._exempt_views and not csrf._exempt_blueprints
