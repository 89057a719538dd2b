"""`flask check` reports every single change; the report's page reports those of rows too."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from psycopg2 import extensions
from sqlalchemy import select

from app.commands.check.evidence import check_evidence
from app.commands.check.finding import Level
from app.documents.making import EVIDENCE_DIFFERS
from app.documents.service import request_document
from app.extensions import db
from app.jobs import runner
from app.models import Actor, Document, WorkState
from app.reports.queries import get_report
from app.tenancy import tenant_scope
from tests.conftest import signed_in_client
from tests.evidence.tampering import OTHER_CELLS, ROWS, Change, all_changes, unguarded
from tests.support import servers as test_servers
from tests.support.backup_stage import Place, fill, place

pytestmark = pytest.mark.xdist_group("frozen")

CHANGES = 120
BY_LOT = ("infinite ", "before Christ ", *(f"cell {table}." for table in ROWS))
SEED = 36


@dataclass(frozen=True)
class Stage:
    """A copy of the filled installation that is tampered with and restored repeatedly; `client` is
    an admin's client on it."""

    place: Place
    connection: extensions.connection
    client: FlaskClient
    report_id: UUID
    spare: Path

    def mend(self) -> None:
        """Restore every evidence row and stored file."""
        with self.connection.cursor() as cursor:
            for table, columns in columns_of_evidence(cursor).items():
                cursor.execute(f"delete from public.{table}")
                cursor.execute(
                    f"insert into public.{table} ({columns}) select {columns} from kept.{table}"
                )
        self.connection.commit()
        shutil.rmtree(self.place.storage)
        shutil.copytree(self.spare, self.place.storage)

    def named_by_check(self) -> list[str]:
        with self.place.app.app_context():
            found = list(check_evidence(with_bytes=True))
        return [one.sentence for one in found if one.level is not Level.OK]


def columns_of_evidence(cursor: extensions.cursor) -> dict[str, str]:
    cursor.execute(
        "select table_name, string_agg(quote_ident(column_name), ', ')"
        " from information_schema.columns where table_schema = 'public'"
        " and is_generated = 'NEVER' and table_name = any(%s) group by 1",
        (sorted({*ROWS, *OTHER_CELLS}),),
    )
    return dict(cursor.fetchall())


@pytest.fixture(scope="module")
def stage(tmp_path_factory, cast) -> Iterator[Stage]:
    running = test_servers.current()
    name = running.clone(f"laudo_harmed_{uuid4().hex[:8]}")
    folder = tmp_path_factory.mktemp("harmed") / "storage"
    filled = fill(place(name, folder), cast)
    connection = unguarded(name)
    with connection.cursor() as cursor:
        cursor.execute("create schema kept")
        for table in columns_of_evidence(cursor):
            cursor.execute(f"create table kept.{table} as select * from public.{table}")
    connection.commit()
    spare = shutil.copytree(folder, folder.with_name("spare"))
    client = signed_in_client(filled.app, cast.ana)
    yield Stage(filled, connection, client, filled.report_id, spare)
    connection.close()
    filled.let_go()
    running.drop(name)


def drawn() -> list[Change]:
    """Every kind of change of structure, bytes and individually compared cells once, and a random
    sample of cells that a digest covers, because one mechanism checks them all."""
    changes = all_changes()
    columns = [one for one in changes if one.name.startswith(BY_LOT)]
    others = [one for one in changes if not one.name.startswith(BY_LOT)]
    count = int(os.environ.get("TAMPERINGS", CHANGES)) - len(others)
    return [*others, *Random(SEED).sample(columns, min(count, len(columns)))]


def test_nothing_differs_where_nobody_changed_anything(stage):
    assert stage.named_by_check() == []
    assert "Unchanged since completion" in evidence_page(stage)


def evidence_page(stage: Stage) -> str:
    address = f"/reports/{stage.report_id}/evidence"
    return stage.client.get(address, headers={"HX-Request": "true"}).text


@pytest.mark.parametrize("change", drawn(), ids=lambda one: one.name)
def test_a_single_change_is_named(stage, change):
    try:
        folder = stage.place.storage
        assert change.does(stage.connection, folder, Random(change.name)), "nothing changed"
        stage.connection.commit()
        assert stage.named_by_check(), change.name
        if change.is_seen_on_page:
            page = evidence_page(stage)
            assert "no longer matches what was frozen" in page, (change.name, page)
    finally:
        stage.connection.rollback()
        stage.mend()


def test_a_report_that_cannot_be_read_hides_no_other(stage):
    """The others of its batch are still compared."""
    try:
        with stage.connection.cursor() as cursor:
            cursor.execute(
                "insert into snapshots (tenant_id, report_id, body, sha256, audit_sequence,"
                " audit_hash) select r.tenant_id, r.id, '[]', repeat('0', 64), 0, ''"
                " from reports r where r.status <> 'completed'"
            )
            assert cursor.rowcount
            cursor.execute(
                "update answers set value = '12345678901234567890' where report_id = %s",
                (str(stage.report_id),),
            )
        stage.connection.commit()
        found = stage.named_by_check()
        assert sum("cannot be read" in one for one in found) == 1, found
        assert any("the status" in one for one in found), found
    finally:
        stage.place.as_superuser("delete from verifications")
        stage.mend()


def test_no_pdf_is_made_of_forged_rows(stage, cast):
    """The forged values would be printed as if they had been frozen."""
    try:
        with stage.connection.cursor() as cursor:
            cursor.execute(
                "update photos set latitude = 1, longitude = 1 where report_id = %s",
                (str(stage.report_id),),
            )
        stage.connection.commit()
        with stage.place.app.app_context(), tenant_scope(cast.acme):
            tess = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
            report = get_report(stage.report_id, person=tess)
            document_id = request_document(report, actor=tess).id
            db.session.commit()
        with stage.place.app.app_context():
            runner.run("document", str(document_id))
        with stage.place.app.app_context(), tenant_scope(cast.acme):
            document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
            assert (document.state, document.error) == (WorkState.FAILED, EVIDENCE_DIFFERS)
        page = stage.client.get(f"/documents/{document_id}").text
        assert "no longer matches what was frozen" in page
    finally:
        stage.mend()


def test_the_chains_page_says_the_same(stage):
    try:
        with stage.connection.cursor() as cursor:
            cursor.execute(
                "update signatures set signer_name = 'Another' where role_id = 'technician'"
            )
        stage.connection.commit()
        assert stage.named_by_check()
        page = stage.client.get("/audit/chain").text
        assert "1 completed report no longer matches its frozen snapshot" in page
        first = re.search(r"What differs:.*?<li>(.*?)</li>", unescape(page), re.DOTALL)
        assert (
            first and 'The signature as "Technician": differs in the signer\'s name.' in first[1]
        ), page
        shown = stage.client.get(f"/reports/{stage.report_id}").text
        assert "no longer matches what was frozen" in shown, (
            "the kept verdict stands on the page at once"
        )
    finally:
        stage.mend()
    assert stage.named_by_check() == []
    assert "No differences" in stage.client.get("/audit/chain").text


def test_every_evidence_column_has_its_change(stage):
    """The list of changes covers the database catalogue, except for what is named here."""
    left_out = {
        "snapshots": {"id", "tenant_id", "created_at", "report_id"},
        "audit_entries": {"id", "tenant_id", "created_at", "facts"},
        "audit_heads": {"id", "tenant_id", "created_at"},
        # The kept progress is a count of the answers, made again whenever it does not fit them.
        "reports": {"archived_at", "updated_at", "search_words", "progress"},
        "conflicts": {"updated_at"},
        "reviews": {"updated_at"},
        "review_comments": {"updated_at"},
        # No checklist has blocks yet, so nothing is read or printed by their key.
        "answers": {"updated_at", "block_key"},
        # Who typed the caption last, and how often, decides about conflicts while the report is open.
        "photo_placements": {
            "updated_at",
            "block_key",
            "row_version",
            "captioned_at",
            "captioned_by",
        },
        # The remarks on what the version was read from, and what its publisher says about it.
        "versions": {"notices", "note"},
        # A link may be revoked after the completion.
        "witnesses": {"updated_at", "revoked_at", "revoked_by"},
        # The state of a worker's job is no evidence about the file.
        "documents": {
            "id",
            "tenant_id",
            "created_at",
            "updated_at",
            "requested_by",
            "request_id",
            "state",
            "attempts",
            "fence",
            "queued_at",
            "lease_until",
            "fed_at",
            "finished_at",
            "error",
            "progress_stage",
            "progress_done",
            "progress_total",
            "render_seconds",
        },
    }
    tried = {one.name.removeprefix("cell ") for one in all_changes() if "cell " in one.name}
    with stage.connection.cursor() as cursor:
        cursor.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'public' and table_name = any(%s)",
            (sorted({*ROWS, *OTHER_CELLS}),),
        )
        every = {f"{t}.{c}" for t, c in cursor.fetchall() if c not in left_out.get(t, ())}
    assert every == tried
