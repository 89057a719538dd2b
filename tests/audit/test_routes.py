"""The audit page: list, filters and sentences; the chain's verification; the export."""

from __future__ import annotations

import csv
import io
import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg2
import pytest
from sqlalchemy import select, text

from app.audit.filters import address_of, read_filter, read_sequence
from app.audit.people import Group, list_actors
from app.audit.queries import AuditFilter, list_page
from app.database_roles import APP
from app.evidence.chain import Break, ChainState, verify_chain
from app.evidence.service import About, record
from app.evidence.verdicts import VerdictSummary
from app.extensions import db
from app.models import Account, Actor, AuditEntry, Document, Role
from app.reports.filling.service import AnswerInput, save_answer
from app.tenancy import tenant_scope
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support import servers as test_servers

HTMX = {"HX-Request": "true"}


def note(actor, action="project.created", kind="project", about=None, **facts):
    record(action, About(kind, about or uuid4()), actor, **facts)
    db.session.commit()


@pytest.fixture
def some(acting, cast):
    """A project with equipment, a report with an answer changed once and a PDF, an operator's act."""
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor, "North hall")
        note(actor, about=project.id, values={"name": "North hall"})
        report = scenarios.a_report(actor, project=project, title="Board", number="AB-0001")
        found = {"project": project.id, "report": report.id}
    with acting(cast.tess) as tess:
        other = scenarios.a_report(tess, number="AB-0002", title="Other board")
        for version, value in ((0, "150"), (1, "180")):
            save_answer(
                report_id=other.id,
                field_id="insulation",
                actor=tess,
                given=AnswerInput(value=value, row_version=version),
            )
            db.session.commit()
        document = Document(report_id=other.id, requested_by=tess.account_id, is_preview=True)
        db.session.add(document)
        db.session.flush()
        note(Actor("worker"), "document.made", "document", document.id, pages="3")
        note(Actor("root (command line)"), "account.created", "account", cast.tom.id, name="Tom")
        found |= {"other": other.id, "document": document.id}
    return found


def sentences(client, query="") -> list[str]:
    page = client.get(f"/audit?{query}")
    assert page.status_code == 200
    rows = page.text.split('class="entry-words"')[1:]
    return [row.partition(">")[2].partition("</a>")[0] for row in rows]


def test_the_page_tells_what_happened_newest_first(client_of, cast, some):
    told = sentences(client_of(cast.ana))
    assert told[0].startswith("root (command line) created an account for Tom")
    assert told[2:4] == [
        "Tess Technician changed &#34;Insulation resistance&#34;: 150 MΩ → 180 MΩ",
        "Tess Technician answered &#34;Insulation resistance&#34;: 150 MΩ",
    ]
    page = client_of(cast.ana).get("/audit").text
    assert f'href="/reports/{some["other"]}">AB-0002-R0 · Other board' in page
    assert f'href="/projects/{some["project"]}">North hall' in page


def test_fragment_and_page_agree(client_of, cast, some):
    client = client_of(cast.ana)
    page = client.get("/audit?kind=answers").text
    fragment = client.get("/audit?kind=answers", headers=HTMX).text
    assert fragment.strip() in page and "<html" not in fragment


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("kind=answers", 2),
        ("kind=projects", 1),
        ("kind=nonsense&person=nonsense&since=nonsense&object_id=x&before=x", 5),
        ("number=ab-0002", 3),
        ("number=AB-0002-R0", 3),
        ("number=AB-0002-R1", 0),
        ("number=AB-0001", 0),
        ("number=AB-00", 0),
        ("person={tess}", 2),
        ("person={max}", 1),
        ("person=system", 2),
        ("person=system&kind=documents", 1),
        ("object_type=report&object_id={other}", 3),
        ("object_type=project&object_id={project}", 1),
        ("object_type=account&object_id={tom}", 1),
        ("since=2000-01-01&until=2199-12-31", 5),
        ("until=2000-01-01", 0),
    ],
)
def test_filters_narrow_and_combine(client_of, cast, some, query, expected):
    query = query.format(**some, tess=cast.tess.id, max=cast.max.id, tom=cast.tom.id)
    assert len(sentences(client_of(cast.ana), query)) == expected


def test_days_begin_and_end_by_the_companys_clock():
    wanted = read_filter({"since": "2026-03-01", "until": "2026-03-01"}, "America/Sao_Paulo")
    assert wanted.since and wanted.until
    assert wanted.since.astimezone(UTC) == datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert wanted.until - wanted.since == timedelta(days=1)
    assert address_of(wanted) == {"since": "2026-03-01", "until": "2026-03-01"}
    assert not read_filter({}, "UTC").is_narrowed
    assert [read_sequence(one) for one in (None, "", "x", "-1", "²", "7", "9" * 30)] == [
        None,
        None,
        None,
        None,
        None,
        7,
        None,
    ]


def test_pages_meet_without_a_gap_both_ways(app, acting, cast):
    with acting(cast.ana) as ana, app.test_request_context():
        for number in range(23):
            note(ana, values={"name": str(number)})
        down, before, pages = [], None, []
        while True:
            page = list_page(AuditFilter(), before=before, page_size=5)
            pages.append([entry.sequence for entry in page.entries])
            down += pages[-1]
            if page.older is None:
                break
            before = page.older
        assert down == sorted(down, reverse=True) and len(set(down)) == len(down) >= 23
        back = list_page(AuditFilter(), after=pages[2][0], page_size=5)
        assert [entry.sequence for entry in back.entries] == pages[1]
        assert back.newer == pages[1][0] and back.older == pages[1][-1]
        newest = list_page(AuditFilter(), after=pages[0][2], page_size=5)
        assert [entry.sequence for entry in newest.entries] == pages[0] and newest.newer is None


def test_an_empty_list_says_what_to_do(client_of, cast, some):
    page = client_of(cast.ana).get("/audit?number=ZZ-9").text
    assert "Nothing found" in page and "Show all entries" in page and "ZZ-9" in page


def test_everybody_who_acted_can_be_chosen(client_of, acting, cast, some):
    support = uuid4()
    with acting(cast.tom) as tom:
        note(tom)
        account = db.session.scalars(select(Account).where(Account.id == cast.tom.id)).one()
        account.is_active = False
        db.session.commit()
        note(Actor("Sam Super", Role.SUPERADMIN, support), "project.created")
        groups = {one.name: one.group for one in list_actors()}
    assert groups["Tom Técnico"] is Group.LEFT and groups["Sam Super"] is Group.SUPPORT
    assert groups["Tess Technician"] is Group.HERE and "Otto Other" not in groups
    page = client_of(cast.ana).get("/audit").text
    assert "Deactivated people" in page and "Laudo support" in page
    assert len(sentences(client_of(cast.ana), f"person={support}")) == 1


def test_one_entry_shows_its_facts_and_hashes(client_of, acting, cast, some):
    with acting(cast.ana):
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "answer.saved").limit(1)
        ).one()
        wanted = (entry.id, entry.hash, entry.previous_hash, entry.sequence)
    page = client_of(cast.ana).get(f"/audit/entries/{wanted[0]}").text
    assert all(str(part) in page for part in wanted[1:3]) and "answer.saved" in page
    assert "Entry " + str(wanted[3]) in page and "row_version" not in page
    assert "All entries about this item" in page and 'rel="prev"' in page and 'rel="next"' in page


def test_what_somebody_typed_is_shown_as_text(client_of, acting, cast):
    evil = '<img src=x onerror=alert(1)>"%(name)s 100%'
    with acting(cast.ana) as ana:
        project = scenarios.a_project(ana, name=evil)
        note(ana, about=project.id, values={"name": evil})
        note(ana, "project.updated", about=project.id, changes={evil: {"old": evil, "new": [evil]}})
        ids = db.session.scalars(select(AuditEntry.id)).all()
    for url in ("/audit", *(f"/audit/entries/{one}" for one in ids)):
        page = client_of(cast.ana).get(url)
        assert page.status_code == 200 and "<img src=x" not in page.text


@pytest.mark.parametrize(
    "facts",
    [
        {"field": "insulation", "old": "x", "new": {"value": {"text": 1}}},
        {"field": 3, "new": None},
        {"changes": [1, 2]},
        {"changes": {"name": "x"}},
        {"values": [], "role": {"x": []}},
    ],
)
def test_an_entry_of_any_shape_is_told(client_of, acting, cast, facts):
    with acting(cast.ana) as ana:
        report = scenarios.a_report(ana)
        for action in ("answer.saved", "project.updated", "signature.taken", "what.ever"):
            note(ana, action, "report", report.id, **facts)
    assert len(sentences(client_of(cast.ana))) == 4


def test_the_page_costs_the_same_however_long_the_chain(client_of, acting, cast, queries, some):
    client = client_of(cast.ana)

    def add(count):
        with acting(cast.tess) as tess:
            for _ in range(count):
                report = scenarios.a_report(tess)
                note(tess, "answer.saved", "report", report.id, field="insulation")

    add(2)
    client.get("/audit?kind=answers")
    with queries() as few:
        client.get("/audit?kind=answers")
    add(25)
    with queries() as many:
        client.get("/audit?kind=answers")
    assert len(many.statements) == len(few.statements) <= 16


# --- the chain -------------------------------------------------------------------------------


def test_the_chain_says_that_it_is_whole(client_of, acting, cast, some):
    with acting(cast.ana):
        state = verify_chain()
        head = db.session.scalars(
            select(AuditEntry.hash).order_by(AuditEntry.sequence.desc()).limit(1)
        ).one()
        assert state.reason is None and state.head == head and state.entries >= 5
    fragment = client_of(cast.ana).get("/audit/chain", headers=HTMX).text
    assert "Intact" in fragment and head in fragment and f"{state.entries} entries" in fragment
    page = client_of(cast.ana).get("/audit/chain").text
    assert fragment.strip() in page and "<html" in page


def test_a_report_that_names_another_head_gives_a_cut_end_away(acting, cast, monkeypatch):
    monkeypatch.setattr("app.evidence.chain.BATCH", 3)
    with acting(cast.tess) as tess:
        for _ in range(8):
            note(tess)
        report = scenarios.a_report(tess)
        db.session.execute(
            text(
                "insert into snapshots (tenant_id, report_id, body, sha256, audit_sequence, audit_hash)"
                " values (:tenant, :report, '{}', :hash, 4, :hash)"
            ),
            {"tenant": cast.acme, "report": report.id, "hash": "0" * 64},
        )
        state = verify_chain()
        assert (state.broken_at, state.reason) == (4, Break.HEAD)


@pytest.fixture(scope="module")
def forged():
    """A fresh clone that a superuser may change unnoticed."""
    running = test_servers.current()
    name = f"laudo_audit_{uuid4().hex[:8]}"
    yield running.clone(name)
    running.drop(name)


def as_superuser(database: str, statement: str, tenant_id) -> None:
    connection = psycopg2.connect(test_servers.current().postgres().dsn(database=database))
    connection.autocommit = True
    try:
        with connection.cursor() as cursor:
            for table in ("audit_entries", "audit_heads"):
                cursor.execute(f"alter table {table} disable trigger all")
            cursor.execute(statement, {"tenant": str(tenant_id)})
            cursor.execute("alter table audit_entries enable always trigger audit_entries_chain")
    finally:
        connection.close()


TAMPERED = (
    (
        'update audit_entries set body = replace(body, \'"n":"5"\', \'"n":"6"\') where sequence = 5'
        " and tenant_id = %(tenant)s",
        5,
        Break.HASH,
    ),
    (
        "update audit_entries set at = at + interval '1 microsecond' where sequence = 7"
        " and tenant_id = %(tenant)s",
        7,
        Break.HASH,
    ),
    (
        "update audit_entries set at = ((at at time zone 'UTC')::text || ' BC')::timestamp at time zone"
        " 'UTC' where sequence = 7 and tenant_id = %(tenant)s",
        7,
        Break.COLUMNS,
    ),
    (
        "update audit_entries set at = 'infinity' where sequence = 7 and tenant_id = %(tenant)s",
        7,
        Break.HASH,
    ),
    (
        "update audit_entries set hash = repeat('0', 64) where sequence = 4"
        " and tenant_id = %(tenant)s",
        4,
        Break.HASH,
    ),
    ("delete from audit_entries where sequence = 6 and tenant_id = %(tenant)s", 7, Break.GAP),
    ("delete from audit_entries where sequence = 1 and tenant_id = %(tenant)s", 2, Break.GAP),
    (
        "update audit_entries set action = 'session.closed' where sequence = 3"
        " and tenant_id = %(tenant)s",
        3,
        Break.COLUMNS,
    ),
    (
        "update audit_entries set actor_id = gen_random_uuid() where sequence = 8"
        " and tenant_id = %(tenant)s",
        8,
        Break.COLUMNS,
    ),
    ("delete from audit_entries where sequence > 7 and tenant_id = %(tenant)s", 8, Break.TAIL),
    ("delete from audit_entries where tenant_id = %(tenant)s", 1, Break.TAIL),
    ("delete from audit_heads where tenant_id = %(tenant)s", 10, Break.TAIL),
    ("update audit_heads set hash = repeat('0', 64) where tenant_id = %(tenant)s", 10, Break.TAIL),
)


@pytest.mark.parametrize(("statement", "sequence", "reason"), TAMPERED)
@pytest.mark.parametrize("batch", [3, 20_000])
def test_what_a_superuser_changed_is_found(
    forged, tmp_path, cast, statement, sequence, reason, batch, monkeypatch
):
    from app import create_app

    monkeypatch.setattr("app.evidence.chain.BATCH", batch)
    app = create_app(settings_for(forged, tmp_path))
    as_superuser(forged, "delete from audit_entries; delete from audit_heads", cast.acme)
    with app.app_context():
        with tenant_scope(cast.acme):
            actor = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
            for number in range(1, 11):
                note(actor, n=str(number))
            assert verify_chain().reason is None
        as_superuser(forged, statement, cast.acme)
        with tenant_scope(cast.acme):
            state = verify_chain()
        assert (state.broken_at, state.reason) == (sequence, reason)
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()


def test_what_follows_a_cut_end_leaves_the_gap_open(forged, tmp_path, cast):
    """The next entry follows the stored head, so nothing overwrites the gap."""
    from app import create_app

    app = create_app(settings_for(forged, tmp_path))
    as_superuser(forged, "delete from audit_entries; delete from audit_heads", cast.acme)
    actor = Actor(cast.ana.name, cast.ana.role, cast.ana.id)
    with app.app_context():
        with tenant_scope(cast.acme):
            for number in range(1, 6):
                note(actor, n=str(number))
        as_superuser(forged, "delete from audit_entries where sequence > 3", cast.acme)
        with tenant_scope(cast.acme):
            note(actor, n="6")
            state = verify_chain()
        assert (state.broken_at, state.reason) == (6, Break.GAP)
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()


def test_a_broken_chain_is_said_on_the_page(client_of, cast, monkeypatch):
    now = datetime.now(UTC)
    monkeypatch.setattr(
        "app.audit.routes.verify_chain",
        lambda: ChainState(9, now, now, "f" * 64, 5, Break.HASH),
    )
    page = client_of(cast.ana).get("/audit/chain", headers=HTMX).text
    assert "The chain is broken at entry 5" in page and "Intact" not in page


@pytest.mark.parametrize(
    ("days", "words"),
    [(0, "9 entries on 3 May 2026."), (2, "9 entries from 1 May 2026 to 3 May 2026.")],
)
def test_the_days_of_the_chain_are_said_once_where_they_are_one(
    client_of, cast, monkeypatch, days, words
):
    last = datetime(2026, 5, 3, 12, tzinfo=UTC)
    whole = ChainState(9, last - timedelta(days=days), last, "f" * 64)
    monkeypatch.setattr("app.audit.routes.verify_chain", lambda: whole)
    page = client_of(cast.ana).get("/audit/chain", headers=HTMX).text
    assert words in " ".join(page.split())


@pytest.mark.parametrize(("completed", "words"), [(3, "none of 3 yet"), (0, None)])
def test_completed_reports_that_nobody_compared_are_said(
    client_of, cast, monkeypatch, completed, words
):
    standing = VerdictSummary(completed, 0, None, ())
    monkeypatch.setattr("app.audit.routes.get_verdict_summary", lambda: standing)
    page = client_of(cast.ana).get("/audit/chain", headers=HTMX).text
    assert (words or "The chain") in page and ("compared with" in page) is (completed > 0)


# --- many entries ----------------------------------------------------------------------------

MANY = 12_000


@pytest.fixture(scope="module")
def full(tmp_path_factory, cast):
    """A clone with a chain of many entries of two people and a hundred objects."""
    from app import create_app

    running = test_servers.current()
    database = running.clone(f"laudo_audit_{uuid4().hex[:8]}")
    app = create_app(settings_for(database, tmp_path_factory.mktemp("full")))
    with app.app_context():
        connection = psycopg2.connect(running.postgres().dsn(APP, database))
        with connection.cursor() as cursor:
            cursor.execute("select set_config('app.tenant_id', %s, true)", (str(cast.acme),))
            cursor.execute(FILL, {"many": MANY, "one": str(cast.ana.id), "two": str(cast.tess.id)})
        connection.commit()
        connection.close()
        as_superuser(database, "analyze audit_entries", cast.acme)
        yield app
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()
    running.drop(database)


FILL = """
insert into audit_entries (tenant_id, action, object_type, object_id, actor_id, body)
select current_setting('app.tenant_id')::uuid, a, 'project', o::uuid, p::uuid,
       json_build_object('action', a, 'object', json_build_object('type', 'project', 'id', o),
         'actor', json_build_object('id', p, 'name', 'x'),
         'facts', json_build_object('n', n, 'fill', repeat('x', 300)))::text
from (
  select n, case when n %% 1000 = 0 then 'project.created' else 'answer.saved' end as a,
         md5((n %% 100)::text)::uuid::text as o,
         case when n %% 500 = 0 then %(two)s else %(one)s end as p
  from generate_series(1, %(many)s) n
) made
"""


def plan(wanted: AuditFilter, **bounds) -> str:
    """The query plan of the statement that the page runs."""
    from sqlalchemy import event

    seen = []

    def keep(conn, cursor, statement, parameters, context, executemany):
        if "audit_entries.previous_hash" in statement:
            seen.append((statement, parameters))

    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        list_page(wanted, page_size=25, **bounds)
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)
    statement, parameters = seen[0]
    rows = db.session.connection().exec_driver_sql(f"explain {statement}", parameters)
    return "\n".join(row[0] for row in rows)


@pytest.mark.xdist_group("chain")
def test_each_filter_walks_an_index(full, cast):
    with full.test_request_context(), tenant_scope(cast.acme):
        for wanted in (
            AuditFilter(),
            AuditFilter(person_id=cast.tess.id),
            AuditFilter(object_type="account", object_id=cast.tom.id),
            AuditFilter(kind="projects"),
            AuditFilter(until=datetime(2020, 1, 1, tzinfo=UTC)),
        ):
            found = plan(wanted, before=MANY // 2)
            assert "Seq Scan on audit_entries" not in found, (wanted, found)
        assert "Seq Scan" not in plan(AuditFilter()), plan(AuditFilter())


@pytest.mark.xdist_group("chain")
def test_a_page_deep_in_a_long_chain_is_as_quick_as_the_first(full, cast):
    with full.test_request_context(), tenant_scope(cast.acme):

        def taken(before) -> float:
            started = time.perf_counter()
            for _ in range(5):
                list_page(AuditFilter(), before=before, page_size=25)
            return time.perf_counter() - started

        taken(None)
        assert taken(100) < 5 * taken(None) + 0.1


@pytest.mark.xdist_group("chain")
def test_a_long_chain_is_verified_in_one_go(full, cast):
    with tenant_scope(cast.acme):
        state = verify_chain()
        assert state.entries == MANY and state.reason is None


# --- the file --------------------------------------------------------------------------------


def exported(client, query="") -> list[list[str]]:
    answer = client.get(f"/audit/export.csv?{query}")
    assert answer.status_code == 200 and ".csv" in answer.headers["Content-Disposition"]
    return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_the_file_has_what_the_page_has(client_of, cast, some):
    client = client_of(cast.ana)
    rows = exported(client, "number=AB-0002")
    assert len(rows) == 4
    line = dict(zip(rows[0], rows[2], strict=True))
    assert (
        line["What happened"] == 'Tess Technician changed "Insulation resistance": 150 MΩ → 180 MΩ'
    )
    assert line["Type"] == "Answers" and line["About"] == "AB-0002-R0 · Other board"
    assert len(line["Hash"]) == len(line["Previous hash"]) == 64


def test_exporting_the_audit_is_audited(client_of, cast, some):
    client = client_of(cast.ana)
    assert len(exported(client, "kind=answers")) == 3
    assert sentences(client)[0] == "Ana Admin exported the audit log. Type: answers"
    rows = exported(client)
    assert sentences(client)[0] == "Ana Admin exported the audit log."
    assert "audit.exported" in rows[1] and len(rows) == 7


@pytest.mark.parametrize("evil", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx"])
def test_no_cell_becomes_a_formula(client_of, acting, cast, evil):
    with acting(cast.ana):
        note(Actor(evil), values={"name": evil})
    for row in exported(client_of(cast.ana))[1:]:
        assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r")) for cell in row)


def test_the_file_is_read_in_batches(client_of, acting, cast, monkeypatch, queries):
    monkeypatch.setattr("app.audit.queries.BATCH", 4)
    with acting(cast.ana) as ana:
        for number in range(10):
            note(ana, n=str(number))
    rows = exported(client_of(cast.ana))
    assert [int(row[0]) for row in rows[1:]] == sorted((int(r[0]) for r in rows[1:]), reverse=True)
    assert len(rows) == 11


# --- who may ---------------------------------------------------------------------------------


def test_another_tenant_sees_its_own_chain_alone(client_of, acting, cast, some):
    with acting(cast.ana):
        entry_id = db.session.scalars(select(AuditEntry.id).limit(1)).one()
    otto = client_of(cast.otto)
    assert otto.get(f"/audit/entries/{entry_id}").status_code == 404
    assert otto.get(f"/audit/entries/{uuid4()}").status_code == 404
    assert sentences(otto) == [] and "Nothing yet" in otto.get("/audit").text
    assert "AB-0002" not in otto.get(f"/audit?object_type=report&object_id={some['other']}").text


def test_only_admins_may_look(client_of, cast, some):
    for person in (cast.max, cast.tess, cast.vera, cast.sam):
        for url in ("/audit", "/audit/chain", "/audit/export.csv", f"/audit/entries/{uuid4()}"):
            assert client_of(person).get(url).status_code == 403, (person.name, url)


def test_logged_out_goes_to_the_login(anonymous):
    assert anonymous.get("/audit").location == "/login?next=/audit"
    assert anonymous.get("/audit/chain", headers=HTMX).status_code == 401
