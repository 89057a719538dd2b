"""No route breaks: each accepts or refuses every hostile request.

`make test` sends eight to each route; `make fuzz EXAMPLES=1000` sends more. They are mutations of
the valid requests that the pages offer for the route, so that hostile values reach the code behind
the first checks.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import run_wsgi_app

from app.extensions import limiter
from app.tenancy import _tenant
from tests.fuzz.strikes import STRIKES, Request, environ_of, mutated
from tests.fuzz.watching import ROUTE_EXAMPLES, watchdog
from tests.fuzz.world import NOBODY, PEOPLE, World, a_world, as_before

pytestmark = pytest.mark.xdist_group("fuzz")

TABLE = Path(__file__).resolve().parents[1] / "policy" / "routes.csv"
# The answers to valid requests here: there is no worker, no passkey device and no authenticator,
# and the anonymous visitor has given no password and followed no link.
UNWELL = {
    "health.ready": 503,
    "auth.add_passkey": 422,
    "auth.log_in_by_passkey": 422,
    "auth.offer_passkey_step": 422,
    "auth.confirm_totp": 422,
    "auth.new_password": 404,
    "auth.set_new_password": 404,
    "operations.session": 401,
    # The link of the world asks for no code word.
    "witnessing.give_code": 422,
    # A kind that only a later release knows.
    "operations.send": 501,
}
# Forms of pages in states that this world lacks: a step done halfway, open support access, a
# pending deletion, a link with a code word. They have only a button, except a login's second step
# and the code word.
BARE = {
    "auth.offer_passkey_step",
    "auth.take_passkey_step",
    "auth.take_second_step",
    "exports.company_create",
    "home.resume_steps",
    "home.skip_step",
    "platform.cancel_deletion",
    "platform.end_support",
    "platform.end_visit",
    "projects.move_checklist",
    "projects.reopen",
    "witnessing.give_code",
}
# One of each kind that may break a form parser. Every field gets every one of them.
ODD = (" ", "x", "\x00", "\ud800", "9" * 400, "0001-01-01")
WORN_OUT = 6_000
LEAKS = (
    "Traceback (most recent call last)",
    "psycopg2.errors",
    "sqlalchemy.exc",
    "/site-packages/",
)


def roles() -> dict[str, set[str]]:
    """The permitted roles by endpoint. tests/policy/test_guards.py checks the table."""
    with TABLE.open() as file:
        table = {row["endpoint"]: set(row["roles"].split()) for row in csv.DictReader(file)}
    return {**table, "static": {"public"}}


def allowed_roles(endpoint: str) -> str:
    allowed = roles()[endpoint]
    return NOBODY if "public" in allowed else "sam" if allowed == {"superadmin"} else "ana"


@pytest.fixture(scope="module")
def worlds(tmp_path_factory) -> Iterator[Callable[[], World]]:
    with ExitStack() as stack:
        yield partial(_lasting_world, stack, tmp_path_factory, [])


@pytest.fixture
def world(worlds) -> World:
    return worlds()


def _lasting_world(stack: ExitStack, folders: pytest.TempPathFactory, made: list[World]) -> World:
    """Reuse one world for many strikes, then replace it.

    Rows that were rolled back stay in the tables until the outer transaction ends, and every strike
    reads past them: after ten thousand strikes, one takes six times as long.
    """
    if not made or made[-1].strikes > WORN_OUT:
        stack.close()
        made.append(stack.enter_context(a_world(folders.mktemp("fuzz"))))
    return made[-1]


@contextmanager
def undone(world: World, person: str, method: str) -> Iterator[None]:
    """Undo the changes of a request, so that every request finds the same rows."""
    world.strikes += 1
    savepoint = world.connection.begin_nested()
    try:
        yield
        # A failed transaction that is not rolled back would leave the connection unusable.
        world.connection.exec_driver_sql("select 1")
    finally:
        savepoint.rollback()
        if person == "sam" and method not in ("GET", "HEAD", "OPTIONS"):
            as_before(world)


def answer(world: World, request: Request, cookie: str) -> tuple[int, bytes]:
    """Status and body, straight from the WSGI callable."""
    with watchdog():
        chunks, status, _headers = run_wsgi_app(
            world.app.wsgi_app, environ_of(request, cookie), buffered=True
        )
        body = b"".join(chunks)
    return int(status.split(" ", 1)[0]), body


def tokens(world: World, person: str) -> dict[str, str | None]:
    """Ways to get the CSRF token; None turns the check off."""
    return {"off": None, "right": world.tokens[person], "none": "", "wrong": "a.b.c", "odd": "\xff"}


CSRF = st.sampled_from((*["off"] * 8, "right", "none", "wrong", "odd"))


@pytest.mark.parametrize("endpoint", roles())
def test_no_route_breaks(world, endpoint):
    good = world.good_requests(endpoint)
    assert good

    @settings(
        max_examples=ROUTE_EXAMPLES,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.integers(0, len(good) - 1), st.sampled_from(PEOPLE), CSRF, STRIKES)
    def strike(which, person, csrf, mutations):
        request = good[which]
        token = tokens(world, person)[csrf]
        if token is not None:
            request = mutated(request, [("more", 0, ("csrf_token", token))])
        request = mutated(request, mutations)
        world.app.config["WTF_CSRF_ENABLED"] = token is not None
        try:
            with undone(world, person, request.method):
                status, body = answer(world, request, world.cookies[person])
        finally:
            world.app.config["WTF_CSRF_ENABLED"] = False
        assert_not_broken(endpoint, status, body)

    strike()


def assert_not_broken(endpoint: str, status: int, body: bytes) -> None:
    assert status < 500 or status == UNWELL.get(endpoint), body[:500]
    assert not any(leak.encode() in body for leak in LEAKS)
    assert _tenant.get() is None


@pytest.mark.parametrize("endpoint", roles())
def test_every_field_takes_odd_texts(world, endpoint, monkeypatch):
    """Random strikes needed a thousand tries to put a space into the one list that it broke."""
    monkeypatch.setattr(limiter, "enabled", False)
    person = allowed_roles(endpoint)
    cookie, done = world.cookies[person], set()
    for request in world.good_requests(endpoint):
        for at, (name, _good) in enumerate(request.fields):
            if name in done:
                continue
            done.add(name)
            for text in ODD:
                with undone(world, person, request.method):
                    assert_not_broken(endpoint, *answer(world, odd(request, at, text), cookie))


def odd(request: Request, at: int, text: str) -> Request:
    # Without pictures, because cleaning a logo in a child process takes half a second.
    return mutated(replace(request, files=()), [("value", at, text)])


@pytest.mark.parametrize("endpoint", roles())
def test_the_valid_request_is_accepted(world, endpoint, monkeypatch):
    """The control: strikes start from accepted requests, so they reach the inner code."""
    # Earlier strikes may have used up the rate limit of this minute.
    monkeypatch.setattr(limiter, "enabled", False)
    person = allowed_roles(endpoint)
    statuses = set()
    for request in world.good_requests(endpoint):
        with undone(world, person, request.method):
            status, _body = answer(world, request, world.cookies[person])
        if status < 400 or status == UNWELL.get(endpoint):
            return
        statuses.add(status)
    raise AssertionError(statuses)


def test_every_form_of_every_page_has_a_route(world):
    assert world.lost == []


def test_every_post_is_a_form_of_some_page(world):
    """Otherwise its strikes would start from an empty request, which only BARE endpoints accept."""
    posts = {rule.endpoint for rule in world.app.url_map.iter_rules() if "POST" in rule.methods}
    missing = sorted(posts - world.forms.keys() - world.scripted.keys() - BARE)
    assert not missing, "\n" + "\n".join(missing)
