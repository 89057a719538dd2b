"""A trusted proxy may set the client's address and the scheme, and nothing else."""

from __future__ import annotations

import pytest
from flask import request

from app import create_app
from app.web.tries import address_key
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


@pytest.mark.parametrize(
    ("seen", "key"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("203.0.113.9:51234", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2::1]:443", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("unknown", "unknown"),
        ("", ""),
    ],
)
def test_tries_are_counted_for_whoever_holds_the_address(app, seen, key):
    """Nobody gets more tries by another port or by another address of the same network."""
    with app.test_request_context(environ_base={"REMOTE_ADDR": seen}):
        assert address_key() == key


PATHS = ("/v/", f"/v/{'0' * 32}", "/w/unknown")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("hops", "chain"),
    [
        (0, "{lie}"),
        (1, "{lie}, 203.0.113.{who}"),
        (2, "{lie}, 203.0.113.{who}, 192.0.2.1"),
        (2, "{lie}, {lie}, 203.0.113.{who}:{port}, 192.0.2.1"),
    ],
)
def test_a_client_cannot_lie_its_way_past_the_limits_of_public_pages(
    database, tmp_path, hops, chain, path
):
    app = create_app(settings_for(database, tmp_path / "storage", proxy_hops=hops))
    app.config["CHECKS_PER_MINUTE"] = 3
    client = app.test_client()
    who = 10 + 10 * hops + PATHS.index(path) + 5 * ("port" in chain)
    client.environ_base["REMOTE_ADDR"] = f"192.0.2.{who}"

    def ask(number: int, person: int = who) -> int:
        named = chain.format(lie=f"6.6.6.{number}", who=person, port=50000 + number)
        headers = {"X-Forwarded-For": named, "X-Real-IP": f"6.6.6.{number}"}
        return client.get(path, headers=headers).status_code

    statuses = [ask(number) for number in range(5)]
    assert statuses[3:] == [429, 429] and 429 not in statuses[:3]
    if hops:
        assert ask(9, person=who + 100) != 429, "others behind the same proxies are not shut out"
