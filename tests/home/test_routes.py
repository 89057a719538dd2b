"""The start page by role, and the health checks."""

from __future__ import annotations

import re
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import make_url, select, update

from app import create_app
from app.definition.outcome import Outcome
from app.extensions import db
from app.health.probe import DatabaseProbe
from app.home.desk import company_week
from app.jobs import alive
from app.jobs.queue import redis_client
from app.models import (
    Account,
    Document,
    Invitation,
    PhotoVerdict,
    ReportStatus,
    Role,
    Tenant,
    TenantStatus,
    WorkState,
)
from app.tenancy import platform_scope
from tests.conftest import settings_for
from tests.support import scenarios
from tests.support.companies import company_as

HTMX = {"HX-Request": "true"}


@pytest.fixture
def reports(acting, cast):
    """Tess has an open and a finished report, Tom an open one whose PDF failed."""
    with acting(cast.tess) as tess:
        project = scenarios.a_project(tess)
        scenarios.a_report(tess, project=project, title="Open of Tess")
        finished = scenarios.a_report(tess, project=project, title="Finished of Tess")
        scenarios.completed(finished, tess, outcome=Outcome.FAILED)
        project_id = project.id
    with acting(cast.tom) as tom:
        report = scenarios.a_report(tom, title="Open of Tom")
        for state in (WorkState.DONE, WorkState.FAILED):
            a_document(report, tom, state)
    return project_id


def a_document(report, actor, state):
    document = Document(
        report_id=report.id, requested_by=actor.account_id, is_preview=True, state=state
    )
    db.session.add(document)
    db.session.commit()


def part(page: str, id: str) -> str:
    """The region of the page under one heading; empty if it is missing."""
    _before, found, rest = page.partition(f'aria-labelledby="{id}-title"')
    return rest.partition("</section>")[0] if found else ""


def order(page: str, *titles: str) -> list[str]:
    return sorted(titles, key=page.index)


def test_anonymous_people_get_a_start_page(anonymous):
    page = anonymous.get("/")
    assert page.status_code == 200
    assert 'href="/login"' in page.text


def test_a_technician_sees_own_open_reports(client_of, cast, reports):
    page = client_of(cast.tess).get("/").text
    assert "Open of Tess" in part(page, "waiting") and "/fill" in part(page, "waiting")
    assert "Finished of Tess" in part(page, "finished")
    assert "Open of Tom" not in page and "could not be generated" not in page


def test_reports_are_sorted_by_due_day_and_late_ones_are_marked(client_of, acting, cast):
    today = datetime.now(UTC).date()
    with acting(cast.tess) as tess:
        for title, days in (("Someday", None), ("Next week", 7), ("Long late", -9), ("Late", -1)):
            due = today + timedelta(days=days) if days else None
            scenarios.a_report(tess, title=title, due_on=due)
    page = client_of(cast.tess).get("/").text
    titles = ["Long late", ">Late<", "Next week", "Someday"]
    assert order(part(page, "waiting"), *titles) == titles
    assert page.count("Overdue: due") == 2
    assert '<dd class="num is-bad">2</dd>' in page


def test_a_returned_report_comes_before_all_that_is_due(client_of, acting, cast):
    """Its reviewer waits, and a list that is cut must not hide it."""
    late = datetime.now(UTC).date() - timedelta(days=9)
    with acting(cast.tess) as tess:
        for number in range(30):
            scenarios.a_report(tess, title=f"Late {number}", due_on=late)
        scenarios.a_report(tess, title="Sent back", status=ReportStatus.RETURNED)
    waiting = part(client_of(cast.tess).get("/").text, "waiting")
    assert order(waiting, "Sent back", "Late ") == ["Sent back", "Late "]


@pytest.mark.parametrize(
    ("zone", "is_late"), [("Pacific/Kiritimati", True), ("Pacific/Niue", False)]
)
def test_late_reports_are_counted_in_the_companys_time_zone(client_of, acting, cast, zone, is_late):
    """Kiritimati is a day ahead of Niue at any hour."""
    day = datetime.now(ZoneInfo("Pacific/Niue")).date()
    with acting(cast.tess) as tess:
        db.session.execute(update(Tenant).values(time_zone=zone))
        scenarios.a_report(tess, due_on=day)
    page = client_of(cast.tess).get("/").text
    assert ("is-bad" in page) is is_late and ("Overdue: due" in page) is is_late


def test_the_count_of_finished_reports_links_to_exactly_these_reports(
    client_of, acting, cast, reports
):
    with acting(cast.tess) as tess:
        old = scenarios.a_report(tess, title="Finished long ago")
        old.updated_at = datetime.now(UTC) - timedelta(days=30)
        scenarios.completed(old, tess, days_ago=30)
    client = client_of(cast.tess)
    found = re.search(r'<a href="([^"]+)">Completed this week</a>', client.get("/").text)
    page = client.get(unescape(found[1])).text
    assert "Finished of Tess" in page
    assert "Finished long ago" not in page and "Open of Tess" not in page


FIGURE = re.compile(r'<dt><a href="([^"]+)">([^<]+)</a></dt>\s*<dd class="num[^"]*">([\d,]+)</dd>')


@pytest.mark.parametrize("who", ["tess", "max", "ana"])
@pytest.mark.parametrize("zone", [None, "Pacific/Kiritimati", "Pacific/Niue"])
def test_every_figure_is_the_length_of_its_list(client_of, acting, cast, who, zone):
    """Also for a reader whose week begins at another hour than the company's."""
    today = datetime.now(UTC).date()
    with acting(cast.tess) as tess:
        for days in (-9, -2, 0, 3, 6, 7, 30, None):
            due = None if days is None else today + timedelta(days=days)
            scenarios.a_report(tess, due_on=due)
        for days, is_archived in ((0, False), (0, True), (3, True), (30, False)):
            report = scenarios.a_report(tess, due_on=today - timedelta(days=40))
            scenarios.completed(report, tess, archived=is_archived, days_ago=days)
        db.session.execute(update(Account).values(time_zone=zone))
        db.session.commit()
    client = client_of(getattr(cast, who))
    figures = FIGURE.findall(client.get("/").text)
    shown = [words for _, words, _ in figures]
    assert shown == ["Overdue", "Due within 7 days", "Open", "Completed this week"]
    for address, words, count in figures:
        page = client.get(unescape(address)).text
        found = re.search(r'class="list-count"[^>]*>([\d,]+) report', page)
        assert found and found[1] == count, (words, count, found and found[1])
    assert figures[2][2] == "8"


def test_a_submitted_report_is_never_late(client_of, acting, cast):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess, due_on=date(2020, 1, 1))
        scenarios.completed(report, tess)
    assert "is-bad" not in client_of(cast.tess).get("/").text


def test_quarantined_photos_are_listed_for_their_technician(client_of, acting, cast):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess, title="Bad photos")
        bad = {"verdict": PhotoVerdict.QUARANTINED}
        for more in ({}, {}, {"quarantine_reason": "Lost"}, {"removed_at": datetime.now(UTC)}):
            scenarios.a_photo(report, "enclosure", tess, **bad, **more)
        scenarios.a_photo(scenarios.a_report(tess, title="Good photos"), "enclosure", tess)
    for person in (cast.tess, cast.max):
        found = part(client_of(person).get("/").text, "quarantined")
        assert "Bad photos" in found and "2 photos" in found and "Good photos" not in found
    assert "cannot be read" not in client_of(cast.tom).get("/").text


def test_a_manager_sees_all_open_reports_and_failed_pdfs(client_of, cast, reports):
    page = client_of(cast.max).get("/").text
    untouched = part(page, "untouched")
    assert order(untouched, "Open of Tom", "Open of Tess") == ["Open of Tess", "Open of Tom"]
    assert "Open of Tom" in part(page, "failed") and "Finished of Tess" in part(page, "finished")
    # Whatever stopped it, evidence that was changed included: nothing is promised here.
    assert "page shows the reason" in part(page, "failed")
    projects = part(page, "projects")
    assert f"/projects/{reports}" in projects and "1 open" in projects and "1 completed" in projects
    assert not part(page, "needing")
    assert "Nothing is overdue" not in page, "where nothing has a due day, nothing can be"
    assert "No open report has a due date, and all of them are assigned." in page


def test_the_page_says_that_nothing_is_late_if_reports_have_due_days(client_of, acting, cast):
    with acting(cast.max) as actor:
        scenarios.a_report(actor, due_on=date(2199, 1, 1))
        scenarios.a_report(actor)
    page = client_of(cast.max).get("/").text
    assert "Nothing is overdue, and every open report is assigned." in page
    assert "No open report has a due date" not in page


def test_a_manager_sees_late_reports_and_those_of_inactive_assignees(client_of, acting, cast):
    with acting(cast.max) as actor:
        scenarios.a_report(actor, title="Of mine")
        scenarios.a_report(actor, title="Late one", due_on=date(2020, 1, 1))
        scenarios.a_report(actor, title="Left behind", assignee_id=cast.tom.id)
        account = db.session.scalars(select(Account).where(Account.id == cast.tom.id)).one()
        account.is_active = False
        db.session.commit()
    page = client_of(cast.max).get("/").text
    needing = part(page, "needing")
    assert "Late one" in needing and "Left behind" in needing and "Of mine" not in needing
    assert "1 overdue" in part(page, "projects")
    assert "Of mine" in part(page, "untouched") and "Late one" not in part(page, "untouched")


def test_a_failed_pdf_disappears_after_a_successful_retry(client_of, acting, cast):
    with acting(cast.tom) as tom:
        report = scenarios.a_report(tom)
        for state in (WorkState.FAILED, WorkState.DONE):
            a_document(report, tom, state)
    assert "could not be generated" not in client_of(cast.max).get("/").text


def test_a_manager_sees_only_reports_finished_this_week(client_of, acting, cast):
    with acting(cast.tess) as tess:
        for title, days in (("This week", 0), ("Weeks ago", 30)):
            report = scenarios.a_report(tess, title=title)
            scenarios.completed(report, tess, days_ago=days)
    page = client_of(cast.max).get("/").text
    assert "This week" in part(page, "finished") and "Weeks ago" not in page
    assert "Weeks ago" in part(client_of(cast.tess).get("/").text, "finished")


def test_weeks_begin_on_monday_in_the_readers_time_zone():
    week = company_week("UTC", "America/Sao_Paulo")
    assert str(week.start.tzinfo) == "America/Sao_Paulo"
    assert week.start.weekday() == 0 and week.start.hour == 0
    assert timedelta(days=-1) <= week.today - week.start.date() <= timedelta(days=7)


@pytest.mark.parametrize(("days", "is_shown"), [(1, True), (13, True), (15, False), (-1, False)])
def test_an_admin_sees_the_end_of_a_trial(app, client_of, cast, days, is_shown):
    ends = datetime.now(UTC) + timedelta(days=days)
    trial = {"status": TenantStatus.TRIAL, "trial_ends_at": ends, "time_zone": "UTC"}
    with company_as(app, cast.acme, **trial):
        found = part(client_of(cast.ana).get("/").text, "company")
        assert ("The trial runs until" in found) == is_shown
        assert "The trial runs until" not in client_of(cast.max).get("/").text
    trial["status"] = TenantStatus.ACTIVE
    with company_as(app, cast.acme, **trial):
        assert "The trial runs until" not in client_of(cast.ana).get("/").text


def test_an_admin_sees_invitations_and_nearly_reached_limits(app, client_of, acting, cast):
    assert "Your company" not in client_of(cast.ana).get("/").text
    with acting(cast.ana) as ana:
        db.session.add(
            Invitation(
                email="new@acme.test",
                role=Role.VIEWER,
                invited_by=ana.account_id,
                invited_by_name=ana.name,
                expires_at=datetime.now(UTC) + timedelta(days=7),
            )
        )
        db.session.commit()
    assert "1 open invitation" in part(client_of(cast.ana).get("/").text, "company")
    limit_people(app, cast.acme, {"people": 6})
    try:
        found = part(client_of(cast.ana).get("/").text, "company")
        assert "6 of 6 people" in found and "Limit reached" in found
        assert not part(client_of(cast.max).get("/").text, "company")
    finally:
        limit_people(app, cast.acme, {})


def limit_people(app, tenant_id, limits):
    """Set the limits in a committed transaction of the platform's role."""
    with app.app_context(), platform_scope() as session:
        session.execute(update(Tenant).where(Tenant.id == tenant_id).values(limits=limits))
        session.commit()


def test_a_viewer_sees_finished_reports_of_granted_projects(client_of, acting, cast, reports):
    page = client_of(cast.vera).get("/").text
    assert "New report" not in page and "Finished of Tess" not in page
    assert "ask the person who invited you" in page
    with acting(cast.max):
        scenarios.a_grant(cast.vera.id, reports)
    page = client_of(cast.vera).get("/").text
    assert "Finished of Tess" in part(page, "finished")
    assert "Open of Tess" not in page and "Of Tom" not in page


def test_the_empty_page_has_a_hint_for_each_role(client_of, cast):
    for person, words in (
        (cast.tess, "Start one: choose a checklist"),
        (cast.max, "Start a report and hand it over to someone"),
        (cast.ana, "Three steps to your first report"),
        (cast.vera, "ask the person who invited you"),
    ):
        assert words in client_of(person).get("/").text


def test_another_tenant_sees_none_of_it(client_of, cast, reports):
    page = client_of(cast.otto).get("/").text
    assert "Tess" not in page and "Tom" not in page


def test_a_superadmin_is_redirected_to_the_companies(client_of, cast, reports):
    assert client_of(cast.sam).get("/").status_code == 303


def test_start_page_and_fragment_agree(client_of, cast, reports):
    for person in (cast.tess, cast.max, cast.ana, cast.vera):
        client = client_of(person)
        page, fragment = client.get("/"), client.get("/", headers=HTMX)
        assert '<div id="home">' in page.text and "<html" in page.text
        assert '<div id="home">' in fragment.text and "<html" not in fragment.text


@pytest.mark.parametrize(("who", "most"), [("tess", 5), ("max", 5), ("ana", 6), ("vera", 4)])
def test_the_number_of_queries_does_not_depend_on_the_number_of_reports(
    client_of, acting, cast, queries, reports, who, most
):
    client = client_of(getattr(cast, who))
    client.get("/")
    with queries() as few:
        client.get("/")
    with acting(cast.tess) as tess:
        version, project = scenarios.a_checklist(tess), scenarios.a_project(tess)
        for number in range(24):
            report = scenarios.a_report(
                tess, version=version, project=project, due_on=date(2020, 1, 1)
            )
            a_document(report, tess, WorkState.FAILED)
            if number % 2:
                scenarios.completed(report, tess)
    with queries() as many:
        client.get("/")

    def reads(seen) -> int:
        return len([one for one in seen.statements if "SAVEPOINT" not in one])

    assert reads(many) == reads(few) <= most, many.statements


# --- health ----------------------------------------------------------------------------------


def test_health_needs_no_login_no_session_and_no_pool(app, anonymous, queries):
    anonymous.get("/health")
    with queries() as seen:
        answer = anonymous.get("/health", headers={"Cookie": "session=nonsense"})
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
    assert seen.statements == []
    assert "Set-Cookie" not in answer.headers


def test_health_costs_less_than_any_page(anonymous):
    """Compares a ratio within one run, because absolute times depend on other processes."""

    def middle(path: str) -> float:
        taken = []
        for _ in range(20):
            started = time.perf_counter()
            anonymous.get(path)
            taken.append(time.perf_counter() - started)
        return sorted(taken)[10]

    anonymous.get("/health"), anonymous.get("/login")
    assert middle("/health") < middle("/login")


def test_readiness_reports_every_component(app, anonymous):
    with app.app_context():
        for process in ("worker", "relay"):
            alive.beat(redis_client(), process, "test")
    answer = anonymous.get("/health/ready")
    assert answer.status_code == 200
    assert {name: part["ok"] for name, part in answer.json.items()} == dict.fromkeys(
        (
            "database",
            "redis",
            "worker",
            "relay",
            "storage",
            "disk",
            "documents",
            "sweep",
            "anchors",
        ),
        True,
    )
    assert answer.json["storage"]["free_bytes"] > 0


def test_readiness_reports_how_long_the_oldest_document_has_waited(
    client_of, acting, cast, anonymous
):
    with acting(cast.tom) as tom:
        report = scenarios.a_report(tom)
        db.session.add(Document(report_id=report.id, requested_by=tom.account_id, is_preview=True))
        db.session.commit()
    waits = anonymous.get("/health/ready").json["documents"]["oldest_queued_seconds"]
    assert 0 <= waits < 60


def test_readiness_reports_an_unwritable_storage(app, anonymous, monkeypatch):
    def refuse(*_arguments: object) -> None:
        raise OSError("read-only file system")

    monkeypatch.setattr("app.health.readiness.put_bytes", refuse)
    answer = anonymous.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["storage"] == {"ok": False} and answer.json["redis"]["ok"]


@contextmanager
def listening(handle):
    """A port where `handle(connection)` runs for each client; yields the port."""
    server = socket.create_server(("127.0.0.1", 0))
    kept: list[socket.socket] = []

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            kept.append(connection)
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server.getsockname()[1]
    finally:
        for one in (*kept, server):
            one.close()


def app_at(port: int, folder: Path):
    url = f"postgresql://laudo_app:x@127.0.0.1:{port}/laudo"
    return create_app(
        settings_for("unused", folder, database_url=url, platform_database_url=url)
    ).test_client()


def test_a_stopped_database_is_503_at_once(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    client = app_at(port, tmp_path)
    started = time.monotonic()
    assert client.get("/health").status_code == 503
    assert client.get("/api/v1/health").status_code == 503
    assert time.monotonic() - started < 2


def test_a_database_that_never_answers_is_503_within_two_seconds(tmp_path):
    with listening(lambda connection: None) as port:
        client = app_at(port, tmp_path)
        started = time.monotonic()
        assert client.get("/health").status_code == 503
        ready = client.get("/health/ready")
        assert (ready.status_code, ready.json["database"]) == (503, {"ok": False})
        assert time.monotonic() - started < 3


def test_a_frozen_database_is_detected_and_recovers(app):
    """Uses a proxy that can hold back all traffic, like a stopped server."""
    real = make_url(app.config["DATABASE_URL"])
    flowing = threading.Event()
    flowing.set()

    def pump(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(4096):
                flowing.wait()
                target.sendall(data)
        except OSError:
            pass
        finally:
            target.close()

    def handle(connection: socket.socket) -> None:
        onward = socket.socket(socket.AF_UNIX)
        onward.connect(f"{real.query['host']}/.s.PGSQL.5432")
        threading.Thread(target=pump, args=(onward, connection), daemon=True).start()
        pump(connection, onward)

    with listening(handle) as port:
        url = real.set(host="127.0.0.1", port=port, query={}).render_as_string(False)
        probe = DatabaseProbe(url)
        assert probe.answers()
        flowing.clear()
        started = time.monotonic()
        assert not probe.answers()
        assert time.monotonic() - started < 1.5
        flowing.set()
        assert probe.answers()


def test_a_connection_from_before_a_restart_is_replaced(app):
    probe = DatabaseProbe(app.config["DATABASE_URL"])
    assert probe.answers()
    assert probe._connection is not None
    probe._connection.close()
    assert probe.answers()
