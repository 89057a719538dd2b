"""Counts and hashes of a database's contents: a backup records them, a restore must reproduce them.

Reads as the backup role, which sees every tenant; writes nothing. Plain SQL without models,
because a backup of an older Laudo has older tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import psycopg2
from psycopg2 import extensions, sql
from psycopg2.extras import RealDictCursor
from pydantic import BaseModel
from sqlalchemy import make_url

from app.commands.backup.refusal import Refusal
from app.commands.progress import track
from app.evidence.differences import describe_in_english
from app.evidence.queries import link_hash
from app.evidence.verification import find_all_differences, list_completed
from app.storage import KEY, PARTS, kind_of_key

ROWS_AT_ONCE = 5_000


class TableDigest(BaseModel):
    """`digest` is the sum of the hashes of the rows' texts, so the order of rows does not
    matter."""

    rows: int
    digest: str


class Chain(BaseModel):
    """The head of one tenant's audit chain. `broken_at` is the first sequence that does not fit; it
    is the one after the newest if the chain was cut off."""

    sequence: int
    hash: str
    broken_at: int | None = None


class DatabaseFigures(BaseModel):
    """`catalog` has every rule of the schema by name: row-level security, policies, grants,
    triggers, functions, keys. `differences` has, by id of a completed report, a line for each
    difference from its snapshot."""

    migration: str
    tables: dict[str, TableDigest]
    chains: dict[str, Chain]
    snapshots: int
    catalog: dict[str, str]
    differences: dict[str, list[str]] = {}


@contextmanager
def frozen(url: str) -> Iterator[extensions.connection]:
    """A read-only transaction that sees the database as of one moment."""
    connection = connect(url)
    try:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            # Rows are hashed as text, which must not depend on the server's settings.
            cursor.execute("set local timezone = 'UTC'; set local datestyle = 'ISO, YMD'")
        yield connection
    except psycopg2.Error as error:
        raise Refusal(f"The database failed: {str(error).strip()}") from error
    finally:
        connection.close()


def connect(url: str) -> extensions.connection:
    """Raises Refusal if the server does not answer or the login is wrong."""
    dsn = make_url(url).set(drivername="postgresql")
    try:
        return psycopg2.connect(dsn.render_as_string(hide_password=False), connect_timeout=10)
    except psycopg2.OperationalError as error:
        raise Refusal(f"The database does not take the login: {str(error).strip()}") from error


def export_snapshot(connection: extensions.connection) -> str:
    """Export a snapshot, so that another connection sees exactly what this one sees."""
    return _text(connection, "select pg_export_snapshot()")


def server_major(connection: extensions.connection) -> int:
    return connection.server_version // 10_000


def table_names(connection: extensions.connection) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "select relname from pg_class where relkind in ('r', 'p')"
            " and relnamespace = 'public'::regnamespace order by relname"
        )
        return [name for (name,) in cursor.fetchall()]


def read_figures(connection: extensions.connection) -> DatabaseFigures:
    """Read all figures. Takes seconds per million rows."""
    names = track(table_names(connection), "Reading tables", unit="tables")
    return DatabaseFigures(
        migration=_text(connection, "select version_num from alembic_version"),
        tables={name: _table(connection, name) for name in names},
        chains=_chains(connection),
        snapshots=int(_text(connection, "select count(*) from snapshots")),
        catalog=_catalog(connection),
        differences=_differences(connection),
    )


def list_object_keys(connection: extensions.connection) -> list[str]:
    """The sorted object keys that rows name, from the columns called `..._key`.

    Parts of unfinished uploads are left out: they change while a backup runs, and the phones still
    have the photos.
    """
    keys: set[str] = set()
    with connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' and column_name like '%\\_key'"
        )
        for table, column in cursor.fetchall():
            named = sql.SQL("select distinct {} from {} where {} is not null").format(
                sql.Identifier(column), sql.Identifier(table), sql.Identifier(column)
            )
            cursor.execute(named)
            keys.update(key for (key,) in cursor.fetchall() if KEY.match(str(key)))
    return sorted(key for key in keys if kind_of_key(key) != PARTS)


def find_hash(connection: extensions.connection, tenant_id: str, sequence: int) -> str | None:
    """The hash of one audit entry, or None if there is no such entry."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select hash from audit_entries where tenant_id = %s and sequence = %s",
            (tenant_id, sequence),
        )
        row = cursor.fetchone()
    return str(row[0]) if row else None


def _table(connection: extensions.connection, name: str) -> TableDigest:
    counted = sql.SQL(
        "select count(*), coalesce(sum(('x' || left(encode(sha256(convert_to(t::text, 'UTF8')),"
        " 'hex'), 16))::bit(64)::bigint::numeric), 0)::text from {} t"
    )
    with connection.cursor() as cursor:
        cursor.execute(counted.format(sql.Identifier("public", name)))
        rows, digest = cursor.fetchone() or (0, "0")
    return TableDigest(rows=rows, digest=digest)


def _chains(connection: extensions.connection) -> dict[str, Chain]:
    """Every tenant's chain, with each hash recomputed from the entry's own bytes."""
    heads: dict[str, Chain] = {}
    total = int(_text(connection, "select count(*) from audit_entries"))
    with connection.cursor("laudo_chains") as cursor:
        cursor.itersize = ROWS_AT_ONCE
        cursor.execute(
            "select tenant_id::text, sequence, at, body, previous_hash, hash"
            " from audit_entries order by tenant_id, sequence"
        )
        entries = track(cursor, "Reading audit entries", unit="entries", total=total)
        for tenant_id, sequence, at, body, previous_hash, entry_hash in entries:
            before = heads.get(tenant_id) or Chain(sequence=0, hash="")
            expected = link_hash(before.hash, tenant_id, before.sequence + 1, at, body)
            fits = sequence == before.sequence + 1 and previous_hash == before.hash
            broken_at = before.broken_at
            if broken_at is None and not (fits and entry_hash == expected):
                broken_at = before.sequence + 1
            heads[tenant_id] = Chain(sequence=sequence, hash=entry_hash, broken_at=broken_at)
    return _with_kept_heads(connection, heads)


def _with_kept_heads(
    connection: extensions.connection, heads: dict[str, Chain]
) -> dict[str, Chain]:
    """Compare each chain with the head that its trigger recorded. Older releases have no such
    table."""
    if "audit_heads" not in table_names(connection):
        return heads
    with connection.cursor() as cursor:
        cursor.execute("select tenant_id::text, sequence, hash from audit_heads")
        kept = {tenant_id: (sequence, head) for tenant_id, sequence, head in cursor.fetchall()}
    for tenant_id in kept.keys() | heads.keys():
        found = heads.get(tenant_id) or Chain(sequence=0, hash="")
        if found.broken_at is None and kept.get(tenant_id, (0, "")) != (found.sequence, found.hash):
            is_cut = kept.get(tenant_id, (0, ""))[0] > found.sequence
            found.broken_at = found.sequence + is_cut
            heads[tenant_id] = found
    return heads


def _differences(connection: extensions.connection) -> dict[str, list[str]]:
    """Differences of completed reports from their snapshots, in words, by report."""

    def ask(statement: str, parameters: Sequence[Any]) -> list[Any]:
        with connection.cursor(cursor_factory=RealDictCursor) as cursor:
            cursor.execute(statement, tuple(parameters))
            return list(cursor.fetchall())

    return {
        report_id: [describe_in_english(one) for one in differences]
        for tenant_id in track(
            _column(connection, "select id::text from tenants order by id"),
            "Comparing completed reports",
            unit="tenants",
        )
        for report_id, differences in find_all_differences(
            ask, tenant_id, list_completed(ask, tenant_id)
        )
        if differences
    }


# One line per rule. Grants are sorted, because they are listed in the order of granting.
# Conditions lose casts and brackets, which PostgreSQL writes differently after reading its own
# dump.
CATALOG = r"""
with tables as (
  select c.* from pg_class c
  where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
)
select 'table ' || relname, concat_ws(' ', 'owner', relowner::regrole, 'rls', relrowsecurity,
    'forced', relforcerowsecurity, array(select x::text from unnest(relacl) x order by 1)::text)
  from tables
union all
select format('column %s.%s', t.relname, a.attname), concat_ws(' ',
    format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid),
    array(select x::text from unnest(a.attacl) x order by 1)::text)
  from tables t join pg_attribute a on a.attrelid = t.oid and a.attnum > 0 and not a.attisdropped
  left join pg_attrdef d on d.adrelid = t.oid and d.adnum = a.attnum
union all
select format('constraint %s.%s', t.relname, k.conname),
    concat_ws(' ', regexp_replace(pg_get_constraintdef(k.oid),
      '::(text|character varying)(\[\])?|[()]', '', 'g'), k.convalidated)
  from tables t join pg_constraint k on k.conrelid = t.oid where k.contype <> 'n'
union all
select 'index ' || i.indexrelid::regclass, concat_ws(' ',
    regexp_replace(pg_get_indexdef(i.indexrelid),
      '::(text|character varying)(\[\])?|[()]', '', 'g'), i.indisvalid)
  from tables t join pg_index i on i.indrelid = t.oid
union all
select format('policy %s.%s', tablename, policyname), p::text from pg_policies p
  where schemaname = 'public'
union all
select format('trigger %s.%s', t.relname, g.tgname),
    concat_ws(' ', pg_get_triggerdef(g.oid), g.tgenabled)
  from tables t join pg_trigger g on g.tgrelid = t.oid where not g.tgisinternal
union all
select 'function ' || f.oid::regprocedure, concat_ws(' ', 'owner', f.proowner::regrole,
    pg_get_functiondef(f.oid), array(select x::text from unnest(f.proacl) x order by 1)::text)
  from pg_proc f where f.pronamespace = 'public'::regnamespace and f.prokind in ('f', 'p')
union all
select format('default grants on %s', defaclobjtype),
    array(select x::text from unnest(defaclacl) x order by 1)::text
  from pg_default_acl where defaclnamespace = 'public'::regnamespace
"""


def _catalog(connection: extensions.connection) -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute(CATALOG)
        return dict(sorted(cursor.fetchall()))


def _column(connection: extensions.connection, query: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return [str(value) for (value,) in cursor.fetchall()]


def _text(connection: extensions.connection, query: str) -> str:
    return _column(connection, query)[0]
