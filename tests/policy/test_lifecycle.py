"""One module changes the status of reports, by one table that matches the database's rules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from app.extensions import db
from app.models import FINISHED_STATUSES, OPEN_STATUSES, Report, ReportStatus
from app.reports.lifecycle import TABLE, ReportEvent
from tests.support import scenarios

APP = Path(__file__).resolve().parents[2] / "app"
LIFECYCLE = "reports/lifecycle.py"
# Modules in which something other than a report has a status.
OTHERS = {
    "checklists/lifecycle.py": {"checklist.status"},
    "checklists/service.py": {"checklist.status"},
    "platform/tenants.py": {"tenant.status"},
}


def targets(node: ast.AST) -> Iterator[ast.expr]:
    """The targets of an assignment, including tuples."""
    if isinstance(node, ast.Assign):
        given = node.targets
    elif isinstance(node, (ast.AnnAssign, ast.AugAssign)):
        given = [node.target]
    else:
        given = []
    for target in given:
        yield from target.elts if isinstance(target, (ast.Tuple, ast.List)) else [target]


def assignments(source: str) -> set[str]:
    """Every assignment that may set a report's status, as source text."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        for target in targets(node):
            if isinstance(target, ast.Attribute) and target.attr == "status":
                found.add(ast.unparse(target))
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        words = [one.value for one in node.args if isinstance(one, ast.Constant)]
        is_report = bool(node.args) and ast.unparse(node.args[0]).endswith("report")
        if name == "setattr" and (is_report or "status" in words):
            found.add(ast.unparse(node))
        is_of_report = name == "Report" or (name.endswith(".values") and "Report" in name)
        if is_of_report and any(one.arg == "status" for one in node.keywords):
            found.add(ast.unparse(node))
        if any("update reports" in str(word).lower() for word in words):
            found.add(ast.unparse(node))
    return found


@pytest.mark.parametrize(
    "source",
    [
        "report.status = ReportStatus.ARCHIVED",
        "report.status, report.archived_at = ReportStatus.ARCHIVED, now",
        "one.status: ReportStatus = wanted",
        "setattr(report, 'status', wanted)",
        "setattr(report, column, wanted)",
        "Report(status=ReportStatus.DRAFT)",
        "update(Report).where(Report.id == one).values(status='draft')",
        "execute('update reports set status = 1')",
    ],
)
def test_every_way_to_set_a_status_is_seen(source):
    assert assignments(source)


def test_only_the_lifecycle_sets_the_status_of_a_report():
    found = {
        str(path.relative_to(APP)): assignments(path.read_text())
        for path in APP.rglob("*.py")
        if "node_modules" not in path.parts
    }
    assert "report.status" in found.pop(LIFECYCLE)
    assert {name: seen for name, seen in found.items() if seen} == OTHERS


def test_every_status_is_reached():
    reached = {ReportStatus.DRAFT}
    for _step in ReportStatus:
        reached |= {row.target for row in TABLE if row.target and reached & {*row.sources}}
    assert reached == set(ReportStatus)


def test_the_table_names_columns_and_each_event_once():
    events = [row.event for row in TABLE]
    assert sorted(events) == sorted({*ReportEvent} - {ReportEvent.ASSIGNED})
    columns = Report.__table__.columns.keys()
    assert {name for row in TABLE for name in row.moments + row.people} <= set(columns)


def allowed(statement: str, **values: object) -> bool:
    """Whether the database accepts the statement from the app's role."""
    with db.session.begin_nested() as savepoint:
        try:
            db.session.execute(text(statement), values)
            return True
        except ProgrammingError as error:
            assert "cannot change" in str(error.orig), error
            return False
        finally:
            savepoint.rollback()


@pytest.fixture
def of_each_status(acting, cast):
    """A report of each status, inside the tenant's scope."""
    with acting(cast.max) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        yield {
            status: scenarios.a_report(actor, version=version, project=project, status=status)
            for status in ReportStatus
        }


def test_the_database_agrees_with_the_table(of_each_status):
    by_database = {
        (old, new)
        for old, report in of_each_status.items()
        for new in ReportStatus
        if allowed("update reports set status = :new where id = :id", new=new, id=report.id)
    }
    by_table = {(old, row.target) for row in TABLE if row.target for old in row.sources}
    assert by_table <= by_database
    # Both guard finished reports.
    assert {pair for pair in by_database if pair[0] in FINISHED_STATUSES} == {
        pair for pair in by_table if pair[0] in FINISHED_STATUSES
    }


def test_only_what_may_be_discarded_can_be(of_each_status):
    by_database = {
        status
        for status, report in of_each_status.items()
        if allowed("update reports set discarded_at = now() where id = :id", id=report.id)
    }
    (discarding,) = (row for row in TABLE if row.event is ReportEvent.DISCARDED)
    assert set(discarding.sources) <= by_database
    assert by_database.isdisjoint(FINISHED_STATUSES)


def test_the_database_takes_answers_while_the_report_is_open(of_each_status):
    statement = (
        "insert into answers (tenant_id, report_id, field_id, answered_at)"
        " select tenant_id, id, 'late', now() from reports where id = :id"
    )
    taking = {
        status for status, report in of_each_status.items() if allowed(statement, id=report.id)
    }
    assert taking == set(OPEN_STATUSES)
