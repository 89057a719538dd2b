"""Whatever arrives, no route breaks: each takes or refuses every hostile request.

`make fuzz EXAMPLES=1000` looks longer. A route is struck from the good requests that the pages
offer for it, so that hostile values reach the code behind the first checks.
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
from tests.fuzz.strikes import STRIKES, Request, environ_of, struck
from tests.fuzz.watching import EXAMPLES, watchdog
from tests.fuzz.world import NOBODY, PEOPLE, World, a_world, as_before

pytestmark = pytest.mark.xdist_group("fuzz")

TABLE = Path(__file__).resolve().parents[1] / "policy" / "routes.csv"
# What the best request gets here: no worker runs, no device signs for a passkey or makes codes, and
# whoever is nobody gave no password and followed no link for a new one first.
UNWELL = {
    "home.ready": 503, "auth.add_passkey": 422, "auth.log_in_by_passkey": 422,
    "auth.offer_passkey_step": 422, "auth.confirm_totp": 422,
    "auth.new_password": 404, "auth.set_new_password": 404,
}  # fmt: skip
# Forms of pages in a state that this world is not in: a step done halfway, an open look, a deletion
# that waits. They have a button and no words, but for a login's second step.
BARE = {
    "auth.offer_passkey_step", "auth.take_passkey_step", "auth.take_second_step",
    "company.export_create", "home.resume_steps", "home.skip_step", "platform.cancel_deletion",
    "platform.end_support", "platform.end_visit", "projects.move_checklist", "projects.reopen",
}  # fmt: skip
# One of each kind that a reader of forms may trip over; each field takes each of them, for certain.
ODD = (" ", "x", "\x00", "\ud800", "9" * 400, "0001-01-01")
WORN_OUT = 6_000
LEAKS = (
    "Traceback (most recent call last)",
    "psycopg2.errors",
    "sqlalchemy.exc",
    "/site-packages/",
)


def roles() -> dict[str, set[str]]:
    """Who may, by endpoint; tests/policy/test_guards.py holds the table against the app."""
    with TABLE.open() as file:
        table = {row["endpoint"]: set(row["roles"].split()) for row in csv.DictReader(file)}
    return {**table, "static": {"public"}}


def who_may(endpoint: str) -> str:
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
    """The same one until it wears out.

    Rows that were taken back stay in the tables until the outer transaction ends, and each strike
    then reads past them all: after ten thousand one takes six times as long.
    """
    if not made or made[-1].strikes > WORN_OUT:
        stack.close()
        made.append(stack.enter_context(a_world(folders.mktemp("fuzz"))))
    return made[-1]


@contextmanager
def undone(world: World, person: str, method: str) -> Iterator[None]:
    """What a request changed is taken back, so that each one meets the same rows."""
    world.strikes += 1
    savepoint = world.connection.begin_nested()
    try:
        yield
        # The one way in which a database can be left unusable: a failed transaction, not undone.
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
    """Ways to answer for the CSRF token; None switches the question off."""
    return {"off": None, "right": world.tokens[person], "none": "", "wrong": "a.b.c", "odd": "\xff"}


CSRF = st.sampled_from((*["off"] * 8, "right", "none", "wrong", "odd"))


@pytest.mark.parametrize("endpoint", roles())
def test_no_route_breaks(world, endpoint):
    good = world.good_requests(endpoint)
    assert good

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None,
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(st.integers(0, len(good) - 1), st.sampled_from(PEOPLE), CSRF, STRIKES)
    def strike(which, person, csrf, mutations):
        request = good[which]
        token = tokens(world, person)[csrf]
        if token is not None:
            request = struck(request, [("more", 0, ("csrf_token", token))])
        request = struck(request, mutations)
        world.app.config["WTF_CSRF_ENABLED"] = token is not None
        try:
            with undone(world, person, request.method):
                status, body = answer(world, request, world.cookies[person])
        finally:
            world.app.config["WTF_CSRF_ENABLED"] = False
        unbroken(endpoint, status, body)

    strike()


def unbroken(endpoint: str, status: int, body: bytes) -> None:
    assert status < 500 or status == UNWELL.get(endpoint), body[:500]
    assert not any(leak.encode() in body for leak in LEAKS)
    assert _tenant.get() is None


@pytest.mark.parametrize("endpoint", roles())
def test_every_field_takes_odd_texts(world, endpoint, monkeypatch):
    """Chance alone took a thousand strikes to put a space into the one list that it broke."""
    monkeypatch.setattr(limiter, "enabled", False)
    person = who_may(endpoint)
    cookie, done = world.cookies[person], set()
    for request in world.good_requests(endpoint):
        for at, (name, _good) in enumerate(request.fields):
            if name in done:
                continue
            done.add(name)
            for text in ODD:
                with undone(world, person, request.method):
                    unbroken(endpoint, *answer(world, odd(request, at, text), cookie))


def odd(request: Request, at: int, text: str) -> Request:
    # Without pictures: a logo is cleaned in a process of its own, for half a second.
    return struck(replace(request, files=()), [("value", at, text)])


@pytest.mark.parametrize("endpoint", roles())
def test_the_good_request_is_taken(world, endpoint, monkeypatch):
    """The control: strikes start from requests that are taken, so they reach the inner code."""
    # The strikes before may have used up the tries of this minute.
    monkeypatch.setattr(limiter, "enabled", False)
    person = who_may(endpoint)
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
    """Else its strikes would start from an empty request, which is all that BARE ones take here."""
    posts = {rule.endpoint for rule in world.app.url_map.iter_rules() if "POST" in rule.methods}
    missing = sorted(posts - world.forms.keys() - BARE)
    assert not missing, "\n" + "\n".join(missing)
