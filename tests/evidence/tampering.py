"""Single changes made behind Laudo's back, sampled from the list of evidence columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from random import Random

import psycopg2
from psycopg2 import extensions

from app.evidence.digests import NEWEST_FORMAT, ROWS_OF
from tests.support import servers as test_servers

ROWS = ROWS_OF[NEWEST_FORMAT]
# Changes that somebody with full access to the server may make, by type of value.
OTHER_VALUES = {
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 second'",
    "date": "coalesce({0}, current_date) + 1",
    "integer": "coalesce({0}, 0) + 1",
    "bigint": "coalesce({0}, 0) + 1",
    "numeric": "coalesce({0}, 0) + 1",
    "boolean": "not coalesce({0}, false)",
    "jsonb": "jsonb_build_array(coalesce({0}, 'null'), 1)",
    "text": "coalesce({0}, '') || 'x'",
    "character varying": "left(coalesce({0}, '') || 'x', 4) || 'y'",
}
# Cells of evidence rows that no digest covers; each is checked in another way.
OTHER_CELLS = {
    "reports": ("status",),
    "snapshots": ("body", "sha256", "audit_sequence", "audit_hash"),
    "documents": (
        "report_id",
        "sha256",
        "byte_size",
        "pages",
        "photos_printed",
        "photos_quarantined",
        "is_preview",
        "layout",
        "sealed_at",
        "seal_fingerprint",
        "storage_key",
    ),
    "audit_entries": (
        "sequence",
        "at",
        "action",
        "object_type",
        "object_id",
        "actor_id",
        "body",
        "previous_hash",
        "hash",
    ),
    "audit_heads": ("sequence", "hash"),
}
# Columns that would not accept the usual replacement value.
SPECIAL = {
    ("reports", "status"): "'archived'",
    ("reports", "outcome"): "'failed'",
    ("documents", "layout"): "'protocol'",
    ("documents", "seal_fingerprint"): (
        "(select min(c.fingerprint) from seal_certificates c where c.tenant_id = t.tenant_id"
        " and c.fingerprint <> t.seal_fingerprint)"
    ),
    ("audit_entries", "sequence"): "-t.sequence",
    ("audit_entries", "body"): "replace(t.body, '\"actor\"', '\"actoR\"')",
}
EVIDENCE_OF = {
    "reports": "{0}.status = 'completed'",
    "versions": "{0}.id in (select version_id from reports where status = 'completed')",
    "photo_readings": "{0}.photo_id in (select photo_id from photo_placements where removed_at is null)",
    "derivatives": "{0}.photo_id in (select photo_id from photo_placements where removed_at is null)",
    "documents": "{0}.state = 'done'",
    "document_stamps": "{0}.state = 'done'",
    "seal_certificates": "true",
    "audit_entries": "true",
    "audit_heads": "true",
}
COMPLETED = "(select id from reports where status = 'completed')"
OF_REPORT = f"{{0}}.report_id in {COMPLETED}"


@dataclass(frozen=True)
class Change:
    """`does` tampers with the database through a connection, or with the storage folder; returns
    True if it changed anything. A report's page does not check bytes or the chain, and a report
    that is deleted or open again has no such page."""

    name: str
    does: Callable[[extensions.connection, Path, Random], bool]
    is_seen_on_page: bool = True


def sql(name: str, *statements: str, is_seen_on_page: bool = True) -> Change:
    def does(connection: extensions.connection, _storage: Path, random: Random) -> bool:
        with connection.cursor() as cursor:
            changed = 0
            for statement in statements:
                cursor.execute(statement, {"seed": random.random()})
                changed += max(0, cursor.rowcount)
            return changed > 0

    return Change(name, does, is_seen_on_page)


def cells() -> Iterator[Change]:
    """One change for each evidence column of each table."""
    for table, columns in {
        **ROWS,
    }.items():
        for column in columns:
            yield cell(table, column)
    for table, columns in OTHER_CELLS.items():
        for column in columns:
            yield cell(table, column)


def cell(table: str, column: str) -> Change:
    def does(connection: extensions.connection, _storage: Path, random: Random) -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "select data_type from information_schema.columns"
                " where table_schema = 'public' and table_name = %s and column_name = %s",
                (table, column),
            )
            new = OTHER_VALUES[cursor.fetchone()[0]].format(f"t.{column}")
            new = SPECIAL.get((table, column), new)
            cursor.execute("select setseed(%s)", (random.random(),))
            where = EVIDENCE_OF.get(table, OF_REPORT).format(table)
            cursor.execute(
                f"update {table} t set {column} = {new} where t.id ="
                f" (select id from {table} where {where} order by random() limit 1)"
            )
            return cursor.rowcount == 1

    is_hidden = table == "reports" and column in ("id", "tenant_id", "discarded_at")
    is_seen = not (is_hidden or table.startswith("audit_"))
    return Change(f"cell {table}.{column}", does, is_seen)


def times() -> Iterator[Change]:
    """Times for which to_char returns nothing, or the same as for another time."""
    for table, columns in ROWS.items():
        for column in columns:
            if column.endswith(("_at", "_since", "_on")) and (table, column) != (
                "photo_readings",
                "taken_at",
            ):
                yield odd_cell("infinite", table, column, "'infinity'")
                yield odd_cell(
                    "before Christ",
                    table,
                    column,
                    f"(coalesce({column}, now())::timestamp::text || ' BC')::timestamp",
                    is_seen_on_page=False,
                )


def odd_cell(
    name: str, table: str, column: str, value: str, *, is_seen_on_page: bool = True
) -> Change:
    where = EVIDENCE_OF.get(table, OF_REPORT).format(table)
    is_seen = is_seen_on_page and (table, column) != ("reports", "discarded_at")
    return sql(
        f"{name} {table}.{column}",
        f"update {table} set {column} = {value} where id = (select id from {table} where {where}"
        f" order by {column} is not null, md5(id::text || %(seed)s) limit 1)",
        is_seen_on_page=is_seen,
    )


# Values that Laudo never writes, and at which its reading fails.
DEEP = "(repeat('[', 5000) || repeat(']', 5000))"
JSON_CELLS = (
    ("answers", "value"),
    ("versions", "body"),
    ("photo_readings", "notes"),
    ("photo_readings", "exif"),
    ("signatures", "strokes"),
)
FACTS_OF = ("photo.received", "document.requested", "document.made", "report.completed")
UNREADABLE = (
    *(
        odd_cell("deep", *cell, f"{DEEP}::jsonb", is_seen_on_page=cell != ("versions", "body"))
        for cell in JSON_CELLS
    ),
    *(odd_cell("endless number", *cell, "'[1e400, -0.0, 1e3]'") for cell in JSON_CELLS),
    odd_cell("too long a number", "answers", "value", "'12345678901234567890'"),
    sql("deep snapshots.body", f"update snapshots set body = {DEEP}"),
    *(
        sql(
            f"facts of {action} that are none",
            "update audit_entries set body = regexp_replace(body, '\"facts\":\\{[^}]*\\}',"
            f" '\"facts\":[1]') where action = '{action}'",
        )
        for action in FACTS_OF
    ),
)


def chained(
    action: str, object_type: str, rows: str, object_id: str, facts: str
) -> tuple[str, ...]:
    """Statements that append a forged entry to the chain: `facts` of `rows`."""
    return (
        "alter table audit_entries enable always trigger audit_entries_chain",
        "alter table audit_heads disable trigger all",
        "insert into audit_entries (tenant_id, action, object_type, object_id, body)"
        f" select tenant_id, '{action}', '{object_type}', {object_id}, jsonb_build_object('action',"
        f" '{action}', 'object', jsonb_build_object('type', '{object_type}', 'id', {object_id}),"
        f" 'actor', '{{}}'::jsonb, 'facts', {facts})::text from {rows}",
        "alter table audit_entries disable trigger all",
    )


# The forgery is recorded in the chain too: the chain stays valid but contradicts itself.
FORGED_ENTRIES = (
    sql(
        "snapshot exchanged and completed anew",
        'update snapshots set body = replace(body, \'"client":"\', \'"client":"Another \')',
        "update snapshots set sha256 = encode(sha256(convert_to(body, 'UTF8')), 'hex')",
        *chained(
            "report.completed",
            "report",
            "snapshots",
            "report_id",
            "jsonb_build_object('snapshot_sha256', sha256)",
        ),
    ),
    sql(
        "document inserted and made",
        "insert into documents (tenant_id, report_id, requested_by, is_preview, state,"
        " storage_key, sha256, byte_size, pages, photos_printed, photos_quarantined)"
        " select tenant_id, report_id, requested_by, is_preview, state, storage_key, sha256,"
        " byte_size, pages, photos_printed, photos_quarantined from documents"
        " where state = 'done'",
        *chained(
            "document.made",
            "document",
            "documents d where state = 'done' and not exists (select from audit_entries e"
            " where e.object_id = d.id)",
            "id",
            "jsonb_build_object('sha256', sha256)",
        ),
    ),
    Change("document exchanged and made anew", lambda *where: _exchange_document(*where)),
)


def _exchange_document(connection: extensions.connection, storage: Path, _random: Random) -> bool:
    """Another file under its correct name, and a row and an entry that match it."""
    finished = min(storage.rglob("pdf/*"))
    forged = b"%PDF-1.7 forged"
    digest = sha256(forged).hexdigest()
    (finished.parent / f"{digest}.pdf").write_bytes(forged)
    return sql(
        "document",
        f"update documents set sha256 = '{digest}', byte_size = {len(forged)}, storage_key = 't/' ||"
        f" tenant_id || '/pdf/{digest}.pdf' where state = 'done'",
        *chained(
            "document.made",
            "document",
            "documents where state = 'done'",
            "id",
            "jsonb_build_object('sha256', sha256)",
        ),
    ).does(connection, storage, _random)


ANY_ANSWER = "(select id from answers where report_id in (select id from reports where status = 'completed') order by md5(id::text || %(seed)s) limit 1)"
STRUCTURAL = (
    sql(
        "answer moved out",
        "update answers set report_id = (select id from reports where status = 'draft' limit"
        f" 1), field_id = 'moved' where id = {ANY_ANSWER}",
    ),
    sql("answer deleted", f"delete from answers where id = {ANY_ANSWER}"),
    sql(
        "answers swapped",
        "update answers a set value = b.value from answers b where a.report_id = b.report_id"
        " and a.field_id = 'cable_entry' and b.field_id = 'enclosure'"
        " and a.report_id in (select id from reports where status = 'completed')",
    ),
    sql(
        "photos swapped",
        "update photo_placements p set position = 1 - p.position where p.position in (0, 1)"
        " and p.report_id in (select id from reports where status = 'completed')",
    ),
    sql(
        "placement moved out",
        "update photo_placements set report_id ="
        " (select id from reports where status = 'draft' limit 1) where id ="
        " (select id from photo_placements where report_id in"
        " (select id from reports where status = 'completed') order by md5(id::text || %(seed)s)"
        " limit 1)",
    ),
    sql(
        "placement inserted",
        "insert into photo_placements (tenant_id, report_id, photo_id, field_id, position)"
        " select tenant_id, report_id, photo_id, field_id, 77 from photo_placements where id ="
        " (select id from photo_placements where report_id in"
        " (select id from reports where status = 'completed') order by md5(id::text || %(seed)s)"
        " limit 1)",
    ),
    sql(
        "one of two places removed",
        "update photo_placements set removed_at = now() where id = (select p.id"
        " from photo_placements p join photo_placements o on o.photo_id = p.photo_id"
        " and o.id <> p.id where p.report_id in (select id from reports where status = 'completed')"
        " order by md5(p.id::text || %(seed)s) limit 1)",
    ),
    sql(
        "photos of two places exchanged",
        "update photo_placements p set photo_id = o.photo_id from photo_placements o"
        " where o.report_id = p.report_id and o.photo_id <> p.photo_id"
        " and p.position + o.position = 1 and p.position in (0, 1)"
        " and p.report_id in (select id from reports where status = 'completed')",
    ),
    sql(
        "document pointed at another's file",
        "update documents d set sha256 = p.sha256, storage_key = 't/' || d.tenant_id || '/pdf/' ||"
        " p.sha256 || '.pdf' from photos p where d.state = 'done'",
    ),
    sql(
        "document's file swapped",
        "update documents d set storage_key = p.storage_key from photos p where d.state = 'done'",
    ),
    sql(
        "finished document hidden",
        "update documents set state = 'failed', error = 'superseded' where state = 'done'",
    ),
    sql(
        "derivative inserted",
        "insert into derivatives (tenant_id, photo_id, kind, recipe, storage_key, sha256,"
        " byte_size, width, height) select d.tenant_id, d.photo_id, 'print', 'forged',"
        " d.storage_key, d.sha256, d.byte_size, d.width, d.height from derivatives d"
        " where d.photo_id in (select photo_id from photo_placements where removed_at is null)"
        " order by md5(d.id::text || %(seed)s) limit 1",
    ),
    sql(
        "signature replaced",
        "insert into signatures (tenant_id, report_id, role_id, signer_name, content_hash,"
        " taken_by, client_id) select tenant_id, report_id, role_id, 'Another', content_hash,"
        " taken_by, gen_random_uuid() from signatures where report_id in"
        " (select id from reports where status = 'completed') limit 1",
    ),
    sql("snapshot deleted", "delete from snapshots"),
    sql(
        "tail cut",
        "delete from audit_entries e where e.sequence > (select max(sequence) - 2"
        " from audit_entries l where l.tenant_id = e.tenant_id)",
        is_seen_on_page=False,
    ),
    sql(
        "tail cut with its head",
        "delete from audit_entries e where e.sequence >= (select min(sequence) from audit_entries"
        " where action = 'report.completed')",
        "update audit_heads h set (sequence, hash) = (select e.sequence, e.hash"
        " from audit_entries e where e.tenant_id = h.tenant_id order by e.sequence desc limit 1)"
        " where tenant_id in (select tenant_id from snapshots)",
    ),
    sql(
        "completion entry deleted",
        "delete from audit_entries where action = 'report.completed'",
    ),
    sql(
        "report opened again",
        "update reports set status = 'in_progress' where status = 'completed'",
        is_seen_on_page=False,
    ),
    sql(
        "reading deleted",
        "delete from photo_readings where photo_id in"
        " (select photo_id from photo_placements where removed_at is null)",
    ),
)


OBJECTS = (
    "photos.storage_key",
    "derivatives.storage_key",
    "signatures.image_key",
    "documents.storage_key",
)


def _harm_object(
    connection: extensions.connection, storage: Path, random: Random, cell: str, *, delete: bool
) -> bool:
    table, column = cell.split(".")
    with connection.cursor() as cursor:
        cursor.execute(f"select {column} from {table} where {column} is not null order by 1")
        (key,) = random.choice(cursor.fetchall())
    path = storage / key
    if delete:
        path.unlink()
        return True
    data = bytearray(path.read_bytes())
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    path.chmod(0o600)
    path.write_bytes(bytes(data))
    return True


def stored_bytes() -> Iterator[Change]:
    """A changed and a missing object of each table whose rows name objects of a report.

    Unfinished uploads have objects too; they are no evidence.
    """
    for cell in OBJECTS:
        for name, delete in (("byte", False), ("deleted", True)):
            yield Change(
                f"object {name} of {cell}",
                lambda connection, storage, random, cell=cell, delete=delete: _harm_object(
                    connection, storage, random, cell, delete=delete
                ),
                is_seen_on_page=False,
            )


def all_changes() -> list[Change]:
    return [*cells(), *times(), *STRUCTURAL, *FORGED_ENTRIES, *UNREADABLE, *stored_bytes()]


def unguarded(database: str) -> extensions.connection:
    """A superuser's connection with all triggers and key constraints disabled."""
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    with connection.cursor() as cursor:
        cursor.execute(
            "select conrelid::regclass::text, conname, contype = 'f' from pg_constraint"
            " where connamespace = 'public'::regnamespace and contype in ('c', 'f')"
            " order by contype desc"
        )
        for table, name, _is_key in cursor.fetchall():
            cursor.execute(f'alter table {table} drop constraint "{name}"')
        cursor.execute(
            "select relname from pg_class where relkind = 'r'"
            " and relnamespace = 'public'::regnamespace"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"alter table {table} disable trigger all")
    return connection
