"""Every route carries exactly one guard, and the table of roles names every route.

routes.csv has a line for each: the `roles` that come in, or `public`, and what the admin of another
company meets there (`other_admin`, one of OTHERS; test_other_tenants.py tries it with real ids).
"""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from app.models import Role

TABLE = Path(__file__).with_name("routes.csv")
OTHERS = {
    "404": "the address names rows, and theirs are not there",
    "403": "the platform's own",
    "own": "it names no row and answers of their own company",
    "public": "it answers the same to everybody",
    "link": "whoever holds the signed link comes in, and no other link",
}
# They change who the client is.
CHANGE_THE_CLIENT = {"auth.logout", "auth.login"}
PEOPLE = {"viewer": "vera", "technician": "tess", "manager": "max", "admin": "ana"}


def views(app):
    return {name: view for name, view in app.view_functions.items() if name != "static"}


def table() -> dict[str, set[str]]:
    with TABLE.open() as file:
        return {row["endpoint"]: set(row["roles"].split()) for row in csv.DictReader(file)}


def for_other_admins() -> dict[str, str]:
    with TABLE.open() as file:
        return {row["endpoint"]: row["other_admin"] for row in csv.DictReader(file)}


def test_every_route_has_a_guard(app):
    assert [name for name, view in views(app).items() if not hasattr(view, "guard")] == []


def test_the_table_of_roles_names_every_route_and_no_other(app):
    assert set(table()) == set(views(app))


def test_the_table_says_what_another_companys_admin_meets():
    unsaid = {name: what for name, what in for_other_admins().items() if what not in OTHERS}
    assert unsaid == {}
    for name, roles in table().items():
        assert (for_other_admins()[name] == "403") == (roles == {"superadmin"}), name


def test_the_guards_are_what_the_table_says(app):
    known = {"public", *(role.value for role in Role)}
    for name, roles in table().items():
        assert roles <= known, name
        guard = {getattr(role, "value", role) for role in views(app)[name].guard}
        assert guard == roles, name


def addresses(app):
    """One address for every endpoint and method, with random ids: guards come before look-ups."""
    from uuid import uuid4

    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        values = {}
        for argument in rule.arguments:
            converter = rule._converters[argument]
            words = sorted(getattr(converter, "items", ()))
            is_uuid = type(converter).__name__ == "UUIDConverter"
            values[argument] = uuid4() if is_uuid else next(iter(words), "x")
        with app.test_request_context():
            url = app.url_for(rule.endpoint, **values)
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, method, url


@pytest.mark.parametrize("role", ["viewer", "technician", "manager", "admin", "superadmin"])
def test_each_role_meets_each_route(app, cast, client_of, role):
    client = client_of(cast.sam if role == "superadmin" else getattr(cast, PEOPLE[role]))
    allowed = table()
    for endpoint, method, url in addresses(app):
        if endpoint in CHANGE_THE_CLIENT:
            continue
        status = client.open(url, method=method).status_code
        if "public" not in allowed[endpoint] and role not in allowed[endpoint]:
            assert status == 403, (endpoint, method, status)
        else:
            # What is ready here are no workers, and the answer says so to everybody.
            is_ready = status < 500 or endpoint == "home.ready"
            assert status != 403 and is_ready, (endpoint, method, status)


def test_anonymous_visitors_go_to_the_login(app, anonymous):
    allowed = table()
    for endpoint, method, url in addresses(app):
        if "public" in allowed[endpoint]:
            continue
        page = anonymous.open(url, method=method)
        assert page.status_code == 303, (endpoint, method, page.status_code)
        assert page.headers["Location"].startswith("/login"), endpoint
        fragment = anonymous.open(url, method=method, headers={"HX-Request": "true"})
        assert fragment.status_code == 401, (endpoint, method, fragment.status_code)
