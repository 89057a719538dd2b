"""The SECURITY DEFINER functions with excessive or nonsensical arguments from the app's role.

Functions and arguments are read from the catalogue, so new ones are tested too.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import product
from uuid import uuid4

import psycopg2
import psycopg2.extras
import pytest

from app.auth.identity import token_hash
from app.config import Settings
from app.database_roles import APP, PLATFORM
from app.extensions import Base
from app.jobs.exporter import RENDER_SECONDS
from app.models import Work
from app.tenancy import DEFINER_FUNCTIONS, PLATFORM_FUNCTIONS
from tests.support import servers as test_servers

HUGE_TEXT = "x" * 10_000_000
# For each argument type: values that no caller uses, as SQL.
EXTREMES = {
    "text": [
        *(None, "", "0", "%", "' or true --", HUGE_TEXT),
        *("document", "photo_check", "mail"),
        # A table, but not a kind of work.
        "documents",
    ],
    "integer": [None, 0, -1, 1, 2_147_483_647, -2_147_483_648],
    "interval": [
        None,
        "0",
        "-1 day",
        "1 microsecond",
        "10000 years",
        "-10000 years",
        "178000000 years",
    ],
    "uuid": [None, "00000000-0000-0000-0000-000000000000", "own", "another's"],
    "bigint[]": [None, [], [0] * 100_000, [-1, 2**63 - 1, None], list(range(10_000))],
    "double precision[]": [None, [], [0.0] * 100_000, [float("nan")] * 60, [None, 1.0]],
    "double precision": [None, 0.0, -1.0, 90.0, 1e308, float("inf"), float("-inf"), float("nan")],
    "uuid[]": [None, [], "every tenant", "10,000 times one"],
}
MOST_ROWS = 200
MOST_BYTES = 60_000
WORK = [one.local_table.name for one in Base.registry.mappers if issubclass(one.class_, Work)]
ATTEMPTS = (0, 1, 2)


@pytest.fixture(scope="module")
def town(cast):
    """A database with work of two companies: waiting, abandoned, tried once or twice; and far more
    mails than one relay run takes."""
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
    """`ask(role, function, arguments)` calls in a committed transaction and returns the rows."""
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
    """Everything that a call must not change; feeding itself may change the feed time."""
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
    """The extremes of a type, with placeholders replaced by ids from this database."""
    with owner, owner.cursor() as cursor:
        cursor.execute("select id::text from tenants")
        tenants = [one for (one,) in cursor.fetchall()]
        cursor.execute("select id::text from mails order by tenant_id limit 1")
        own = cursor.fetchone()[0]
        cursor.execute("select id::text from mails order by tenant_id desc limit 1")
        others = cursor.fetchone()[0]
    known = {
        "own": own,
        "another's": others,
        "every tenant": tenants,
        "10,000 times one": tenants[:1] * 10_000,
    }
    return [known.get(one, one) if isinstance(one, str) else one for one in EXTREMES[kind]]


def all_of(choices: list[list[object]]) -> list[tuple]:
    """All combinations of extremes; the slow ten-megabyte value only once per position."""
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
def test_no_argument_lets_a_function_exceed_its_purpose(town, ask, function):
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


def test_no_work_is_abandoned_before_its_third_try(town, ask):
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


def test_work_tried_often_enough_is_still_abandoned(town, ask):
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


def test_a_histogram_has_room_for_our_bounds(town, ask):
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
            # Only the row: the service also ends the sessions, as a second safeguard.
            cursor.execute(
                "update accounts set is_active = %s where id = %s", (is_active, str(person.id))
            )
        assert len(ask(APP, "find_account_session", [token_hash(person.email)], types)) == rows


OPEN_SESSION = "revoked_at = null, seen_at = now(), created_at = now()"
CLOSED = {
    "revoked": "update account_sessions set revoked_at = now() where token_hash = %s",
    "idle": "update account_sessions set seen_at = now() - interval '13 hours'"
    " where token_hash = %s",
    "too old": "update account_sessions set created_at = now() - interval '31 days'"
    " where token_hash = %s",
    "deactivated": "update accounts set is_active = false where id ="
    " (select account_id from account_sessions where token_hash = %s)",
}


def identity_of(town, ask, person) -> list[tuple]:
    types = dict(functions(town[1]))["find_identity"]
    return ask(APP, "find_identity", [token_hash(person.email)], types)


@pytest.mark.parametrize("reason", CLOSED)
def test_the_identity_of_a_closed_session_is_not_found(town, ask, cast, reason):
    owner, hashed = town[1], (token_hash(cast.ana.email),)
    assert len(identity_of(town, ask, cast.ana)) == 1
    try:
        with owner, owner.cursor() as cursor:
            cursor.execute(CLOSED[reason], hashed)
            assert cursor.rowcount == 1
        assert identity_of(town, ask, cast.ana) == []
    finally:
        with owner, owner.cursor() as cursor:
            cursor.execute(
                f"update account_sessions set {OPEN_SESSION} where token_hash = %s", hashed
            )
            cursor.execute("update accounts set is_active = true where id = %s", [str(cast.ana.id)])


def test_a_session_is_noted_as_used_at_most_once_in_five_minutes(town, ask, cast):
    owner, hashed = town[1], token_hash(cast.ana.email)

    def age(minutes: int) -> float:
        with owner, owner.cursor() as cursor:
            seen = f"seen_at = now() - interval '{minutes} minutes'"
            cursor.execute(f"update account_sessions set {seen} where token_hash = %s", [hashed])
        assert len(identity_of(town, ask, cast.ana)) == 1
        with owner, owner.cursor() as cursor:
            cursor.execute(
                "select extract(epoch from now() - seen_at) from account_sessions"
                " where token_hash = %s",
                [hashed],
            )
            return float(cursor.fetchone()[0]) / 60

    assert age(4) > 3.9
    assert age(6) < 1


def test_an_identity_is_of_one_person_and_company_and_holds_no_secret(town, ask, cast):
    owner = town[1]
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "select to_jsonb(a), to_jsonb(t) from accounts a join tenants t on t.id = a.tenant_id"
            " where a.id = %s",
            [str(cast.ana.id)],
        )
        account, company = cursor.fetchone()
    (found,) = identity_of(town, ask, cast.ana)
    names = ("email", "name", "role", "locale", "time_zone")
    assert found[1] == str(cast.ana.id)
    assert found[2:7] == tuple(account[name] for name in names)
    assert found[8] == company and found[8]["id"] == str(cast.acme)
    assert found[9] == []
    assert account["password_hash"] not in str(found)
    assert str(cast.other) not in str(found)


def test_the_visits_are_those_open_to_the_own_company_oldest_first(town, ask, cast):
    owner = town[1]
    visits = {  # of which company, made and ending so many hours from now, and whether it was ended
        "second": (cast.acme, -1, 1, False),
        "first": (cast.acme, -2, 1, False),
        "expired": (cast.acme, -3, -1, False),
        "ended": (cast.acme, -3, 1, True),
        "of another company": (cast.other, -3, 1, False),
    }
    try:
        with owner, owner.cursor() as cursor:
            for reason, (company, made, until, is_ended) in visits.items():
                cursor.execute(
                    "insert into support_accesses (tenant_id, superadmin_id, superadmin_name,"
                    " reason, created_at, expires_at, ended_at)"
                    " select %s, id, name, %s, now() + make_interval(hours => %s),"
                    " now() + make_interval(hours => %s), case when %s then now() end"
                    " from superadmins limit 1",
                    (str(company), reason, made, until, is_ended),
                )
        (found,) = identity_of(town, ask, cast.ana)
        assert [reason for _id, _name, reason, _until in found[9]] == ["first", "second"]
        (found,) = identity_of(town, ask, cast.otto)
        assert [reason for _id, _name, reason, _until in found[9]] == ["of another company"]
    finally:
        with owner, owner.cursor() as cursor:
            cursor.execute("update support_accesses set ended_at = now() where ended_at is null")


def test_a_passkey_of_a_colleague_is_no_second_factor(town, ask, cast):
    owner = town[1]
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "insert into passkeys (tenant_id, account_id, credential_id, public_key, name)"
            " values (%s, %s, 'key-colleague', 'x', 'x')",
            (str(cast.acme), str(cast.max.id)),
        )
    assert identity_of(town, ask, cast.ana)[0][7] is False


def test_a_second_factor_is_known_from_codes_or_a_passkey(town, ask, cast):
    owner, own = town[1], (str(cast.acme), str(cast.tess.id))
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "insert into account_sessions (tenant_id, account_id, token_hash) values (%s, %s, %s)",
            (*own, token_hash(cast.tess.email)),
        )
    assert identity_of(town, ask, cast.tess)[0][7] is False
    with owner, owner.cursor() as cursor:
        cursor.execute("update accounts set totp_confirmed_at = now() where id = %s", own[1:])
    assert identity_of(town, ask, cast.tess)[0][7] is True
    with owner, owner.cursor() as cursor:
        cursor.execute("update accounts set totp_confirmed_at = null where id = %s", own[1:])
        cursor.execute(
            "insert into passkeys (tenant_id, account_id, credential_id, public_key, name)"
            " values (%s, %s, 'key-identity', 'x', 'x')",
            own,
        )
    assert identity_of(town, ask, cast.tess)[0][7] is True


@pytest.mark.parametrize(
    "function", ["find_account_by_email", "find_password_reset", "find_passkey"]
)
def test_no_other_lookup_finds_a_deactivated_account(town, ask, cast, function):
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


REVEALS = {
    # What a function tells without a company bound, and to whom: the names of its columns.
    "find_checked_report": ("tenant_id", "report_id"),
    "find_witness": ("tenant_id", "witness_id"),
    "count_anchors": ("waiting", "oldest_seconds", "newest_seconds"),
    "find_photos_by_words": ("photo_id", "weight"),
}


@pytest.mark.parametrize("function", REVEALS)
def test_what_a_function_reveals_is_named(town, function):
    owner = town[1]
    with owner, owner.cursor() as cursor:
        cursor.execute(
            "select array_agg(name order by place) from pg_proc p,"
            " unnest(p.proargnames, p.proargmodes) with ordinality as a (name, mode, place)"
            " where p.proname = %s and mode = 't'",
            [function],
        )
        assert tuple(cursor.fetchone()[0]) == REVEALS[function]


@pytest.fixture
def secrets_of_two(town, cast):
    """A report with its public address, a witness link, an anchor and a photo's words, of each of
    two companies; returns the tokens, the hashes and the ids by company."""
    owner, found = town[1], {}
    with owner, owner.cursor() as cursor:
        for person in (cast.ana, cast.otto):
            ids = {name: str(uuid4()) for name in ("checklist", "version", "project", "report")}
            ids |= {name: str(uuid4()) for name in ("witness", "photo")}
            values = {**ids, "tenant": str(person.tenant_id), "person": str(person.id)}
            values |= {"hash": sha256(ids["witness"].encode()).hexdigest()}
            cursor.execute("set session_replication_role = replica")
            for table in ("witnesses", "reports", "photo_features", "anchors"):
                cursor.execute(f"alter table {table} disable trigger all")
            cursor.execute(ROWS, values)
            for table in ("witnesses", "reports", "photo_features", "anchors"):
                cursor.execute(f"alter table {table} enable trigger all")
            cursor.execute("set session_replication_role = origin")
            cursor.execute("select check_token from reports where id = %s", [ids["report"]])
            found[str(person.tenant_id)] = {**values, "token": cursor.fetchone()[0]}
    yield found
    with owner, owner.cursor() as cursor:
        for table in ("witnesses", "reports", "photo_features", "anchors"):
            cursor.execute(f"alter table {table} disable trigger all")
            cursor.execute(f"delete from {table}")
            cursor.execute(f"alter table {table} enable trigger all")


ROWS = """
insert into reports (id, tenant_id, version_id, project_id, number, title, started_by, assignee_id)
  values (%(report)s, %(tenant)s, %(version)s, %(project)s, 'SAME-1', 'x', %(person)s, %(person)s);
insert into witnesses (id, tenant_id, report_id, name, token_hash, sent_by, expires_at, accepted)
  values (%(witness)s, %(tenant)s, %(report)s, 'Wanda', %(hash)s, %(person)s,
          now() + interval '1 day', '{}');
insert into photo_features (tenant_id, photo_id, recipe, words)
  values (%(tenant)s, %(photo)s, 'x', array[1, 2, 3]::bigint[]);
insert into anchors (tenant_id, kind, sequence, hash, at, public_key, signature)
  values (%(tenant)s, 'head', 1, repeat('a', 64), now(), repeat('k', 44), repeat('s', 88));
"""


@pytest.mark.parametrize(
    ("function", "secret", "gives"),
    [("find_checked_report", "token", "report"), ("find_witness", "hash", "witness")],
)
def test_a_secret_finds_its_own_row_and_nothing_near_it_does(
    town, ask, secrets_of_two, function, secret, gives
):
    types = dict(functions(town[1]))[function]
    for tenant, own in secrets_of_two.items():
        assert ask(APP, function, [own[secret]], types) == [(tenant, own[gives])]
        whole = own[secret]
        for other in (whole[:-1], whole + "0", f" {whole}", whole.upper() + "x", f"{whole[:8]}%"):
            assert ask(APP, function, [other], types) == []
        # Not the ids that the answer gives, either.
        assert ask(APP, function, [own[gives]], types) == []


def test_anchors_are_counted_over_all_companies_and_name_none(town, ask, secrets_of_two):
    (row,) = ask(APP, "count_anchors", [], [])
    assert row[0] == len(secrets_of_two) and all(isinstance(one, (int, float)) for one in row)
    assert not any(tenant in str(row) for tenant in secrets_of_two)


def test_words_find_photos_of_the_bound_company_alone(town, ask, secrets_of_two):
    types = dict(functions(town[1]))["find_photos_by_words"]
    assert ask(APP, "find_photos_by_words", [[1, 2, 3], 1, 10], types) == []
    name, _owner = town
    url = test_servers.current().url(APP, name).replace("+psycopg2", "")
    connection = psycopg2.connect(url)
    for tenant, own in secrets_of_two.items():
        with connection, connection.cursor() as cursor:
            cursor.execute("select set_config('app.tenant_id', %s, true)", [tenant])
            cursor.execute("select photo_id::text from find_photos_by_words(%s, 1, 10)", [[1, 2]])
            assert cursor.fetchall() == [(own["photo"],)]
    connection.close()
