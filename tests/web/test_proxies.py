"""A trusted proxy may set the client's address and the scheme, and nothing else."""

from __future__ import annotations

import pytest
from flask import request

from app import create_app
from tests.conftest import settings_for

FORWARDED = {
    "X-Forwarded-For": "6.6.6.6, 203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "666",
    "X-Forwarded-Prefix": "/evil",
    "Forwarded": "for=6.6.6.6;host=evil.example;proto=https",
    "X-Real-IP": "6.6.6.6",
}


def seen_behind(
    hops: int, database: str, tmp_path, headers: dict[str, str]
) -> dict[str, str | None]:
    app = create_app(settings_for(database, tmp_path / "storage", proxy_hops=hops))
    seen: dict[str, str | None] = {}

    @app.before_request
    def note() -> None:
        seen.update(
            address=request.remote_addr,
            scheme=request.scheme,
            host=request.host,
            root=request.script_root,
            url=request.base_url,
        )

    app.test_client().get("/api/v1/", headers=headers)
    return seen


def test_the_host_name_is_never_taken_from_a_forwarded_header(database, tmp_path):
    """It is used in links that are mailed to people. A proxy must pass it on as Host."""
    assert seen_behind(1, database, tmp_path, FORWARDED) == {
        "address": "203.0.113.9",
        "scheme": "https",
        "host": "localhost",
        "root": "",
        "url": "https://localhost/api/v1/",
    }


@pytest.mark.parametrize(
    ("hops", "address"), [(0, "127.0.0.1"), (1, "203.0.113.9"), (2, "6.6.6.6")]
)
def test_only_the_configured_number_of_proxies_is_trusted(database, tmp_path, hops, address):
    only = {"X-Forwarded-For": FORWARDED["X-Forwarded-For"]}
    assert seen_behind(hops, database, tmp_path, only)["address"] == address


def test_without_a_proxy_no_header_is_trusted(database, tmp_path):
    assert seen_behind(0, database, tmp_path, FORWARDED) == {
        "address": "127.0.0.1",
        "scheme": "http",
        "host": "localhost",
        "root": "",
        "url": "http://localhost/api/v1/",
    }
