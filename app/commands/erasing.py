"""`flask tenant erase`: deletes a company whose deletion is due from the database and the storage.

Runs as the role that owns the tables. The triggers of the tables let it delete the rows of exactly
this company (migration 0006), so no trigger is disabled and no table is locked: other companies
are not affected. Rows are deleted in one transaction, then files. If the storage is out of reach,
the next `flask tenant erase --due` deletes the files.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import click
import psycopg2
from psycopg2 import extensions, sql

from app.commands.people import operator, refusals_as_errors, tenant
from app.commands.platform_audit import record_as_owner
from app.commands.progress import track
from app.config import MigrationSettings
from app.errors import DomainError
from app.evidence.service import canonical_json, record_on_platform
from app.extensions import Base
from app.models import Actor
from app.storage import whole_storage
from app.tenancy import TenantOwned, platform_scope
from app.tombstones import list_with_files, sign_body

COMMANDS = ()  # `tenant` is people.py's group
LONGEST_WAIT = "10s"


class NotDue(DomainError):
    """%(slug)s cannot be erased: %(why)s. A superadmin must request the deletion on the company's
    page."""


@dataclass(frozen=True, slots=True)
class Due:
    id: UUID
    slug: str


@tenant.command("erase")
@click.argument("slug", required=False)
@click.option("--due", "is_all", is_flag=True, help="Every company whose day has come.")
def erase(slug: str | None, is_all: bool) -> None:
    """Erase a company whose deletion is due: rows, files and audit. A signed tombstone remains."""
    if bool(slug) == is_all:
        raise click.UsageError("Give either a slug or --due.")
    url = MigrationSettings().migration_database_url  # type: ignore[call-arg]
    connection = psycopg2.connect(url.replace("+psycopg2", "", 1))
    try:
        with refusals_as_errors():
            due_companies = [_get_due(connection, slug)] if slug else _list_due(connection)
            not_erased = [due.slug for due in due_companies if not _try_to_erase(connection, due)]
            for summary in erase_files():
                click.echo(summary)
    finally:
        connection.close()
    if not_erased:
        raise click.ClickException(f"Not erased: {', '.join(not_erased)}. Run the command again.")


def _try_to_erase(connection: extensions.connection, due: Due) -> bool:
    """True if erased; otherwise prints the reason and changes nothing."""
    try:
        rows = erase_rows(connection, due, actor=operator())
    except DomainError as error:
        click.echo(str(error), err=True)
        return False
    except psycopg2.Error as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        click.echo(f"{due.slug} stays as it is: {reason}.", err=True)
        return False
    click.echo(f"Erased {due.slug}, {due.id}: {rows} rows.")
    return True


def erase_rows(connection: extensions.connection, due: Due, *, actor: Actor) -> int:
    """Delete all rows of one company and write its tombstone, in one transaction; returns the
    number of rows.

    Raises NotDue if the deletion was called off meanwhile.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", (LONGEST_WAIT,))
        cursor.execute("select set_config('laudo.erasing', %s, true)", (str(due.id),))
        # A concurrent write of a row of the company waits for this lock, and then fails on its
        # foreign key. The key itself is deleted, so this lock must be FOR UPDATE.
        cursor.execute(
            "select name from tenants where id = %s and status = 'suspended'"
            " and deletion_due_at <= clock_timestamp() for update",
            (str(due.id),),
        )
        found = cursor.fetchone()
        if found is None:
            raise NotDue(slug=due.slug, why="its deletion was cancelled")
        facts = {
            "tenant": str(due.id),
            "slug": due.slug,
            "name": found[0],
            "erased_at": datetime.now(UTC).isoformat(),
            "erased_by": actor.name,
            "audit": _chain_head(cursor, due.id),
            "deletion": _read_request(cursor, due.id),
        }
        counts = _delete_all(cursor, due.id)
        body = canonical_json({**facts, "rows": {name: str(n) for name, n in counts.items()}})
        cursor.execute(
            "insert into tombstones (slug, body, signature) values (%s, %s, %s)",
            (due.slug, body, sign_body(body)),
        )
        record_as_owner(
            "tenant.erased",
            cursor,
            actor,
            tenant_id=due.id,
            name=found[0],
            slug=due.slug,
            rows=str(sum(counts.values())),
        )
    return sum(counts.values())


def erase_files() -> list[str]:
    """Delete the files of all erased companies; a sentence for each company that had some.

    Raises StorageUnavailable; the next call continues.
    """
    summaries = []
    with platform_scope() as session:
        waiting = list_with_files(session)
    for body in waiting:
        tenant_id, count = UUID(body["tenant"]), 0
        listing = track(whole_storage().list(tenant_id), "Listing objects")
        for listed in track(list(listing), f"Erasing files of {body['slug']}"):
            whole_storage().delete(listed.key)
            count += 1
        with platform_scope() as session:
            record_on_platform(
                "tenant.files_erased",
                session,
                operator(),
                tenant_id=tenant_id,
                name=body["name"],
                files=str(count),
            )
            session.commit()
        summaries.append(f"Erased {count} files of {body['slug']}.")
    return summaries


def _list_due(connection: extensions.connection) -> list[Due]:
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select id, slug from tenants where status = 'suspended'"
            " and deletion_due_at <= clock_timestamp() order by deletion_due_at"
        )
        return [Due(UUID(str(row[0])), row[1]) for row in cursor.fetchall()]


def _get_due(connection: extensions.connection, slug: str) -> Due:
    """Raises NotDue, with the reason."""
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "select id, deletion_due_at, deletion_due_at <= clock_timestamp(), status"
            " from tenants where slug = %s",
            (slug,),
        )
        found = cursor.fetchone()
    if found is None:
        raise NotDue(slug=slug, why="there is no such company")
    tenant_id, due_at, is_due, status = found
    if due_at is None or status != "suspended":
        raise NotDue(slug=slug, why="nobody asked for its deletion")
    if not is_due:
        raise NotDue(slug=slug, why=f"it is due on {due_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC")
    return Due(UUID(str(tenant_id)), slug)


def _chain_head(cursor: extensions.cursor, tenant_id: UUID) -> dict[str, str]:
    cursor.execute(
        "select sequence, hash from audit_entries where tenant_id = %s"
        " order by sequence desc limit 1",
        (str(tenant_id),),
    )
    sequence, head = cursor.fetchone() or (0, "")
    return {"sequence": str(sequence), "hash": head}


def _read_request(cursor: extensions.cursor, tenant_id: UUID) -> dict[str, str | None]:
    """Who requested the deletion, when and why, from the platform's audit."""
    cursor.execute(
        "select created_at, actor_name, body from platform_audit_entries"
        " where tenant_id = %s and action = 'tenant.deletion_requested'"
        " order by created_at desc limit 1",
        (str(tenant_id),),
    )
    found = cursor.fetchone()
    if found is None:
        return {}
    facts = json.loads(found[2])
    kept = {name: facts.get(name) for name in ("reason", "export", "waiver")}
    return {"asked_at": found[0].astimezone(UTC).isoformat(), "asked_by": found[1], **kept}


def _delete_all(cursor: extensions.cursor, tenant_id: UUID) -> dict[str, int]:
    """Delete from every tenant table, referring tables first; returns the row counts by table."""
    owned = {
        mapper.local_table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    }
    counts = {}
    tables = [table for table in reversed(Base.metadata.sorted_tables) if table in owned]
    for table in track(tables, "Erasing rows", unit="tables"):
        statement = sql.SQL("delete from {} where tenant_id = %s")
        cursor.execute(statement.format(sql.Identifier(table.name)), (str(tenant_id),))
        counts[table.name] = cursor.rowcount
    cursor.execute(
        "update superadmin_sessions set support_access_id = null, support_tenant_id = null"
        " where support_tenant_id = %s",
        (str(tenant_id),),
    )
    cursor.execute("delete from tenants where id = %s", (str(tenant_id),))
    return counts
