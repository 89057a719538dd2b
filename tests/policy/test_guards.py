"""Every route carries exactly one guard, and the table of roles names every route.

Checked for each route of the URL map: it is called through its guard, and the guard matches the
table. Checked by requests: each guard does what its name says, and none passes anonymous visitors.
test_csrf.py checks for every route that a write reads no byte of a body from the wrong person.

routes.csv has a line for each route: the `roles` that may enter, or `public`, and the answer to the
admin of another company (`other_admin`, one of OTHERS; test_other_tenants.py tries real ids).
"""

from __future__ import annotations

import inspect

import pytest

from app.models import Role
from app.web import guards
from tests.policy.route_table import (
    CHANGE_THE_CLIENT,
    addresses,
    for_other_admins,
    table,
    views,
)

OTHERS = {
    "404": "the address names rows, and theirs are not there",
    "403": "the platform's own",
    "own": "it names no row and answers of their own company",
    "public": "it answers the same to everybody",
    "link": "whoever holds the signed link comes in, and no other link",
}
PEOPLE = {"viewer": "vera", "technician": "tess", "manager": "max", "admin": "ana"}


def test_every_route_has_a_guard(app):
    assert [name for name, view in views(app).items() if not hasattr(view, "guard")] == []


def test_the_table_of_roles_names_every_route_and_no_other(app):
    assert set(table()) == set(views(app))


def test_the_table_has_the_answer_to_another_companys_admin():
    unsaid = {name: what for name, what in for_other_admins().items() if what not in OTHERS}
    assert unsaid == {}
    for name, roles in table().items():
        assert (for_other_admins()[name] == "403") == (roles == {"superadmin"}), name


def words(guard) -> set[str]:
    return {getattr(role, "value", role) for role in guard}


def test_the_guards_are_what_the_table_says(app):
    known = {"public", *(role.value for role in Role)}
    assert {name: roles - known for name, roles in table().items() if roles - known} == {}
    found = {name: words(getattr(view, "guard", ())) for name, view in views(app).items()}
    assert {name: found[name] for name, roles in table().items() if found[name] != roles} == {}


def allowed_by(view) -> frozenset[str]:
    """The roles that the guard really lets in, whatever its mark says."""
    return inspect.getclosurevars(view).nonlocals.get("allowed", frozenset({"public"}))


def test_what_is_called_is_the_guard(app):
    """The guard is outermost, and lets in the roles that its mark names."""
    codes = {guards.public(str).__code__, guards.requires()(str).__code__}
    unguarded = {name for name, view in views(app).items() if view.__code__ not in codes}
    assert unguarded == set()
    untrue = {name for name, view in views(app).items() if view.guard != allowed_by(view)}
    assert untrue == set()


def one_of_each_guard(app):
    """For each guard, and for reading and writing, the first URL behind it.

    Every route has one of these guards and nothing before it, as the tests above show.
    """
    firsts = {}
    for endpoint, method, url in addresses(app):
        if endpoint not in CHANGE_THE_CLIENT:
            firsts.setdefault((views(app)[endpoint].guard, method), (endpoint, method, url))
    return list(firsts.values())


def test_each_guard_is_tried_for_pages_and_for_writes(app):
    tried = [
        (views(app)[endpoint].guard, method) for endpoint, method, _url in one_of_each_guard(app)
    ]
    for guard in {view.guard for view in views(app).values()}:
        assert {(guard, "GET"), (guard, "POST")} <= set(tried)


def pages_without_ids(app):
    for rule in app.url_map.iter_rules():
        if "GET" in rule.methods and not rule.arguments and rule.endpoint not in CHANGE_THE_CLIENT:
            yield rule.endpoint, "GET", rule.rule


@pytest.mark.parametrize("role", ["viewer", "technician", "manager", "admin", "superadmin"])
def test_each_guard_admits_exactly_its_roles(app, cast, client_of, role):
    client = client_of(cast.sam if role == "superadmin" else getattr(cast, PEOPLE[role]))
    allowed = table()

    def may(endpoint: str) -> bool:
        return "public" in allowed[endpoint] or role in allowed[endpoint]

    own = [one for one in pages_without_ids(app) if may(one[0])]
    for endpoint, method, url in [*one_of_each_guard(app), *own]:
        status = client.open(url, method=method).status_code
        if not may(endpoint):
            assert status == 403, (endpoint, method, status)
        else:
            # Readiness answers everybody that no workers are ready here.
            is_ready = status < 500 or endpoint == "health.ready"
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


@pytest.mark.parametrize("asked", [{"X-Requested-With": "fetch"}, {"Sec-Fetch-Dest": "image"}])
def test_requests_of_open_pages_begin_no_session(app, anonymous, asked):
    """Late requests of a former account, also of the worker, come beside a log-in form. A session
    that one of them began would take the form's place, and the log-in would be refused."""
    allowed = table()
    for endpoint, method, url in addresses(app):
        if "public" in allowed[endpoint]:
            continue
        answer = anonymous.open(url, method=method, headers=asked)
        assert answer.status_code == 401, (endpoint, method, answer.status_code)
        assert "Set-Cookie" not in answer.headers, (endpoint, method)
