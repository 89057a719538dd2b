"""What is done often reads what it needs, however much other companies and earlier years left.

In a database with several companies, every statement of saving, searching, auditing, relaying,
picking and sweeping has an index, and looks at no more rows than its own report or company has.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg2
import pytest
from flask import Flask
from sqlalchemy import text

from app import create_app
from app.extensions import db
from app.jobs import relay
from app.jobs.queue import ROOM
from app.storage import LocalStorage
from app.storage.sweeping import sweep
from app.tenancy import call_definer, tenant_scope
from bench.growth.acts import acts_of
from bench.growth.worlds import Size, fill, grown_of
from tests.conftest import settings_for
from tests.support import servers as test_servers
from tests.support.cast import Person
from tests.support.plans import Plans, explained

SIZE = Size(companies=4, reports=150, answers=8)
# Rows of work of each company: long done, and waiting.
DONE, WAITING = 800, 15
# Their rows grow with the work of all companies.
GROWING = {
    "answers",
    "audit_entries",
    "documents",
    "mails",
    "photo_checks",
    "photo_placements",
    "photos",
    "reports",
    "receipts",
    "snapshots",
}
# Entries of one company; an entry for the start of each report and one for each answer.
ENTRIES = SIZE.reports * (SIZE.answers + 1)
REPORT_ROWS = 30
PAGE_ROWS = 60

WORK = """
set session_replication_role = replica;
insert into photo_checks (tenant_id, photo_id, state, queued_at, finished_at)
  select t.id, gen_random_uuid(), 'done', now() - interval '1 day', now() - n * interval '1 minute'
  from tenants t, generate_series(1, {done}) n;
insert into photo_checks (tenant_id, photo_id, queued_at)
  select t.id, gen_random_uuid(), now() - n * interval '1 minute'
  from tenants t, generate_series(1, {waiting}) n;
analyze photo_checks;
"""


@dataclass(frozen=True)
class Town:
    database: str
    person: Person
    folder: Path

    def app_as_superuser(self) -> Flask:
        url = test_servers.current().url("postgres", self.database)
        app = create_app(settings_for(self.database, self.folder, database_url=url))
        app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        return app


@pytest.fixture(scope="module")
def town(tmp_path_factory) -> Iterator[Town]:
    running = test_servers.current()
    name = running.clone(f"laudo_hot_{uuid4().hex[:8]}")
    folder = tmp_path_factory.mktemp("storage")
    app = create_app(settings_for(name, folder))
    dsn = running.postgres().dsn(database=name)
    person = fill(app, dsn, SIZE)
    with psycopg2.connect(dsn) as connection, connection.cursor() as cursor:
        cursor.execute(WORK.format(done=DONE, waiting=WAITING))
    connection.close()
    yield Town(name, person, folder)
    with app.app_context():
        db.engine.dispose()
        app.extensions["laudo_platform_engine"].dispose()
    running.drop(name)


@pytest.fixture(scope="module")
def watched(town) -> Iterator[tuple[Flask, Plans]]:
    app = town.app_as_superuser()
    with explained(app) as plans:
        yield app, plans


@contextmanager
def alone(plans: Plans) -> Iterator[Plans]:
    plans.notices.clear()
    yield plans
    assert plans.notices, "nothing was explained"


def judge(plans: Plans, most: int, *, most_sorted: int = PAGE_ROWS) -> None:
    """No table that grows is scanned, no node looks at more than `most` rows of one, and no sort
    takes in more than `most_sorted`."""
    grown = [one for one in plans.reads() if one.table in GROWING]
    assert grown
    assert [one for one in grown if one.node == "Seq Scan"] == []
    assert [one for one in grown if one.rows > most] == []
    assert [one for one in plans.sorts() if one.rows > most_sorted] == []


def test_a_save_reads_its_own_report(town, watched):
    app, plans = watched
    save = acts_of(grown_of(app, town.database, town.person))["one save"]
    save()
    with alone(plans):
        save()
    judge(plans, REPORT_ROWS)
    assert {"answers", "audit_heads"} <= {one.table for one in plans.reads()}, "triggers are seen"


@pytest.mark.parametrize("name", ["search of two words", "search, nothing found"])
def test_a_search_reads_its_own_company(town, watched, name):
    app, plans = watched
    act = acts_of(grown_of(app, town.database, town.person))[name]
    with alone(plans):
        act()
    judge(plans, SIZE.reports)


def test_the_audit_page_reads_one_page_of_entries(town, watched):
    app, plans = watched
    act = acts_of(grown_of(app, town.database, town.person))["audit page"]
    with alone(plans):
        act()
    judge(plans, PAGE_ROWS)


@pytest.mark.parametrize("name", ["fill page", "report page"])
def test_the_pages_of_a_report_read_that_report(town, watched, name):
    app, plans = watched
    act = acts_of(grown_of(app, town.database, town.person))[name]
    with alone(plans):
        act()
    judge(plans, PAGE_ROWS)


def test_the_relay_reads_only_work_that_is_open(town, watched):
    app, plans = watched
    open_rows = (SIZE.companies + 2) * WAITING
    with alone(plans), app.app_context():
        relay.feed(app)
    judge(plans, open_rows, most_sorted=open_rows)


def test_picking_reads_only_work_that_is_open(town, watched):
    app, plans = watched
    open_rows = (SIZE.companies + 2) * WAITING
    with alone(plans), app.app_context():
        rows = call_definer("pick_due_work", p_kind="photo_check", p_id=uuid4(), p_attempts=5)
    assert rows
    judge(plans, open_rows, most_sorted=open_rows)


def test_a_sweep_reads_each_company_once(town, watched):
    app, plans = watched
    with alone(plans), app.app_context():
        sweep(LocalStorage(town.folder))
    judge(plans, DONE)


def test_a_scan_of_a_table_is_seen(town, watched):
    app, plans = watched
    with alone(plans), app.app_context(), tenant_scope(town.person.tenant_id):
        db.session.execute(text("select max(length(body)) from audit_entries where body <> ''"))
        db.session.execute(text("select title from reports order by md5(title)")).all()
        db.session.rollback()
    assert max(one.rows for one in plans.reads() if one.table == "audit_entries") >= ENTRIES
    assert max(one.rows for one in plans.sorts()) == SIZE.reports
    with pytest.raises(AssertionError):
        judge(plans, PAGE_ROWS)
    assert ROOM < PAGE_ROWS
