"""What the SECURITY DEFINER functions do when the app's role asks for too much, or for nonsense.

The list of functions and of their arguments is read from the catalogue: a new one is tried as well.
"""

from __future__ import annotations

from itertools import product
from uuid import uuid4

import psycopg2
import psycopg2.extras
import pytest

from app.auth.identity import token_hash
from app.config import Settings
from app.database_roles import APP, PLATFORM
from app.jobs.exporter import RENDER_SECONDS
from app.tenancy import DEFINER_FUNCTIONS, PLATFORM_FUNCTIONS
from tests import servers as test_servers

HUGE_TEXT = "x" * 10_000_000
# For each type of an argument: what no caller of ours would say, as SQL with its value.
EXTREMES = {
    "text": [None, "", "0", "%", "' or true --", HUGE_TEXT, "document", "photo_check", "mail"],
    "integer": [None, 0, -1, 1, 2_147_483_647, -2_147_483_648],
    "interval": [
        None, "0", "-1 day", "1 microsecond", "10000 years", "-10000 years", "178000000 years",
    ],
    "uuid": [None, "00000000-0000-0000-0000-000000000000", "own", "another's"],
    "double precision[]": [None, [], [0.0] * 100_000, [float("nan")] * 60, [None, 1.0]],
    "double precision": [None, 0.0, -1.0, 90.0, 1e308, float("inf"), float("-inf"), float("nan")],
    "uuid[]": [None, [], "every tenant", "10,000 times one"],
}  # fmt: skip
MOST_ROWS = 200
MOST_BYTES = 60_000
WORK = ("documents", "photo_checks", "mails", "brand_previews", "exports", "answer_exports")
ATTEMPTS = (0, 1, 2)


@pytest.fixture(scope="module")
def town(cast):
    """A database with work of two companies: waiting, left behind and tried once or twice, and
    far more mails than one relay would take."""
    running = test_servers.current()
    name = running.clone(f"laudo_town_{uuid4().hex[:8]}")
    owner = psycopg2.connect(running.postgres().dsn(database=name))
    with owner, owner.cursor() as cursor:
        for person in (cast.ana, cast.otto):
            cursor.execute(
                "insert into mails (tenant_id, kind, recipient, account_id, state, attempts,"
                " queued_at, lease_until, fed_at)"
                " select %s, 'reset', 'a@b.test', %s, state, attempts, now() - interval '1 day',"
                "        case when state = 'running' then now() - interval '1 hour' end, null"
                " from unnest(array['queued', 'running']) state,"
                "      unnest(%s) attempts, generate_series(1, 100)",
                (str(person.tenant_id), str(person.id), list(ATTEMPTS)),
            )
            cursor.execute(
                "insert into account_sessions (tenant_id, account_id, token_hash)"
                " values (%s, %s, %s)",
                (str(person.tenant_id), str(person.id), token_hash(person.email)),
            )
        cursor.execute(
            "insert into tenants (name, slug) select 'T' || n, 't-' || n from generate_series(1, 300) n"
        )
    yield name, owner
    owner.close()
    running.drop(name)


@pytest.fixture
def ask(town):
    """`ask(role, function, arguments)` in a transaction that commits; the rows that came back."""
    name, _owner = town
    connections = {}

    def call(role: str, function: str, arguments: list[object], types: list[str]) -> list[tuple]:
        if role not in connections:
            url = test_servers.current().url(role, name).replace("+psycopg2", "")
            connections[role] = psycopg2.connect(url)
        connection = connections[role]
        marks = ", ".join(f"cast(%s as {kind})" for kind in types)
        with connection, connection.cursor() as cursor:
            cursor.execute("set local statement_timeout = '10s'")
            cursor.execute(f"select * from {function}({marks})", arguments)
            return cursor.fetchall()

    yield call
    for connection in connections.values():
        connection.close()


def functions(owner) -> list[tuple[str, list[str]]]:
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "select p.proname, array(select format_type(t, null)"
            "   from unnest(p.proargtypes) with ordinality as a (t, place) order by place)"
            " from pg_proc p where p.prosecdef and p.pronamespace = 'public'::regnamespace"
            " and p.prorettype <> 'trigger'::regtype order by p.proname"
        )
        return [(name, list(types)) for name, types in cursor.fetchall()]


def states(owner) -> dict[str, list[tuple]]:
    """All that a call must leave as it was: when it was fed is what feeding is for."""
    found = {}
    with owner, owner.cursor() as cursor:
        for table in WORK:
            cursor.execute(
                f"select id, tenant_id, state, attempts, fence, queued_at, lease_until, finished_at,"
                f" error from {table} order by id"
            )
            found[table] = cursor.fetchall()
        for table in ("accounts", "account_sessions", "invitations", "passkeys", "tenants"):
            cursor.execute(f"select * from {table} order by id")
            found[table] = cursor.fetchall()
    return found


def values_of(kind: str, owner) -> list[object]:
    """The extremes of a type, with ids of this town in the place of words."""
    with owner, owner.cursor() as cursor:
        cursor.execute("select id::text from tenants")
        tenants = [one for (one,) in cursor.fetchall()]
        cursor.execute("select id::text from mails order by tenant_id limit 1")
        own = cursor.fetchone()[0]
        cursor.execute("select id::text from mails order by tenant_id desc limit 1")
        others = cursor.fetchone()[0]
    known = {
        "own": own, "another's": others, "every tenant": tenants,
        "10,000 times one": tenants[:1] * 10_000,
    }  # fmt: skip
    return [known.get(one, one) if isinstance(one, str) else one for one in EXTREMES[kind]]


def all_of(choices: list[list[object]]) -> list[tuple]:
    """Every extreme with every other; ten megabytes only once in each place, they are slow."""
    small = [[one for one in values if one is not HUGE_TEXT] for values in choices]
    huge = [
        tuple(HUGE_TEXT if at == place else values[-1] for at, values in enumerate(small))
        for place, values in enumerate(choices)
        if HUGE_TEXT in values
    ]
    return [*product(*small), *huge]


def test_the_catalogue_is_the_list_and_every_type_has_extremes(town):
    found = functions(town[1])
    assert {name for name, _types in found} == {*DEFINER_FUNCTIONS, *PLATFORM_FUNCTIONS}
    assert {kind for _name, types in found for kind in types} <= EXTREMES.keys()


@pytest.mark.parametrize("function", [*DEFINER_FUNCTIONS, *PLATFORM_FUNCTIONS])
def test_no_argument_makes_more_of_it_than_it_is_for(town, ask, function):
    owner = town[1]
    types = dict(functions(owner))[function]
    before = states(owner)
    role = PLATFORM if function in PLATFORM_FUNCTIONS else APP
    choices = [values_of(kind, owner) for kind in types]
    for arguments in all_of(choices):
        rows = ask(role, function, list(arguments), types)
        assert len(rows) <= MOST_ROWS, (function, str(arguments)[:200], len(rows))
        assert sum(len(str(row)) for row in rows) < MOST_BYTES, (
            function,
            str(arguments)[:200],
        )
    assert states(owner) == before


def test_no_work_is_given_up_before_its_third_try(town, ask):
    owner, least = town[1], Settings.model_fields["job_attempts"].metadata[0].ge
    assert least > max(ATTEMPTS)
    types = dict(functions(owner))["feed_due_work"]
    with owner, owner.cursor() as cursor:
        cursor.execute("update mails set fed_at = null")
        cursor.execute("select count(*) from mails where state = 'failed'")
        assert cursor.fetchone() == (0,)
    for attempts in (0, -5, 1, 2):
        ask(APP, "feed_due_work", ["mail", 0, attempts, "0"], types)
    with owner, owner.cursor() as cursor:
        cursor.execute("select count(*) from mails where state = 'failed'")
        assert cursor.fetchone() == (0,)


def test_what_was_tried_as_often_as_asked_is_still_given_up(town, ask):
    owner = town[1]
    types = dict(functions(owner))["feed_due_work"]
    with owner, owner.cursor() as cursor:
        cursor.execute("update mails set attempts = 5 where id = (select id from mails limit 1)")
    ask(APP, "feed_due_work", ["mail", 0, 5, "15 seconds"], types)
    with owner, owner.cursor() as cursor:
        cursor.execute("update mails set state = 'queued', attempts = 0 where state = 'failed'")
        assert cursor.rowcount == 1


def test_nothing_is_fed_twice_within_a_second(town, ask):
    owner = town[1]
    types = dict(functions(owner))["feed_due_work"]
    with owner, owner.cursor() as cursor:
        cursor.execute("update mails set fed_at = null")
    first = ask(APP, "feed_due_work", ["mail", 2_000_000_000, 5, "-1 day"], types)
    again = ask(APP, "feed_due_work", ["mail", 2_000_000_000, 5, "-1 day"], types)
    assert len(first) == len(again) == 100
    assert {row[0] for row in first}.isdisjoint({row[0] for row in again})


def test_a_histogram_has_room_for_the_bounds_of_ours(town, ask):
    types = dict(functions(town[1]))["count_render_seconds"]
    (row,) = ask(APP, "count_render_seconds", [list(RENDER_SECONDS)], types)
    assert len(row[0]) == len(RENDER_SECONDS)
    (row,) = ask(APP, "count_render_seconds", [[0.0] * 500], types)
    assert len(row[0]) == 50


@pytest.mark.parametrize("person", ["ana", "otto"])
def test_the_session_of_a_deactivated_account_is_not_found(town, ask, cast, person):
    owner, person = town[1], getattr(cast, person)
    types = dict(functions(owner))["find_account_session"]
    (found,) = ask(APP, "find_account_session", [token_hash(person.email)], types)
    assert [str(one) for one in found[1:]] == [str(person.id), str(person.tenant_id)]
    for is_active, rows in ((False, 0), (True, 1)):
        with owner, owner.cursor() as cursor:
            # The row alone: ending the sessions as well is the service's second lock.
            cursor.execute(
                "update accounts set is_active = %s where id = %s", (is_active, str(person.id))
            )
        assert len(ask(APP, "find_account_session", [token_hash(person.email)], types)) == rows


@pytest.mark.parametrize(
    "function", ["find_account_by_email", "find_password_reset", "find_passkey"]
)
def test_no_other_door_opens_for_a_deactivated_account(town, ask, cast, function):
    owner, types = town[1], dict(functions(town[1]))[function]
    keys = {"find_account_by_email": cast.tess.email}
    with owner, owner.cursor() as cursor:
        who = (str(cast.acme), str(cast.tess.id))
        cursor.execute(
            "insert into password_resets (tenant_id, account_id, expires_at)"
            " values (%s, %s, now() + interval '1 hour') returning id::text",
            who,
        )
        keys["find_password_reset"] = cursor.fetchone()[0]
        keys["find_passkey"] = f"key-{function}"
        cursor.execute(
            "insert into passkeys (tenant_id, account_id, credential_id, public_key, name)"
            " values (%s, %s, %s, 'x', 'x')",
            (*who, keys["find_passkey"]),
        )
    assert len(ask(APP, function, [keys[function]], types)) == 1
    try:
        with owner, owner.cursor() as cursor:
            cursor.execute("update accounts set is_active = false where id = %s", (who[1],))
        assert ask(APP, function, [keys[function]], types) == []
    finally:
        with owner, owner.cursor() as cursor:
            cursor.execute("update accounts set is_active = true where id = %s", (who[1],))
