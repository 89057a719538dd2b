"""`flask tenant erase`: takes a company whose day has come out of the database and the storage.

Runs as the role that owns the tables. The guards of the tables let it delete the rows of exactly
this company and no other's (migration 0006), so no trigger is switched off and no table locked:
other companies notice nothing. Rows go in one transaction, then files; files that stay, because
the storage was out of reach, go with the next `flask tenant erase --due`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import click
import psycopg2
from psycopg2 import extensions, sql

from app.commands.people import operator, said_plainly, tenant
from app.config import MigrationSettings
from app.errors import DomainError
from app.evidence.service import canonical_json
from app.extensions import Base
from app.models import Actor
from app.platform.service import note
from app.storage import whole_storage
from app.tenancy import TenantOwned, platform_scope
from app.tombstones import FILES_ERASED, list_with_files, sign_body

COMMANDS = ()  # `tenant` is people.py's group
LONGEST_WAIT = "10s"


class NotDue(DomainError):
    """%(slug)s cannot be erased: %(why)s. A superadmin asks for that on the company's page."""


@dataclass(frozen=True, slots=True)
class Due:
    id: UUID
    slug: str


@tenant.command("erase")
@click.argument("slug", required=False)
@click.option("--due", "is_all", is_flag=True, help="Every company whose day has come.")
def erase(slug: str | None, is_all: bool) -> None:
    """Erase a company whose deletion is due: rows, files and audit. A signed tombstone stays."""
    if bool(slug) == is_all:
        raise click.UsageError("Give either a slug or --due.")
    url = MigrationSettings().migration_database_url  # type: ignore[call-arg]
    connection = psycopg2.connect(url.replace("+psycopg2", "", 1))
    try:
        with said_plainly():
            wanted = [_get_due(connection, slug)] if slug else _list_due(connection)
            stayed = [due.slug for due in wanted if not _erased(connection, due)]
            for told in erase_files():
                click.echo(told)
    finally:
        connection.close()
    if stayed:
        raise click.ClickException(f"Not erased: {', '.join(stayed)}. Run the command again.")


def _erased(connection: extensions.connection, due: Due) -> bool:
    """Whether it went; else why not is said, and nothing of it changed. The others go on."""
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
    """All rows of one company in one transaction, and its tombstone; how many rows went.

    Raises NotDue where that changed meanwhile.
    """
    with connection, connection.cursor() as cursor:
        cursor.execute("select set_config('lock_timeout', %s, true)", (LONGEST_WAIT,))
        cursor.execute("select set_config('laudo.erasing', %s, true)", (str(due.id),))
        # Whoever would write a row of the company waits here, and then finds no company: its key
        # goes, so this one lock is FOR UPDATE.
        cursor.execute(
            "select name from tenants where id = %s and status = 'suspended'"
            " and deletion_due_at <= clock_timestamp() for update",
            (str(due.id),),
        )
        found = cursor.fetchone()
        if found is None:
            raise NotDue(slug=due.slug, why="its deletion was cancelled")
        facts = {
            "tenant": str(due.id), "slug": due.slug, "name": found[0],
            "erased_at": datetime.now(UTC).isoformat(), "erased_by": actor.name,
            "audit": _chain_head(cursor, due.id), "deletion": _what_was_asked(cursor, due.id),
        }  # fmt: skip
        counts = _delete_all(cursor, due.id)
        body = canonical_json({**facts, "rows": {name: str(n) for name, n in counts.items()}})
        cursor.execute(
            "insert into tombstones (slug, body, signature) values (%s, %s, %s)",
            (due.slug, body, sign_body(body)),
        )
        told = {"ip": "", "request": "", "name": found[0], "slug": due.slug,
                "rows": str(sum(counts.values()))}  # fmt: skip
        cursor.execute(
            "insert into platform_audit_entries (action, tenant_id, actor_name, body)"
            " values ('tenant.erased', %s, %s, %s)",
            (str(due.id), actor.name, canonical_json(told)),
        )
    return sum(counts.values())


def erase_files() -> list[str]:
    """The files of every erased company that still has some; a sentence for each company.

    Raises StorageUnavailable; the next call goes on there.
    """
    told = []
    with platform_scope() as session:
        waiting = list_with_files(session)
    for body in waiting:
        tenant_id, count = UUID(body["tenant"]), 0
        for listed in list(whole_storage().list(tenant_id)):
            whole_storage().delete(listed.key)
            count += 1
        with platform_scope() as session:
            note(
                session, FILES_ERASED, operator(),
                tenant_id=tenant_id, name=body["name"], files=str(count),
            )  # fmt: skip
            session.commit()
        told.append(f"Erased {count} files of {body['slug']}.")
    return told


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


def _what_was_asked(cursor: extensions.cursor, tenant_id: UUID) -> dict[str, str | None]:
    """Who asked for the deletion, when and why, as the platform's audit has it."""
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
    """Every table of companies, what refers before what is referred to; rows by table."""
    owned = {
        mapper.local_table
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    }
    counts = {}
    for table in reversed(Base.metadata.sorted_tables):
        if table in owned:
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
