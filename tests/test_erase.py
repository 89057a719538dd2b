"""Deleting a company: asked for, waited for, called off, erased; and what stays of it."""

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

from app.commands import erasing
from app.company.draft import draft_of
from app.company.exporting import request_export
from app.company.previews import request_preview
from app.database_roles import APP
from app.evidence.chain import verify_chain
from app.evidence.queries import get_chain_head
from app.evidence.service import canonical_json, record
from app.exports.service import request_export as request_answers
from app.extensions import Base, db
from app.jobs import runner
from app.jobs.registry import list_kinds
from app.models import (
    Account,
    Actor,
    AnswerFormat,
    Export,
    PhotoCheck,
    PlatformAuditEntry,
    Project,
    Tenant,
    TenantStatus,
    Tombstone,
    WorkState,
)
from app.platform.deletion import WAIT
from app.reports.finding import Wanted
from app.storage import StorageUnavailable, object_key
from app.storage.sweeping import clear_if_erased
from app.tenancy import TenantOwned, platform_scope, tenant_scope
from app.tombstones import is_genuine, sign_body
from tests import scenarios
from tests import servers as test_servers
from tests.pictures import a_jpeg
from tests.platform_stage import stage
from tests.stored import put_bytes, whole_storage
from tests.test_documents_jobs import Desk

PAST = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def house(cast, tmp_path):
    yield from stage(cast, tmp_path)


@pytest.fixture
def sam(house, cast):
    return house.client(cast.sam)


def page(tenant_id, tail=""):
    return f"/platform/companies/{tenant_id}{tail}"


def ask(client, tenant_id, **changes):
    form = {"deletion-reason": "They left us", "deletion-slug": "acme", **changes}
    return client.post(page(tenant_id, "/deletion"), data=form)


WAIVED = {"deletion-is_waived": "y", "deletion-waiver": "Ana said so by mail"}


@pytest.fixture
def suspended(house, cast, sam):
    sam.post(page(cast.acme, "/suspend"), data={"suspend-reason": "They leave"})
    return cast.acme


def finish_export(house, tenant_id, *, asked) -> None:
    """One that was asked for at that time and is finished just now."""
    with house.inside(tenant_id):
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


def fill(house, person) -> None:
    """Something in many tables: finished reports, photos with files, signatures, an audit."""
    with house.inside(person.tenant_id):
        who = Actor(person.name, person.role, person.id)
        record(action="test.done", actor=who, object_type="test", object_id=None)
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


def test_only_a_suspended_company_can_be_deleted(house, sam, cast):
    answer = ask(sam, cast.acme, **WAIVED)
    assert answer.status_code == 409 and "is not suspended" in answer.text
    assert house.tenant(cast.acme).deletion_due_at is None


def test_an_export_asked_for_after_the_suspension_is_needed(house, sam, suspended, cast):
    since = house.tenant(cast.acme).suspended_at
    finish_export(house, cast.acme, asked=since - timedelta(minutes=1))
    refused = ask(sam, suspended)
    assert refused.status_code == 422 and "There is no finished export" in refused.text
    assert ask(sam, suspended, **{"deletion-is_waived": "y"}).status_code == 422
    assert ask(sam, suspended, **{"deletion-waiver": "not ticked"}).status_code == 422
    finish_export(house, cast.acme, asked=since + timedelta(seconds=1))
    assert ask(sam, suspended).status_code == 303
    facts = house.chain(cast.acme, "tenant", cast.acme)[-1][2]
    assert facts["export"] and facts["waiver"] is None


def test_the_platform_asks_for_the_export(house, sam, suspended, cast):
    for _tap in range(2):
        assert sam.post(page(suspended, "/export")).status_code == 303
    with house.inside(cast.acme):
        export = db.session.scalars(select(Export)).one()
        assert (export.requested_by, export.state) == (None, WorkState.QUEUED)
    assert "An export is being made" in sam.get(page(suspended)).text
    assert house.platform_actions(suspended).count("export.requested") == 1
    told = "Sam Super asked for an archive of all that the company has."
    assert told in sam.get("/platform/audit?kind=companies").text


def test_a_waiver_is_written_down_and_the_company_is_told(house, sam, suspended, cast):
    for wrong, sentence in (
        ({"deletion-slug": "other"}, "This is not the slug"),
        ({"deletion-slug": ""}, "Write the slug"),
        ({"deletion-reason": ""}, "Give a reason"),
    ):
        answer = ask(sam, suspended, **WAIVED, **wrong)
        assert answer.status_code == 422 and sentence in answer.text
    assert house.tenant(suspended).deletion_due_at is None
    for _tap in range(2):
        assert ask(sam, suspended, **WAIVED).status_code == 303
    due = house.tenant(suspended).deletion_due_at
    assert timedelta(0) <= datetime.now(UTC) + WAIT - due < timedelta(minutes=1)
    told = [one for one in house.chain(cast.acme, "tenant", cast.acme) if "deletion" in one[0]]
    assert [(action, role) for action, role, _ in told] == [
        ("tenant.deletion_requested", "superadmin")
    ]
    assert told[0][2]["waiver"] == "Ana said so by mail"
    assert "tenant.deletion_requested" in house.platform_actions(suspended)
    for person in (cast.ana, cast.tess):
        assert "will be deleted for good" in house.client(person).get("/reports/").text
    assert "will be deleted for good" not in house.client(cast.otto).get("/reports/").text
    assert "Will be deleted on" in sam.get(page(suspended)).text
    listed = sam.get("/platform/companies/?standing=leaving").text
    assert "Acme" in listed and "Other" not in listed


def test_it_can_be_cancelled_and_must_be_before_it_works_again(house, sam, suspended):
    ask(sam, suspended, **WAIVED)
    assert sam.post(page(suspended, "/reactivate")).status_code == 409
    for _tap in range(2):
        assert sam.post(page(suspended, "/deletion/cancel")).status_code == 303
    tenant = house.tenant(suspended)
    assert (tenant.deletion_due_at, tenant.status) == (None, TenantStatus.SUSPENDED)
    assert sam.post(page(suspended, "/reactivate")).status_code == 303
    assert house.tenant(suspended).status is TenantStatus.ACTIVE


# --- erasing -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "sentence"),
    [
        ({}, "nobody asked for its deletion"),
        ({"status": TenantStatus.SUSPENDED}, "nobody asked"),
        ({"deletion_due_at": PAST}, "nobody asked"),
        (
            {"status": TenantStatus.SUSPENDED, "deletion_due_at": datetime.now(UTC) + WAIT},
            "it is due on",
        ),
    ],
)
def test_what_is_not_due_is_not_erased(house, cast, columns, sentence):
    house.change(cast.acme, **columns)
    assert sentence in house.flask("tenant", "erase", "acme", fails=True)
    house.flask("tenant", "erase", "--due")
    assert house.tenant(cast.acme) is not None
    assert "no such company" in house.flask("tenant", "erase", "nowhere", fails=True)
    house.flask("tenant", "erase", fails=True)
    house.flask("tenant", "erase", "acme", "--due", fails=True)


def rows_of(house, tenant_id) -> dict[str, int]:
    """Rows by table, as the server's superuser sees them."""
    tables = [
        mapper.local_table.name
        for mapper in Base.registry.mappers
        if issubclass(mapper.class_, TenantOwned)
    ]
    dsn = test_servers.current().postgres().dsn(database=house.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        counts = {}
        for table in tables:
            cursor.execute(f"select count(*) from {table} where tenant_id = %s", (str(tenant_id),))
            counts[table] = cursor.fetchone()[0]
    connection.close()
    return counts


def due(house, sam, cast) -> None:
    sam.post(page(cast.acme, "/suspend"), data={"suspend-reason": "They leave"})
    assert ask(sam, cast.acme, **WAIVED).status_code == 303
    house.change(cast.acme, deletion_due_at=PAST)


def test_a_company_goes_and_the_other_stays(house, sam, cast):
    fill(house, cast.ana)
    fill(house, cast.otto)
    sam.post(
        page(cast.acme, "/support"),
        data={"support-reason": "last look", "support-minutes": "30"},
    )
    due(house, sam, cast)
    with house.inside(cast.acme):
        head = get_chain_head()
        assert len(list(whole_storage().list(cast.acme))) == 3
    before, others = rows_of(house, cast.acme), rows_of(house, cast.other)
    assert before["photos"] == 2 and before["answers"] > 10 and before["support_accesses"] == 1

    told = house.flask("tenant", "erase", "acme")

    assert "Erased acme" in told and "Erased 3 files of acme" in told
    assert house.tenant(cast.acme) is None
    assert set(rows_of(house, cast.acme).values()) == {0}
    assert rows_of(house, cast.other) == others
    with house.inside(cast.other):
        assert verify_chain().broken_at is None
        assert len(list(whole_storage().list(cast.other))) == 3
        assert list(whole_storage().list(cast.acme)) == []
    assert house.client(cast.otto).get("/reports/").status_code == 200
    listed = sam.get("/platform/companies/").text
    assert "Acme" not in listed and "Other Works" in listed
    assert "was erased by" in sam.get(f"/platform/audit?company={cast.acme}").text
    the_tombstone_tells(house, cast, before, head)
    guards_stand(house)
    their_emails_are_free(house, sam, cast)


def the_tombstone_tells(house, cast, before, head) -> None:
    with house.app.app_context(), platform_scope() as session:
        stone = session.scalars(select(Tombstone)).one()
        assert is_genuine(stone)
        body = json.loads(stone.body)
        assert (body["slug"], body["name"], body["tenant"]) == (
            "acme", "Acme Commissioning", str(cast.acme),
        )  # fmt: skip
        assert body["rows"] == {table: str(count) for table, count in before.items()}
        assert body["audit"] == {"sequence": str(head.sequence), "hash": head.hash}
        assert body["deletion"]["asked_by"] == "Sam Super"
        assert body["deletion"]["waiver"] == "Ana said so by mail"
        assert "acme.test" not in stone.body
        stone.body = stone.body.replace("acme", "akme")
        assert not is_genuine(stone)
        session.rollback()


def guards_stand(house) -> None:
    dsn = test_servers.current().postgres().dsn(database=house.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_trigger where not tgisinternal and tgenabled <> 'A'"
            " and tgname not like '%_email'"
        )
        assert cursor.fetchone()[0] == 0
    connection.close()


def their_emails_are_free(house, sam, cast) -> None:
    answer = sam.post(
        "/platform/companies/",
        data={
            "name": "Acme again", "slug": "acme", "plan": "small", "locale": "en",
            "time_zone": "UTC", "admin_name": "Ana", "admin_email": "ana@acme.test",
        },
    )  # fmt: skip
    assert answer.status_code == 303, answer.text
    again = UUID(answer.location.rsplit("/", 1)[1])
    assert again != cast.acme
    with house.inside(again):
        db.session.add(
            Account(email="ana@acme.test", name="Ana", role=cast.ana.role, password_hash="x")
        )
        db.session.commit()


def test_due_takes_every_company_whose_day_has_come(house, sam, cast):
    due(house, sam, cast)
    assert "Erased acme" in house.flask("tenant", "erase", "--due")
    assert "Erased acme" not in house.flask("tenant", "erase", "--due")
    assert house.tenant(cast.other) is not None


def test_one_company_that_is_held_up_does_not_hold_up_the_others(house, sam, cast, monkeypatch):
    monkeypatch.setattr(erasing, "LONGEST_WAIT", "300ms")
    due(house, sam, cast)
    other = house.tenant(cast.other)
    house.change(
        cast.other, status=TenantStatus.SUSPENDED, deletion_due_at=PAST + timedelta(days=1)
    )
    dsn = test_servers.current().postgres().dsn(database=house.database)
    holding = psycopg2.connect(dsn)
    holding.cursor().execute("select from tenants where slug = 'acme' for update")
    told = house.flask("tenant", "erase", "--due", fails=True)
    holding.close()
    assert "acme stays as it is: canceling statement due to lock timeout" in told
    assert f"Erased {other.slug}" in told and "Not erased: acme. Run the command again." in told
    assert house.tenant(cast.acme) is not None and house.tenant(cast.other) is None
    assert "Erased acme" in house.flask("tenant", "erase", "--due")


def test_files_that_could_not_be_erased_go_the_next_time(house, sam, cast, monkeypatch):
    fill(house, cast.ana)
    due(house, sam, cast)
    store = house.app.extensions["laudo_storage"]
    with monkeypatch.context() as patch:

        def away(key):
            raise StorageUnavailable

        patch.setattr(store, "delete", away)
        house.flask("tenant", "erase", "acme", fails=True)
    assert house.tenant(cast.acme) is None
    assert len(list(store.list(cast.acme))) == 3
    assert "Erased 3 files of acme" in house.flask("tenant", "erase", "--due")
    assert list(store.list(cast.acme)) == []
    assert house.flask("tenant", "erase", "--due") == ""


# --- work that is under way ------------------------------------------------------------------


@contextmanager
def working(house, person):
    with house.inside(person.tenant_id):
        yield Actor(person.name, person.role, person.id)


def asked_for(house, cast, kind: str) -> UUID:
    """A row of work of that kind, which nobody has begun."""

    def acting(person):
        return working(house, person)

    if kind in ("document", "photo_check"):
        desk = Desk(house.app, acting, cast)
        desk.answer()
        desk.photograph(a_jpeg())
        if kind == "document":
            desk.read_photos()
            return desk.ask()
    with working(house, cast.ana) as ana:
        if kind == "export":
            row = request_export(actor=ana)
        elif kind == "answer_export":
            scenarios.a_report(ana)
            row = request_answers(
                wanted=Wanted(), filters={}, format=AnswerFormat.CSV, locale="en",
                time_zone="UTC", most=100, actor=ana,
            )  # fmt: skip
        elif kind == "brand_preview":
            tenant = db.session.scalars(select(Tenant)).one()
            row = request_preview(draft_of(tenant), account_id=cast.ana.id)
        else:
            row = db.session.scalars(select(PhotoCheck)).one()
        db.session.commit()
        return row.id


PUTTING = ("document", "photo_check", "brand_preview", "export", "answer_export")


def test_the_kinds_of_work_that_put_are_known(house):
    with house.app.app_context():
        assert {kind.name for kind in list_kinds()} == {*PUTTING, "mail"}


@pytest.mark.parametrize("kind", PUTTING)
def test_what_work_puts_after_the_files_were_erased_goes_too(house, sam, cast, monkeypatch, kind):
    """The put lands when `flask tenant erase` has listed and deleted the files already."""
    fill(house, cast.otto)
    work_id = asked_for(house, cast, kind)
    due(house, sam, cast)
    store, late = house.app.extensions["laudo_storage"], []
    others = {one.key for one in store.list(cast.other)}
    put = store.put

    def put_late(key, source):
        if not late:
            assert "Erased acme" in house.flask("tenant", "erase", "acme")
            assert list(store.list(cast.acme)) == []
        put(key, source)
        assert store.exists(key)
        late.append(key)

    monkeypatch.setattr(store, "put", put_late)
    with house.app.app_context(), suppress(Exception):
        runner.run(kind, str(work_id))
    assert late
    assert list(store.list(cast.acme)) == []
    assert {one.key for one in store.list(cast.other)} == others
    assert house.tenant(cast.other) is not None


def put_since(house, tenant_id) -> str:
    """An object of an erased company, as a worker puts that is killed before it looks back."""
    key = object_key(tenant_id, "pdf", hashlib.sha256(b"late").hexdigest(), ".pdf")
    with house.app.app_context(), tenant_scope(tenant_id):
        put_bytes(key, b"late")
    return key


def test_each_sweep_takes_what_came_since_and_nothing_else(house, sam, cast, caplog):
    fill(house, cast.ana)
    fill(house, cast.otto)
    due(house, sam, cast)
    house.flask("tenant", "erase", "acme")
    store = house.app.extensions["laudo_storage"]
    others = {one.key for one in store.list(cast.other)}
    stranger = put_since(house, uuid4())
    for _day in range(2):
        key = put_since(house, cast.acme)
        told = house.flask("storage", "sweep")
        assert "1 deleted, 4 bytes" in told
        assert f"tenant {stranger.split('/')[1]} has objects" in told
        assert not store.exists(key) and store.exists(stranger)
    assert {one.key for one in store.list(cast.other)} == others
    assert "was erased before it came" in caplog.text


@pytest.mark.parametrize(
    "harm",
    ["update tombstones set signature = repeat('0', 64)", "delete from tombstones"],
    ids=["forged", "gone"],
)
def test_without_a_genuine_tombstone_nothing_is_taken_for_erased(house, sam, cast, harm):
    due(house, sam, cast)
    house.flask("tenant", "erase", "acme")
    run(test_servers.current().postgres().dsn(database=house.database), harm)
    key = put_since(house, cast.acme)
    told = house.flask("storage", "sweep")
    assert f"tenant {cast.acme} has objects, but neither a row nor a genuine tombstone" in told
    with house.app.app_context():
        assert clear_if_erased(whole_storage(), cast.acme) == 0
        assert whole_storage().exists(key)


def test_a_company_that_a_restore_brought_back_is_not_taken_for_erased(house, sam, cast):
    """Its tombstone may stand beside it, put back by hand: the row counts."""
    fill(house, cast.ana)
    body = canonical_json({"tenant": str(cast.acme), "slug": "acme"})
    connection = owner(house)
    with connection, connection.cursor() as cursor:
        cursor.execute(
            "insert into tombstones (slug, body, signature) values ('acme', %s, %s)",
            (body, signed(house, body)),
        )
    connection.close()
    before = {one.key for one in house.app.extensions["laudo_storage"].list(cast.acme)}
    house.flask("storage", "sweep")
    with house.app.app_context():
        assert clear_if_erased(whole_storage(), cast.acme) == 0
        assert {one.key for one in whole_storage().list(cast.acme)} == before


def signed(house, body: str) -> str:
    with house.app.app_context():
        return sign_body(body)


def test_what_breaks_off_changes_nothing(house, sam, cast, monkeypatch):
    fill(house, cast.ana)
    due(house, sam, cast)
    before = rows_of(house, cast.acme)
    monkeypatch.setattr(erasing, "sign_body", lambda body: None)  # refused by the database
    house.flask("tenant", "erase", "acme", fails=True)
    assert rows_of(house, cast.acme) == before
    with house.inside(cast.acme):
        assert verify_chain().broken_at is None
    with house.app.app_context(), platform_scope() as session:
        assert session.scalar(select(func.count(Tombstone.id))) == 0


def owner(house):
    return psycopg2.connect(house.owner_url().replace("+psycopg2", ""))


@pytest.mark.parametrize("lacking", ["the day", "the suspension"])
def test_the_guards_take_one_lacking_condition_for_enough(house, sam, cast, lacking):
    """The owner, the company named, its deletion asked for; and all but one."""
    fill(house, cast.ana)
    due(house, sam, cast)
    tomorrow = {"deletion_due_at": datetime.now(UTC) + timedelta(hours=1)}
    house.change(cast.acme, **tomorrow if lacking == "the day" else {"status": TenantStatus.ACTIVE})
    for table in ("audit_entries", "photos", "reports", "signatures"):
        connection = owner(house)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
            cursor.execute("select set_config('laudo.erasing', %s, true)", (str(cast.acme),))
            cursor.execute(f"delete from {table} where tenant_id = %s", (str(cast.acme),))
        connection.close()


@pytest.mark.parametrize("moved", [timedelta(hours=1), None], ids=["later", "cancelled"])
def test_a_day_that_moves_while_the_command_runs_stops_it(house, sam, cast, monkeypatch, moved):
    """It was due when the command looked for it, and is not when the command has its row."""
    due(house, sam, cast)
    found = erasing._get_due

    def found_then_moved(connection, slug):
        one = found(connection, slug)
        house.change(cast.acme, deletion_due_at=moved and datetime.now(UTC) + moved)
        return one

    monkeypatch.setattr(erasing, "_get_due", found_then_moved)
    told = house.flask("tenant", "erase", "acme", fails=True)
    assert "its deletion was cancelled" in told
    assert house.tenant(cast.acme) is not None


@pytest.mark.parametrize("named", ["nobody", "the other", "itself, but not due"])
def test_the_owner_takes_no_evidence_but_of_the_company_that_is_due(house, sam, cast, named):
    """The guards themselves: a wrong statement of the erasing role is refused, row by row."""
    fill(house, cast.ana)
    fill(house, cast.otto)
    if named != "itself, but not due":
        due(house, sam, cast)
    erased = {"nobody": "", "the other": str(cast.other)}.get(named, str(cast.acme))
    for table in ("audit_entries", "photos", "reports", "signatures"):
        connection = owner(house)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
            cursor.execute("select set_config('laudo.erasing', %s, true)", (erased,))
            cursor.execute(f"delete from {table} where tenant_id = %s", (str(cast.acme),))
        connection.close()


def test_one_due_company_does_not_open_the_rows_of_another(house, sam, cast):
    fill(house, cast.otto)
    due(house, sam, cast)
    connection = owner(house)
    with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
        cursor.execute("select set_config('laudo.erasing', %s, true)", (str(cast.acme),))
        cursor.execute("delete from audit_entries")
    connection.close()


def test_neither_the_app_nor_a_superuser_erases(house, sam, cast):
    fill(house, cast.ana)
    due(house, sam, cast)
    postgres = test_servers.current().postgres()
    app_url = test_servers.current().url(APP, house.database).replace("+psycopg2", "")
    for dsn, statement in (
        (app_url, "delete from audit_entries"),
        (app_url, "delete from versions where published_at is not null"),
        (postgres.dsn(database=house.database), "delete from audit_entries"),
    ):
        connection = psycopg2.connect(dsn)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege), connection.cursor() as cursor:
            cursor.execute(
                "select set_config('laudo.erasing', %s, true), set_config('app.tenant_id', %s, true)",
                (str(cast.acme), str(cast.acme)),
            )
            cursor.execute(statement)
        connection.close()


def test_an_owner_without_bypassrls_erases_as_well(house, sam, cast):
    """As where the host grants no BYPASSRLS. Not the owner of all the clones: others use it."""
    fill(house, cast.ana)
    due(house, sam, cast)
    dsn, weak = test_servers.current().postgres().dsn(database=house.database), "laudo_weak"
    run(dsn, f"create role {weak} nobypassrls", f"grant laudo_owner to {weak}",
        f"reassign owned by laudo_owner to {weak}")  # fmt: skip
    try:
        told = house.flask("tenant", "erase", "acme", owner=f"{dsn}&options=-c%20role%3D{weak}")
        assert "Erased acme" in told
    finally:
        run(dsn, f"reassign owned by {weak} to laudo_owner", f"drop role {weak}")
    assert set(rows_of(house, cast.acme).values()) == {0}
    assert house.tenant(cast.acme) is None


def run(dsn: str, *statements: str) -> None:
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    for statement in statements:
        connection.cursor().execute(statement)
    connection.close()


def test_another_company_works_on_while_one_is_erased(house, sam, cast, monkeypatch):
    """Inside the transaction, with all rows gone and nothing committed: no lock is in its way."""
    fill(house, cast.ana)
    due(house, sam, cast)
    otto = house.client(cast.otto)
    seen = []

    def meanwhile(body):
        def work():
            seen.append(otto.post("/projects/", data={"name": "Made meanwhile"}).status_code)

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(timeout=4)
        return "0" * 64

    monkeypatch.setattr(erasing, "sign_body", meanwhile)
    house.flask("tenant", "erase", "acme")
    assert seen == [303]
    with house.inside(cast.other):
        assert db.session.scalars(select(Project.name)).one() == "Made meanwhile"
        assert verify_chain().broken_at is None


def test_every_table_of_companies_can_be_erased(house):
    """A table that a later migration adds needs the owner's policy too."""
    dsn = test_servers.current().postgres().dsn(database=house.database)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute("select tablename from pg_policies where policyname = 'erasing'")
        having = {name for (name,) in cursor.fetchall()}
    connection.close()
    assert having == {*rows_of(house, uuid4()), "tenants"}


def test_the_platform_keeps_no_e_mail_of_the_erased(house, sam, cast):
    sam.post(
        page(cast.acme, "/invite"),
        data={"invite-name": "Ari", "invite-email": "ari@acme.test"},
    )
    due(house, sam, cast)
    house.flask("tenant", "erase", "acme")
    with house.app.app_context(), platform_scope() as session:
        bodies = session.scalars(
            select(PlatformAuditEntry.body).where(PlatformAuditEntry.tenant_id == cast.acme)
        ).all()
    assert bodies and not [body for body in bodies if "acme.test" in body]
    with house.app.app_context(), platform_scope() as session:
        assert session.scalar(text("select count(*) from accounts")) == 1
        assert session.scalars(select(Tenant.slug)).all() == ["other"]
