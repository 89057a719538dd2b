"""No role can change an evidence column of a frozen row: every column is tried by every role, even
superusers in replica mode. Columns come from the catalogue, frozen rows from
evidence_columns.py."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import psycopg2
import pytest
from psycopg2 import extensions

from app.database_roles import APP, BACKUP, OWNER, PLATFORM
from tests.policy.evidence_columns import GENERATED, IDENTITY, TABLES, Evidence
from tests.support import servers as test_servers
from tests.support.backup_stage import fill, place

pytestmark = pytest.mark.xdist_group("frozen")

REPLICA = "replica"
ROLES = (APP, PLATFORM, OWNER, BACKUP, "postgres", REPLICA)
OTHER_VALUES = {
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "coalesce({0}, now()) + interval '1 second'",
    "date": "coalesce({0}, current_date) + 1",
    "integer": "coalesce({0}, 0) + 1",
    "bigint": "coalesce({0}, 0) + 1",
    "double precision": "coalesce({0}, 0) + 1",
    "numeric": "coalesce({0}, 0) + 1",
    "boolean": "not coalesce({0}, false)",
    "jsonb": "jsonb_build_array(coalesce({0}, 'null'), 1)",
    "text": "coalesce({0}, '') || 'x'",
    "ARRAY": "array_append({0}, null)",
    "character varying": "left(coalesce({0}, '') || 'x', 30) || 'y'",
}


@dataclass(frozen=True)
class Stage:
    database: str
    tenant: UUID

    @contextmanager
    def connected(self, role: str) -> Iterator[extensions.connection]:
        postgres = test_servers.current().postgres()
        dsn = postgres.dsn("postgres" if role == REPLICA else role, self.database)
        connection = psycopg2.connect(dsn)
        try:
            with connection.cursor() as cursor:
                if role == REPLICA:
                    cursor.execute("set session_replication_role = replica")
                cursor.execute("select set_config('app.tenant_id', %s, true)", (str(self.tenant),))
            yield connection
        finally:
            connection.rollback()
            connection.close()

    def ask(self, statement: str, *values: object) -> list[tuple]:
        with self.connected("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall()


# Rows that `fill` does not make: an open report's photo, unfinished work, a draft, an archived
# report with a photo.
OPEN = (
    "insert into photos (tenant_id, report_id, client_id, sha256, byte_size, media_type,"
    " storage_key, source, uploaded_by) select r.tenant_id, r.id, gen_random_uuid(), p.sha256, 1,"
    " 'image/jpeg', p.storage_key, 'file', r.started_by from reports r, photos p"
    " where r.status = 'draft' limit 1",
    "insert into photo_placements (tenant_id, report_id, photo_id, field_id)"
    " select tenant_id, report_id, id, 'enclosure' from photos where source = 'file'"
    " and id not in (select photo_id from photo_placements)",
    "insert into documents (tenant_id, report_id, requested_by, is_preview)"
    " select tenant_id, id, started_by, true from reports where status = 'draft' limit 1",
    "insert into documents (tenant_id, report_id, requested_by, is_preview, state)"
    " select tenant_id, id, started_by, true, 'failed' from reports where status = 'draft' limit 1",
    "insert into document_stamps (tenant_id, document_id)"
    " select tenant_id, id from documents where state = 'failed' limit 1",
    "insert into reports (tenant_id, project_id, version_id, number, title, started_by,"
    " assignee_id) select tenant_id, project_id, version_id, 'KEPT-1', title, started_by,"
    " assignee_id from reports where status = 'completed'",
    "insert into photos (tenant_id, report_id, client_id, sha256, byte_size, media_type,"
    " storage_key, source, uploaded_by) select r.tenant_id, r.id, gen_random_uuid(), p.sha256, 1,"
    " 'image/jpeg', p.storage_key, 'file', r.started_by from reports r, photos p"
    " where r.number = 'KEPT-1' limit 1",
    "insert into photo_placements (tenant_id, report_id, photo_id, field_id)"
    " select p.tenant_id, p.report_id, p.id, 'enclosure' from photos p join reports r"
    " on r.id = p.report_id where r.number = 'KEPT-1'",
    "update reports set status = 'archived' where number = 'KEPT-1'",
    "insert into bundles (tenant_id, requested_by, role, report_id, state, storage_key, sha256)"
    " select tenant_id, started_by, 'technician', id, 'done',"
    " 't/' || tenant_id || '/bundle/' || repeat('1', 64) || '.zip', repeat('1', 64)"
    " from reports where number = 'KEPT-1'",
    # An anchor that a place outside has, and one that waits.
    "insert into anchors (tenant_id, kind, sequence, hash, at, public_key, signature, delivered_at)"
    " select tenant_id, 'head', sequence, hash, now(), 'key', 'signature', delivered"
    " from audit_heads, unnest(array[now(), null]) delivered",
    # As in a future revision: a photo of the completed report is also in an open report.
    "insert into photo_placements (tenant_id, report_id, photo_id, field_id, position)"
    " select p.tenant_id, (select id from reports where status = 'draft' limit 1), p.photo_id,"
    " p.field_id, 50 from photo_placements p join reports r on r.id = p.report_id"
    " where r.status = 'completed' and p.removed_at is null limit 1",
)


@pytest.fixture(scope="module")
def stage(tmp_path_factory, cast) -> Iterator[Stage]:
    """A filled installation, so that every table has a frozen row."""
    running = test_servers.current()
    name = running.clone(f"laudo_frozen_{uuid4().hex[:8]}")
    fill(place(name, tmp_path_factory.mktemp("frozen")), cast).as_superuser(*OPEN)
    yield Stage(name, cast.acme)
    running.drop(name)


def columns_of(stage: Stage, table: str) -> dict[str, str]:
    rows = stage.ask(
        "select column_name, data_type from information_schema.columns"
        " where table_schema = 'public' and table_name = %s",
        table,
    )
    return dict(rows)


def refusals(stage: Stage, statements: Callable[[str, str], str], table: str, columns) -> list[str]:
    """The columns and roles for which neither trigger nor privilege rejected the statement."""
    types = columns_of(stage, table)
    loose = []
    for role in ROLES:
        with stage.connected(role) as connection, connection.cursor() as cursor:
            for column in columns:
                new = OTHER_VALUES[types[column]].format(column)
                cursor.execute("savepoint attempt")
                try:
                    cursor.execute(statements(column, new))
                    if role in (PLATFORM, BACKUP) and not cursor.rowcount:
                        continue
                    loose.append(f"{role}: {table}.{column}, {cursor.rowcount} rows")
                except psycopg2.errors.InsufficientPrivilege:
                    pass
                finally:
                    cursor.execute("rollback to savepoint attempt")
    return loose


@pytest.mark.parametrize("evidence", TABLES, ids=lambda one: one.table)
def test_no_column_of_a_frozen_row_changes(stage, evidence: Evidence):
    where = f"id = (select id from {evidence.table} where {evidence.frozen} limit 1)"
    assert stage.ask(f"select 1 from {evidence.table} where {where}"), "no frozen row to try"
    columns = set(columns_of(stage, evidence.table)) - evidence.free - GENERATED

    def statement(column: str, new: str) -> str:
        return f"update {evidence.table} set {column} = {new} where {where}"

    assert refusals(stage, statement, evidence.table, sorted(columns)) == []


def test_an_archiving_changes_nothing_else(stage):
    (evidence,) = (one for one in TABLES if one.table == "reports")
    columns = set(columns_of(stage, "reports")) - evidence.free - GENERATED
    columns -= {"status", "archived_at", "updated_at"}

    def statement(column: str, new: str) -> str:
        return (
            f"update reports set status = 'archived', archived_at = now(), {column} = {new}"
            " where status = 'completed'"
        )

    assert refusals(stage, statement, "reports", sorted(columns)) == []


@pytest.mark.parametrize("table", IDENTITY)
def test_no_row_changes_its_identity(stage, table):
    of_open = "report_id in (select id from reports where status in ('draft', 'in_progress'))"
    open_rows = {
        "answers": of_open,
        "photo_placements": of_open,
        "reports": "status in ('draft', 'in_progress')",
        "versions": "published_at is null",
        "documents": "state = 'queued'",
        "document_stamps": "state = 'queued'",
        "seal_keys": "retired_at is null",
        "anchors": "delivered_at is null",
    }
    where = open_rows.get(table, "true")
    one = f"id = (select id from {table} where {where} limit 1)"
    if not stage.ask(f"select 1 from {table} where {one}"):
        pytest.fail(f"no open row of {table} to try")

    def statement(column: str, new: str) -> str:
        # A head may move by one entry, so the test tries two.
        new = f"{column} + 2" if (table, column) == ("audit_heads", "sequence") else new
        return f"update {table} set {column} = {new} where {one}"

    assert refusals(stage, statement, table, IDENTITY[table]) == []


@pytest.mark.parametrize("table", [one.table for one in TABLES] + ["audit_heads"])
def test_no_evidence_row_can_be_deleted(stage, table):
    frozen = next((one.frozen for one in TABLES if one.table == table), "true")
    loose = []
    for role in ROLES:
        for statement in (f"delete from {table} where {frozen}", f"truncate {table} cascade"):
            with stage.connected(role) as connection, connection.cursor() as cursor:
                try:
                    cursor.execute(statement)
                    loose.append(f"{role}: {statement}: {cursor.rowcount} rows")
                except psycopg2.errors.InsufficientPrivilege:
                    pass
    assert loose == []


CARRIED_OUT = (
    "update answers set report_id = (select id from reports where status = 'in_progress' limit 1)"
    " where report_id in (select id from reports where status = 'completed')",
    "update photo_placements set report_id ="
    " (select id from reports where status in ('draft', 'in_progress') limit 1)"
    " where report_id in (select id from reports where status = 'completed')",
)
FORGED = (
    "insert into answers (tenant_id, report_id, field_id, answered_by, answered_at)"
    " select tenant_id, id, 'forged', started_by, now() from reports where status = 'completed'",
    "insert into signatures"
    " (tenant_id, report_id, role_id, signer_name, content_hash, taken_by, client_id)"
    " select tenant_id, id, 'client', 'Nobody', 'x', started_by, gen_random_uuid() from reports"
    " where status = 'completed'",
    "insert into derivatives (tenant_id, photo_id, kind, recipe, storage_key, sha256, byte_size,"
    " width, height) select d.tenant_id, d.photo_id, d.kind, 'forged', d.storage_key, d.sha256, 1,"
    " 1, 1 from derivatives d join photos p on p.id = d.photo_id join reports r"
    " on r.id = p.report_id where r.status = 'completed'",
    "insert into photo_readings (tenant_id, photo_id, verdict, notes, parser_version)"
    " select p.tenant_id, p.id, 'good', '[]', 'forged' from photos p join reports r"
    " on r.id = p.report_id where r.status = 'completed'",
)
FORGED += (
    "insert into photo_placements (tenant_id, report_id, photo_id, field_id, position)"
    " select p.tenant_id, p.report_id, p.photo_id, p.field_id, 51 from photo_placements p"
    " join reports r on r.id = p.report_id where r.status = 'completed'",
    # Of the photo that is also in an open report.
    "insert into derivatives (tenant_id, photo_id, kind, recipe, storage_key, sha256, byte_size,"
    " width, height) select d.tenant_id, d.photo_id, d.kind, 'forged', d.storage_key, d.sha256, 1,"
    " 1, 1 from derivatives d join photo_placements p on p.photo_id = d.photo_id join reports r"
    " on r.id = p.report_id where r.status = 'draft'",
    *(one.replace("'completed'", "'archived'") for one in FORGED if "derivatives" not in one),
    "insert into derivatives (tenant_id, photo_id, kind, recipe, storage_key, sha256, byte_size,"
    " width, height) select p.tenant_id, p.id, 'print', 'forged', 't/' || p.tenant_id ||"
    " '/derived/' || p.sha256 || '.jpg', p.sha256, 1, 1, 1 from photos p join reports r"
    " on r.id = p.report_id where r.status = 'archived'",
)


@pytest.mark.parametrize("role", [APP, OWNER, "postgres", REPLICA])
@pytest.mark.parametrize("statement", CARRIED_OUT + FORGED)
def test_nothing_moves_out_of_or_into_a_completed_report(stage, role, statement):
    refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
    with stage.connected(role) as connection, connection.cursor() as cursor, refused:
        cursor.execute(statement)


def test_the_app_writes_no_head_of_a_chain(stage):
    for statement in (
        "update audit_heads set hash = 'x'",
        "delete from audit_heads",
        "insert into audit_heads (tenant_id, sequence, hash) select tenant_id, 1, '' from reports",
    ):
        refused = pytest.raises(psycopg2.errors.InsufficientPrivilege)
        with stage.connected(APP) as connection, connection.cursor() as cursor, refused:
            cursor.execute(statement)


def key_columns(stage: Stage) -> list[tuple[str, str]]:
    return stage.ask(
        "select c.table_name, c.column_name from information_schema.columns c"
        " join information_schema.tables t using (table_schema, table_name)"
        " where c.table_schema = 'public' and t.table_type = 'BASE TABLE'"
        " and c.column_name like '%%\\_key' and c.column_name not in ('public_key', 'block_key') order by 1, 2"
    )


def test_every_storage_key_is_bound_to_its_company_by_a_rule(stage):
    """The rule is a CHECK of the table, so another company's key cannot be written even without a
    trigger, or by a superuser with all triggers disabled."""
    columns = key_columns(stage)
    assert len(columns) >= 9
    for table, column in columns:
        foreign = f"'t/{uuid4()}' || substr({column}, 39)"
        statement = f"update {table} set {column} = {foreign} where {column} is not null"
        with stage.connected("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(f"alter table {table} disable trigger all")
            cursor.execute(f"select count(*) from {table} where {column} is not null")
            if not cursor.fetchone()[0]:
                assert column == "second_logo_key", f"no row to try {table}.{column} on"
                statement = statement.replace(f"substr({column}, 39)", "'/logo/x.png'").replace(
                    f" where {column} is not null", ""
                )
            with pytest.raises(psycopg2.errors.CheckViolation):
                cursor.execute(statement)


def test_a_finished_file_is_the_one_that_its_row_is_about(stage):
    """A key of another file of the same company is also rejected: the key has the row's own
    hash."""
    for table, column in (
        ("photos", "storage_key"),
        ("derivatives", "storage_key"),
        ("signatures", "image_key"),
        ("documents", "storage_key"),
        ("document_stamps", "storage_key"),
        ("exports", "storage_key"),
        ("answer_exports", "storage_key"),
        ("bundles", "storage_key"),
    ):
        with stage.connected("postgres") as connection, connection.cursor() as cursor:
            cursor.execute(f"alter table {table} disable trigger all")
            with pytest.raises(psycopg2.errors.CheckViolation):
                cursor.execute(
                    f"update {table} set {column} = regexp_replace({column}, '[0-9a-f]{{64}}',"
                    f" repeat('0', 64)) where {column} is not null"
                )
