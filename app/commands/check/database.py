"""Checks of PostgreSQL: login roles, policies of the tables, migration, clock."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, NullPool, Row, create_engine, text
from sqlalchemy.exc import ProgrammingError

from app.commands.check.finding import Finding, ok, run, warning, wrong
from app.config import ROOT
from app.database_roles import TIMEOUTS
from app.extensions import Base, db
from app.tenancy import TenantOwned, call_definer, platform_scope

CLOCK_SECONDS = 2.0

ROLE = text(
    "select current_user as name, rolsuper, rolbypassrls, rolcreatedb, rolcreaterole,"
    " has_schema_privilege(current_user, 'public', 'create') as makes_tables,"
    " (select count(*) from pg_class c join pg_namespace n on n.oid = c.relnamespace"
    "  where c.relowner = r.oid and n.nspname = 'public') as owned"
    " from pg_roles r where rolname = current_user"
)
UNFORCED = text(
    "select c.relname from pg_class c where c.relkind = 'r'"
    " and c.relnamespace = 'public'::regnamespace and c.relname = any(:tables)"
    " and not (c.relrowsecurity and c.relforcerowsecurity) order by 1"
)
PRESENT = text(
    "select c.relname from pg_class c where c.relkind = 'r'"
    " and c.relnamespace = 'public'::regnamespace and c.relname = any(:tables)"
)
# Permissive policies are combined with OR, so a second one can open what the first closes.
POLICIES = text(
    "select tablename, coalesce(qual, '') as qual, coalesce(with_check, '') as checked"
    " from pg_policies where schemaname = 'public' and tablename = any(:tables)"
    " and roles && array['laudo_app', 'public']::name[]"
)
# As PostgreSQL prints the policy of migration 0002. Any other text may be another policy.
RULE = "(tenant_id = (NULLIF(current_setting('app.tenant_id'::text, true), ''::text))::uuid)"
SETTINGS = text("select name, current_setting(name) from unnest(cast(:names as text[])) name")
INVALID_INDEXES = text(
    "select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid"
    " where not i.indisvalid and c.relnamespace = 'public'::regnamespace order by 1"
)
OUT_OF_REACH = "PostgreSQL cannot be asked: start it, and look at host, name and password in"


def check_database() -> Iterator[Finding]:
    yield from run("database", _app_role, f"{OUT_OF_REACH} DATABASE_URL.")
    yield from run("platform", _platform_role, f"{OUT_OF_REACH} PLATFORM_DATABASE_URL.")
    yield from run("timeouts", _timeouts, "The time-outs of the roles could not be read.")
    yield from run("isolation", _isolation, "The rules of the tables could not be read.")
    yield from run("migrations", _migrations, "The migration could not be read: run `flask up`.")
    yield from run("indexes", _indexes, "The indexes could not be read.")
    yield from run("clock", _clock, "The database's clock could not be read.")


def _app_role() -> Iterator[Finding]:
    with _connect() as connection:
        yield from _judge_role("database", "DATABASE_URL", "laudo_app", _role(connection))


def _platform_role() -> Iterator[Finding]:
    with platform_scope() as session:
        role = _role(session.connection())
    yield from _judge_role("platform", "PLATFORM_DATABASE_URL", "laudo_platform", role)


@contextmanager
def _connect() -> Iterator[Connection]:
    """A connection outside the app's pool, which refuses roles with too many rights."""
    engine = create_engine(db.engine.url, poolclass=NullPool, hide_parameters=True)
    with engine.connect() as connection:
        yield connection


def _role(connection: Connection) -> Row[tuple[object, ...]]:
    return connection.execute(ROLE).one()


def _judge_role(
    part: str, variable: str, expected: str, role: Row[tuple[object, ...]]
) -> Iterator[Finding]:
    excess = [
        words
        for has, words in (
            (role.rolsuper, "is superuser"),
            (role.rolbypassrls, "has BYPASSRLS"),
            (role.rolcreatedb or role.rolcreaterole, "may create databases or roles"),
            (role.owned, "owns tables"),
            (role.makes_tables, "may create tables"),
        )
        if has
    ]
    if excess:
        yield wrong(
            part,
            f"{variable} logs in as {role.name}, which {', '.join(excess)}: it could step around"
            f" row-level security. Use the role {expected} that `flask up` speaks of, and"
            " `revoke create on schema public from public`.",
        )
    elif role.name != expected:
        yield wrong(part, f"{variable} logs in as {role.name}: the grants are {expected}'s.")
    else:
        yield ok(part, f"{role.name} answers and is no mightier than it must be.")


def _timeouts() -> Iterator[Finding]:
    with _connect() as connection:
        found = [*_other_timeouts(connection, "DATABASE_URL")]
    with platform_scope() as session:
        found += _other_timeouts(session.connection(), "PLATFORM_DATABASE_URL")
    yield from found or [ok("timeouts", "Both roles cut off statements that take too long.")]


def _other_timeouts(connection: Connection, variable: str) -> Iterator[Finding]:
    """What holds for a session of this login, through the pooler if there is one."""
    rows = connection.execute(SETTINGS, {"names": list(TIMEOUTS)})
    for name, value in rows:
        if value != TIMEOUTS[name]:
            yield wrong(
                "timeouts",
                f"{name} is {value} for the role of {variable}, not {TIMEOUTS[name]}: run"
                " `flask up`, and let a pooler connect again (PgBouncer: RECONNECT).",
            )


def _isolation() -> Iterator[Finding]:
    tables = sorted(
        mapper.local_table.name  # type: ignore[attr-defined]
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    )
    with _connect() as connection:
        unforced = list(connection.scalars(UNFORCED, {"tables": tables}))
        present = set(connection.scalars(PRESENT, {"tables": tables}))
        policies = connection.execute(POLICIES, {"tables": tables}).all()
    loose = sorted({row.tablename for row in policies if row.qual != RULE or row.checked != RULE})
    closed = {row.tablename for row in policies}
    for table in unforced:
        yield wrong(
            "isolation",
            f"Row-level security is not forced on {table}. As the owner:"
            f" alter table {table} enable row level security;"
            f" alter table {table} force row level security;",
        )
    for table in loose:
        yield wrong(
            "isolation",
            f"A policy on {table} does not ask for the tenant and nothing else: drop it, or restore"
            " the database.",
        )
    if missing := sorted(set(tables) - (present & closed)):
        yield wrong("isolation", f"{', '.join(missing)}: no table or no policy. Run `flask up`.")
    if not (unforced or loose or missing):
        yield ok("isolation", f"Row-level security is forced on all {len(tables)} tenant tables.")


def _migrations() -> Iterator[Finding]:
    (head,) = ScriptDirectory(str(ROOT / "migrations")).get_heads()
    try:
        found = [row.revision for row in call_definer("find_migration")]
    except ProgrammingError:
        found = []  # the function is newer than the database
    if found == [head]:
        yield ok("migrations", f"The database is at {head}, the newest.")
        return
    at = ", ".join(found) or "an older migration or none"
    known = {one.revision for one in ScriptDirectory(str(ROOT / "migrations")).walk_revisions()}
    if found and not set(found) <= known:
        yield warning(
            "migrations",
            f"The database is at {at}, which this code does not know: a newer release is on its"
            " way. Finish it on this machine, too.",
        )
    else:
        yield wrong("migrations", f"The database is at {at}, the code at {head}: run `flask up`.")


def _indexes() -> Iterator[Finding]:
    """A failed `create index concurrently` leaves an index that slows writes and is never used."""
    with _connect() as connection:
        names = list(connection.scalars(INVALID_INDEXES))
    for name in names:
        yield wrong(
            "indexes",
            f"The index {name} was made by half and is never used. As the owner:"
            f" reindex index concurrently {name}; where that fails, drop index concurrently {name}"
            " and make it again.",
        )
    if not names:
        yield ok("indexes", "All indexes are whole.")


def _clock() -> Iterator[Finding]:
    with _connect() as connection:
        connection.execute(text("select 1"))  # connects, so that only the query is timed
        before = time.time()
        theirs = float(connection.scalar(text("select extract(epoch from clock_timestamp())")) or 0)
        after = time.time()
    apart = theirs - (before + after) / 2
    if abs(apart) > CLOCK_SECONDS + (after - before):
        yield warning(
            "clock",
            f"This machine and the database are {abs(apart):.1f} s apart: let NTP set the clocks"
            " of both (`timedatectl set-ntp true`). Times are evidence here.",
        )
    else:
        yield ok("clock", f"This machine and the database agree within {abs(apart):.2f} s.")
