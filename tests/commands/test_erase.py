"""Deleting a company: requested, due, cancelled, erased; and what remains of it."""

from __future__ import annotations

import hashlib
import json
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psycopg2
import pytest
from sqlalchemy import func, select, text

from app.branding.draft import draft_of
from app.branding.preview.service import request_preview
from app.commands import erasing
from app.database_roles import APP
from app.evidence.chain import verify_chain
from app.evidence.queries import get_chain_head
from app.evidence.service import About, canonical_json, record
from app.exports.answers.service import request_export as request_answers
from app.exports.bundle.service import request_report_bundle
from app.exports.company.service import request_export
from app.extensions import Base, db
from app.jobs import runner
from app.jobs.registry import list_kinds
from app.models import (
    Account,
    Actor,
    AnswerFormat,
    DocumentStamp,
    Export,
    PhotoCheck,
    PlatformAuditEntry,
    Project,
    Tenant,
    TenantStatus,
    Tombstone,
    WorkState,
)
from app.platform.deletion import WAITING_PERIOD
from app.reports.listing.filters import ReportFilter
from app.storage import StorageUnavailable, object_key
from app.storage.sweeping import clear_if_erased
from app.tenancy import TenantOwned, platform_scope, tenant_scope
from app.tombstones import is_genuine, sign_body
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.authorities import running_authority
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.platform_stage import stage
from tests.support.stored import put_bytes, whole_storage

PAST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def installation(cast, tmp_path):
    yield from stage(cast, tmp_path)


@pytest.fixture
def sam(installation, cast):
    return installation.client(cast.sam)


def page(tenant_id, tail=""):
    return f"/platform/companies/{tenant_id}{tail}"


def ask(client, tenant_id, **changes):
    form = {"deletion-reason": "They left us", "deletion-slug": "acme", **changes}
    return client.post(page(tenant_id, "/deletion"), data=form)


WAIVED = {"deletion-is_waived": "y", "deletion-waiver": "Ana said so by mail"}


@pytest.fixture
def suspended(installation, cast, sam):
    sam.post(page(cast.acme, "/suspend"), data={"suspend-reason": "They leave"})
    return cast.acme


def finish_export(installation, tenant_id, *, asked) -> None:
    """An export that was requested at that time and is finished now."""
    with installation.inside(tenant_id):
        key = object_key(tenant_id, "export", "a" * 64, ".zip")
        now = datetime.now(UTC)
        db.session.add(
            Export(
                state=WorkState.DONE,
                storage_key=key,
                sha256="a" * 64,
                created_at=asked,
                finished_at=now,
            )
        )
        db.session.commit()


def fill(installation, person) -> None:
    """Fill many tables: finished reports, photos with files, signatures, an audit."""
    with installation.inside(person.tenant_id):
        who = Actor(person.name, person.role, person.id)
        record("test.done", About("test", None), who)
        for _n in range(2):
            report = scenarios.a_report(who)
            scenarios.all_answers(report, who)
            scenarios.a_photo(report, "enclosure", who, data=uuid4().bytes)
            scenarios.a_signature(report, "technician", who)
            scenarios.completed(report, who, archived=_n == 0)
        put_bytes(
            object_key(person.tenant_id, "pdf", hashlib.sha256(b"x").hexdigest(), ".pdf"), b"x"
        )


# --- asking --------------------------------------------------------------------------------


def test_only_a_suspended_company_can_be_deleted(installation, sam, cast):
    answer = ask(sam, cast.acme, **WAIVED)
    assert answer.status_code == 409 and "is not suspended" in answer.text
    assert installation.tenant(cast.acme).deletion_due_at is None


def test_an_export_asked_for_after_the_suspension_is_needed(installation, sam, suspended, cast):
    since = installation.tenant(cast.acme).suspended_at
    finish_export(installation, cast.acme, asked=since - timedelta(minutes=1))
    refused = ask(sam, suspended)
    assert refused.status_code == 422 and "There is no completed export" in refused.text
    assert ask(sam, suspended, **{"deletion-is_waived": "y"}).status_code == 422
    assert ask(sam, suspended, **{"deletion-waiver": "not ticked"}).status_code == 422
    finish_export(installation, cast.acme, asked=since + timedelta(seconds=1))
    assert ask(sam, suspended).status_code == 303
    facts = installation.chain(cast.acme, "tenant", cast.acme)[-1][2]
    assert facts["export"] and facts["waiver"] is None


def test_the_platform_asks_for_the_export(installation, sam, suspended, cast):
    for _tap in range(2):
        assert sam.post(page(suspended, "/export")).status_code == 303
    with installation.inside(cast.acme):
        export = db.session.scalars(select(Export)).one()
        assert (export.requested_by, export.state) == (None, WorkState.QUEUED)
    assert "An export is being generated" in sam.get(page(suspended)).text
    assert installation.platform_actions(suspended).count("export.requested") == 1
    told = "Sam Super requested an export of all company data."
    assert told in sam.get("/platform/audit?kind=companies").text


def test_a_waiver_is_recorded_and_the_company_is_notified(installation, sam, suspended, cast):
    for wrong, sentence in (
        ({"deletion-slug": "other"}, "This is not the company&#39;s slug"),
        ({"deletion-slug": ""}, "Enter the company's slug"),
        ({"deletion-reason": ""}, "Enter a reason"),
    ):
        answer = ask(sam, suspended, **WAIVED, **wrong)
        assert answer.status_code == 422 and sentence in answer.text
    assert installation.tenant(suspended).deletion_due_at is None
    for _tap in range(2):
        assert ask(sam, suspended, **WAIVED).status_code == 303
    due = installation.tenant(suspended).deletion_due_at
    assert timedelta(0) <= datetime.now(UTC) + WAITING_PERIOD - due < timedelta(minutes=1)
    entries = [
        one for one in installation.chain(cast.acme, "tenant", cast.acme) if "deletion" in one[0]
    ]
    assert [(action, role) for action, role, _ in entries] == [
        ("tenant.deletion_requested", "superadmin")
    ]
    assert entries[0][2]["waiver"] == "Ana said so by mail"
    assert "tenant.deletion_requested" in installation.platform_actions(suspended)
    for person in (cast.ana, cast.tess):
        assert "will be permanently deleted" in installation.client(person).get("/reports/").text
    assert "will be permanently deleted" not in installation.client(cast.otto).get("/reports/").text
    assert "Will be deleted on" in sam.get(page(suspended)).text
    listed = sam.get("/platform/companies/?standing=leaving").text
    assert "Acme" in listed and "Other" not in listed


def test_a_deletion_can_be_cancelled_and_must_be_before_reactivation(installation, sam, suspended):
    ask(sam, suspended, **WAIVED)
    assert sam.post(page(suspended, "/reactivate")).status_code == 409
    for _tap in range(2):
        assert sam.post(page(suspended, "/deletion/cancel")).status_code == 303
    tenant = installation.tenant(suspended)
    assert (tenant.deletion_due_at, tenant.status) == (None, TenantStatus.SUSPENDED)
    assert sam.post(page(suspended, "/reactivate")).status_code == 303
    assert installation.tenant(suspended).status is TenantStatus.ACTIVE


# --- erasing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "nobody asked for its deletion"),
        ({"status": TenantStatus.SUSPENDED}, "nobody asked"),
        ({"deletion_due_at": PAST}, "nobody asked"),
        (
            {
                "status": TenantStatus.SUSPENDED,
                "deletion_due_at": datetime.now(UTC) + WAITING_PERIOD,
            },
            "it is due on",
        ),
    ],
)
def test_a_company_that_is_not_due_is_not_erased(installation, cast, columns, sentence):
    installation.change(cast.acme, **columns)
    assert sentence in installation.flask("tenant", "erase", "acme", fails=True)
    installation.flask("tenant", "erase", "--due")
    assert installation.tenant(cast.acme) is not None
    assert "no such company" in installation.flask("tenant", "erase", "nowhere", fails=True)
    installation.flask("tenant", "erase", fails=True)
    installation.flask("tenant", "erase", "acme", "--due", fails=True)


def rows_of(installation, tenant_id) -> dict[str, int]:
    """Rows by table, as the server's superuser sees them."""
    tables = [
        mapper.local_table.name
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    ]
    dsn = test_servers.current().postgres().dsn(database=installation.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f"select count(*) from {table} where tenant_id = %s", (str(tenant_id),))
            counts[table] = cursor.fetchone()[0]
    connection.close()
    return counts


def due(installation, sam, cast) -> None:
    sam.post(page(cast.acme, "/suspend"), data={"suspend-reason": "They leave"})
    assert ask(sam, cast.acme, **WAIVED).status_code == 303
    installation.change(cast.acme, deletion_due_at=PAST)


def test_one_company_is_erased_and_the_other_stays(installation, sam, cast):
    fill(installation, cast.ana)
    fill(installation, cast.otto)
    sam.post(
        page(cast.acme, "/support"),
        data={"support-reason": "last look", "support-minutes": "30"},
    )
    due(installation, sam, cast)
    with installation.inside(cast.acme):
        head = get_chain_head()
        assert len(list(whole_storage().list(cast.acme))) == 3
    before, others = rows_of(installation, cast.acme), rows_of(installation, cast.other)
    assert before["photos"] == 2 and before["answers"] > 10 and before["support_accesses"] == 1

    output = installation.flask("tenant", "erase", "acme")

    assert "Erased acme" in output and "Erased 3 files of acme" in output
    assert installation.tenant(cast.acme) is None
    assert set(rows_of(installation, cast.acme).values()) == {0}
    assert rows_of(installation, cast.other) == others
    with installation.inside(cast.other):
        assert verify_chain().broken_at is None
        assert len(list(whole_storage().list(cast.other))) == 3
        assert list(whole_storage().list(cast.acme)) == []
    assert installation.client(cast.otto).get("/reports/").status_code == 200
    listed = sam.get("/platform/companies/").text
    assert "Acme" not in listed and "Other Works" in listed
    assert "was erased by" in sam.get(f"/platform/audit?company={cast.acme}").text
    assert_tombstone(installation, cast, before, head)
    guards_stand(installation)
    assert_emails_are_free(installation, sam, cast)


def assert_tombstone(installation, cast, before, head) -> None:
    with installation.app.app_context(), platform_scope() as session:
        stone = session.scalars(select(Tombstone)).one()
        assert is_genuine(stone)
        body = json.loads(stone.body)
        assert (body["slug"], body["name"], body["tenant"]) == (
            "acme",
            "Acme Commissioning",
            str(cast.acme),
        )
        assert body["rows"] == {table: str(count) for table, count in before.items()}
        assert body["audit"] == {"sequence": str(head.sequence), "hash": head.hash}
        assert body["deletion"]["asked_by"] == "Sam Super"
        assert body["deletion"]["waiver"] == "Ana said so by mail"
        assert "acme.test" not in stone.body
        stone.body = stone.body.replace("acme", "akme")
        assert not is_genuine(stone)
        session.rollback()


def guards_stand(installation) -> None:
    dsn = test_servers.current().postgres().dsn(database=installation.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_trigger where not tgisinternal and tgenabled <> 'A'"
            " and tgname not like '%_email'"
        )
        assert cursor.fetchone()[0] == 0
    connection.close()


def assert_emails_are_free(installation, sam, cast) -> None:
    answer = sam.post(
        "/platform/companies/",
        data={
            "name": "Acme again",
            "slug": "acme",
            "plan": "small",
            "locale": "en",
            "time_zone": "UTC",
            "admin_name": "Ana",
            "admin_email": "ana@acme.test",
        },
    )
    assert answer.status_code == 303, answer.text
    again = UUID(answer.location.rsplit("/", 1)[1])
    assert again != cast.acme
    with installation.inside(again):
        db.session.add(
            Account(email="ana@acme.test", name="Ana", role=cast.ana.role, password_hash="x")
        )
        db.session.commit()


def test_due_erases_every_due_company(installation, sam, cast):
    due(installation, sam, cast)
    assert "Erased acme" in installation.flask("tenant", "erase", "--due")
    assert "Erased acme" not in installation.flask("tenant", "erase", "--due")
    assert installation.tenant(cast.other) is not None


def test_a_blocked_company_does_not_block_the_others(installation, sam, cast, monkeypatch):
    monkeypatch.setattr(erasing, "LONGEST_WAIT", "300ms")
    due(installation, sam, cast)
    other = installation.tenant(cast.other)
    installation.change(
        cast.other, status=TenantStatus.SUSPENDED, deletion_due_at=PAST + timedelta(days=1)
    )
    dsn = test_servers.current().postgres().dsn(database=installation.database)
    holding = psycopg2.connect(dsn)
    holding.cursor().execute("select from tenants where slug = 'acme' for update")
    output = installation.flask("tenant", "erase", "--due", fails=True)
    holding.close()
    assert "acme stays as it is: canceling statement due to lock timeout" in output
    assert f"Erased {other.slug}" in output and "Not erased: acme. Run the command again." in output
    assert installation.tenant(cast.acme) is not None and installation.tenant(cast.other) is None
    assert "Erased acme" in installation.flask("tenant", "erase", "--due")


def test_files_that_could_not_be_erased_are_erased_next_time(installation, sam, cast, monkeypatch):
    fill(installation, cast.ana)
    due(installation, sam, cast)
    store = installation.app.extensions["laudo_storage"]
    with monkeypatch.context() as patch:

        def away(key):
            raise StorageUnavailable

        patch.setattr(store, "delete", away)
        installation.flask("tenant", "erase", "acme", fails=True)
    assert installation.tenant(cast.acme) is None
    assert len(list(store.list(cast.acme))) == 3
    assert "Erased 3 files of acme" in installation.flask("tenant", "erase", "--due")
    assert list(store.list(cast.acme)) == []
    assert installation.flask("tenant", "erase", "--due") == ""


# --- work in progress ------------------------------------------------------------------------


@contextmanager
def working(installation, person):
    with installation.inside(person.tenant_id):
        yield Actor(person.name, person.role, person.id)


def asked_for(installation, cast, kind: str) -> UUID:
    """A queued row of work of that kind."""

    def acting(person):
        return working(installation, person)

    if kind in ("document", "photo_check", "document_stamp", "bundle"):
        return asked_for_a_report(Desk(installation.app, acting, cast), kind)
    with working(installation, cast.ana) as ana:
        if kind == "export":
            row = request_export(actor=ana)
        elif kind == "answer_export":
            scenarios.a_report(ana)
            row = request_answers(
                criteria=ReportFilter(),
                filters={},
                format=AnswerFormat.CSV,
                locale="en",
                time_zone="UTC",
                most=100,
                actor=ana,
            )
        elif kind == "brand_preview":
            tenant = db.session.scalars(select(Tenant)).one()
            row = request_preview(draft_of(tenant), account_id=cast.ana.id)
        db.session.commit()
        return row.id


def asked_for_a_report(desk: Desk, kind: str) -> UUID:
    desk.answer()
    desk.photograph(a_jpeg())
    if kind == "photo_check":
        with desk.acting(desk.tess):
            return db.session.scalars(select(PhotoCheck.id)).one()
    desk.read_photos()
    if kind == "document":
        return desk.ask()
    desk.submit()
    document = desk.make()
    with desk.acting(desk.tess) as tess:
        if kind == "document_stamp":
            made = select(DocumentStamp.id).where(DocumentStamp.document_id == document.id)
            return db.session.scalars(made).one()
        bundle_id = request_report_bundle(report_id=desk.report_id, actor=tess).id
        db.session.commit()
        return bundle_id


PUTTING = (
    "document",
    "photo_check",
    "brand_preview",
    "export",
    "answer_export",
    "document_stamp",
    "bundle",
)


def test_every_kind_of_work_that_stores_files_is_tested(installation):
    with installation.app.app_context():
        assert {kind.name for kind in list_kinds()} == {*PUTTING, "mail", "photo_comparison"}


@pytest.fixture
def authority(installation, tmp_path, monkeypatch):
    with running_authority(tmp_path) as running:
        monkeypatch.setitem(installation.app.config, "TSA_URL", running.url)
        monkeypatch.setitem(installation.app.config, "TSA_CERTIFICATES", running.certificate)
        yield running


@pytest.mark.usefixtures("authority")
@pytest.mark.parametrize("kind", PUTTING)
def test_files_put_after_the_erasure_are_deleted_too(installation, sam, cast, monkeypatch, kind):
    """The put arrives after `flask tenant erase` has listed and deleted the files."""
    fill(installation, cast.otto)
    work_id = asked_for(installation, cast, kind)
    due(installation, sam, cast)
    store, late = installation.app.extensions["laudo_storage"], []
    others = {one.key for one in store.list(cast.other)}
    put = store.put

    def put_late(key, source):
        if not late:
            assert "Erased acme" in installation.flask("tenant", "erase", "acme")
            assert list(store.list(cast.acme)) == []
        put(key, source)
        assert store.exists(key)
        late.append(key)

    monkeypatch.setattr(store, "put", put_late)
    with installation.app.app_context(), suppress(Exception):
        runner.run(kind, str(work_id))
    assert late
    assert list(store.list(cast.acme)) == []
    assert {one.key for one in store.list(cast.other)} == others
    assert installation.tenant(cast.other) is not None


def put_since(installation, tenant_id) -> str:
    """An object of an erased company, put by a worker that is killed before its last check."""
    key = object_key(tenant_id, "pdf", hashlib.sha256(b"late").hexdigest(), ".pdf")
    with installation.app.app_context(), tenant_scope(tenant_id):
        put_bytes(key, b"late")
    return key


def test_each_sweep_deletes_later_files_and_nothing_else(installation, sam, cast, caplog):
    fill(installation, cast.ana)
    fill(installation, cast.otto)
    due(installation, sam, cast)
    installation.flask("tenant", "erase", "acme")
    store = installation.app.extensions["laudo_storage"]
    others = {one.key for one in store.list(cast.other)}
    stranger = put_since(installation, uuid4())
    for _day in range(2):
        key = put_since(installation, cast.acme)
        output = installation.flask("storage", "sweep")
        assert "1 deleted, 4 bytes" in output
        assert f"tenant {stranger.split('/')[1]} has objects" in output
        assert not store.exists(key) and store.exists(stranger)
    assert {one.key for one in store.list(cast.other)} == others
    assert "was erased before it came" in caplog.text


@pytest.mark.parametrize(
    "harm",
    ["update tombstones set signature = repeat('0', 64)", "delete from tombstones"],
    ids=["forged", "gone"],
)
def test_without_a_genuine_tombstone_a_company_does_not_count_as_erased(
    installation, sam, cast, harm
):
    due(installation, sam, cast)
    installation.flask("tenant", "erase", "acme")
    run(test_servers.current().postgres().dsn(database=installation.database), harm)
    key = put_since(installation, cast.acme)
    output = installation.flask("storage", "sweep")
    assert f"tenant {cast.acme} has objects, but neither a row nor a genuine tombstone" in output
    with installation.app.app_context():
        assert clear_if_erased(whole_storage(), cast.acme) == 0
        assert whole_storage().exists(key)


def test_a_restored_company_does_not_count_as_erased(installation, sam, cast):
    """Its tombstone may still be there, put back by hand: the row decides."""
    fill(installation, cast.ana)
    body = canonical_json({"tenant": str(cast.acme), "slug": "acme"})
    connection = owner(installation)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into tombstones (slug, body, signature) values ('acme', %s, %s)",
            (body, signed(installation, body)),
        )
    connection.close()
    before = {one.key for one in installation.app.extensions["laudo_storage"].list(cast.acme)}
    installation.flask("storage", "sweep")
    with installation.app.app_context():
        assert clear_if_erased(whole_storage(), cast.acme) == 0
        assert {one.key for one in whole_storage().list(cast.acme)} == before


def signed(installation, body: str) -> str:
    with installation.app.app_context():
        return sign_body(body)


def test_an_interrupted_erasure_changes_nothing(installation, sam, cast, monkeypatch):
    fill(installation, cast.ana)
    due(installation, sam, cast)
    before = rows_of(installation, cast.acme)
    monkeypatch.setattr(erasing, "sign_body", lambda body: None)  # refused by the database
    installation.flask("tenant", "erase", "acme", fails=True)
    assert rows_of(installation, cast.acme) == before
    with installation.inside(cast.acme):
        assert verify_chain().broken_at is None
    with installation.app.app_context(), platform_scope() as session:
        assert session.scalar(select(func.count(Tombstone.id))) == 0


def owner(installation):
    return psycopg2.connect(installation.owner_url().replace("+psycopg2", ""))


@pytest.mark.parametrize("lacking", ["the day", "the suspension"])
def test_the_triggers_require_every_condition(installation, sam, cast, lacking):
    """Owner, named company, requested deletion: all conditions but one are met."""
    fill(installation, cast.ana)
    due(installation, sam, cast)
    tomorrow = {"deletion_due_at": datetime.now(UTC) + timedelta(hours=1)}
    installation.change(
        cast.acme, **tomorrow if lacking == "the day" else {"status": TenantStatus.ACTIVE}
    )
    for table in ("audit_entries", "photos", "reports", "signatures"):
        connection = owner(installation)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
            cursor.execute("select set_config('laudo.erasing', %s, true)", (str(cast.acme),))
            cursor.execute(f"delete from {table} where tenant_id = %s", (str(cast.acme),))
        connection.close()


@pytest.mark.parametrize("moved", [timedelta(hours=1), None], ids=["later", "cancelled"])
def test_a_date_that_changes_during_the_command_stops_it(
    installation, sam, cast, monkeypatch, moved
):
    """It was due when the command listed it, but is not once the command has locked its row."""
    due(installation, sam, cast)
    found = erasing._get_due

    def get_due_then_change(connection, slug):
        one = found(connection, slug)
        installation.change(cast.acme, deletion_due_at=moved and datetime.now(UTC) + moved)
        return one

    monkeypatch.setattr(erasing, "_get_due", get_due_then_change)
    output = installation.flask("tenant", "erase", "acme", fails=True)
    assert "its deletion was cancelled" in output
    assert installation.tenant(cast.acme) is not None


@pytest.mark.parametrize("named", ["nobody", "the other", "itself, but not due"])
def test_the_owner_can_only_delete_evidence_of_the_due_company(installation, sam, cast, named):
    """The triggers themselves refuse a wrong statement of the erasing role, row by row."""
    fill(installation, cast.ana)
    fill(installation, cast.otto)
    if named != "itself, but not due":
        due(installation, sam, cast)
    erased = {"nobody": "", "the other": str(cast.other)}.get(named, str(cast.acme))
    for table in ("audit_entries", "photos", "reports", "signatures"):
        connection = owner(installation)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
            cursor.execute("select set_config('laudo.erasing', %s, true)", (erased,))
            cursor.execute(f"delete from {table} where tenant_id = %s", (str(cast.acme),))
        connection.close()


def test_a_due_company_gives_no_access_to_the_rows_of_another(installation, sam, cast):
    fill(installation, cast.otto)
    due(installation, sam, cast)
    connection = owner(installation)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
        cursor.execute("select set_config('laudo.erasing', %s, true)", (str(cast.acme),))
        cursor.execute("delete from audit_entries")
    connection.close()


def test_neither_the_app_nor_a_superuser_can_erase(installation, sam, cast):
    fill(installation, cast.ana)
    due(installation, sam, cast)
    postgres = test_servers.current().postgres()
    app_url = test_servers.current().url(APP, installation.database).replace("+psycopg2", "")
    for dsn, statement in (
        (app_url, "delete from audit_entries"),
        (app_url, "delete from versions where published_at is not null"),
        (postgres.dsn(database=installation.database), "delete from audit_entries"),
    ):
        connection = psycopg2.connect(dsn)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
            cursor.execute(
                "select set_config('laudo.erasing', %s, true), set_config('app.tenant_id', %s, true)",
                (str(cast.acme), str(cast.acme)),
            )
            cursor.execute(statement)
        connection.close()


def test_an_owner_without_bypassrls_can_erase(installation, sam, cast):
    """As on hosts that do not grant BYPASSRLS. Uses its own owner role: other tests share the usual
    one."""
    fill(installation, cast.ana)
    due(installation, sam, cast)
    dsn, weak = test_servers.current().postgres().dsn(database=installation.database), "laudo_weak"
    run(
        dsn,
        f"create role {weak} nobypassrls",
        f"grant laudo_owner to {weak}",
        f"reassign owned by laudo_owner to {weak}",
    )
    try:
        output = installation.flask(
            "tenant", "erase", "acme", owner=f"{dsn}&options=-c%20role%3D{weak}"
        )
        assert "Erased acme" in output
    finally:
        run(dsn, f"reassign owned by {weak} to laudo_owner", f"drop role {weak}")
    assert set(rows_of(installation, cast.acme).values()) == {0}
    assert installation.tenant(cast.acme) is None


def run(dsn: str, *statements: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    for statement in statements:
        connection.cursor().execute(statement)
    connection.close()


def test_another_company_can_work_during_an_erasure(installation, sam, cast, monkeypatch):
    """The erasure has deleted all rows but not committed: none of its locks blocks others."""
    fill(installation, cast.ana)
    due(installation, sam, cast)
    otto = installation.client(cast.otto)
    seen = []

    def meanwhile(body):
        def work():
            seen.append(otto.post("/projects/", data={"name": "Made meanwhile"}).status_code)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(timeout=4)
        return "0" * 64

    monkeypatch.setattr(erasing, "sign_body", meanwhile)
    installation.flask("tenant", "erase", "acme")
    assert seen == [303]
    with installation.inside(cast.other):
        assert db.session.scalars(select(Project.name)).one() == "Made meanwhile"
        assert verify_chain().broken_at is None


def test_every_table_of_companies_can_be_erased(installation):
    """A table that a later migration adds needs the owner's policy too."""
    dsn = test_servers.current().postgres().dsn(database=installation.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_policies where policyname = 'erasing'")
        having = {name for (name,) in cursor.fetchall()}
    connection.close()
    assert having == {*rows_of(installation, uuid4()), "tenants"}


def test_the_platform_keeps_no_e_mail_of_the_erased(installation, sam, cast):
    sam.post(
        page(cast.acme, "/invite"),
        data={"invite-name": "Ari", "invite-email": "ari@acme.test"},
    )
    due(installation, sam, cast)
    installation.flask("tenant", "erase", "acme")
    with installation.app.app_context(), platform_scope() as session:
        bodies = session.scalars(
            select(PlatformAuditEntry.body).where(PlatformAuditEntry.tenant_id == cast.acme)
        ).all()
    assert bodies and not [body for body in bodies if "acme.test" in body]
    with installation.app.app_context(), platform_scope() as session:
        assert session.scalar(text("select count(*) from accounts")) == 1
        assert session.scalars(select(Tenant.slug)).all() == ["other"]
