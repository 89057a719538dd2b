"""Lock 1 of prepared statements: each table is compared with the tenant, and no value is kept."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select, union_all
from sqlalchemy.orm import aliased

from app.definition.outcome import Outcome
from app.home import company, desk
from app.home import queries as start_page
from app.models import Account, Project, Report, Role
from app.plans.plans import Limit
from app.prepared import FixedValue, bound, prepare
from app.reports.listing import choices, queries
from app.reports.listing.filters import Due, DueDays, Open, Order, ReportFilter
from app.reports.listing.near import Circle
from app.reports.listing.shape import shape_of
from app.reports.reviewing import queries as reviews
from app.tenancy import NoTenantBound
from tests.policy.sources import modules, place_of, text_of
from tests.support.scenarios import Actor

USERS = {
    "home/company.py",
    "home/desk.py",
    "home/queries.py",
    "reports/listing/choices.py",
    "reports/listing/queries.py",
    "reports/reviewing/queries.py",
}
pytestmark = pytest.mark.xdist_group("sources")

TABLE = re.compile(r"\b(?:FROM|JOIN) (\w+)(?: AS (\w+))?")
MOMENT = datetime(2026, 1, 1, tzinfo=UTC)
EVERYTHING = {
    "search": "two words",
    "checklist_id": uuid4(),
    "version_id": uuid4(),
    "project_id": uuid4(),
    "equipment_id": uuid4(),
    "person_id": uuid4(),
    **{
        f"{what}{end}": MOMENT
        for what in ("", "started_", "completed_")
        for end in ("since", "until")
    },
    "due": DueDays(Due.WEEK, date(2026, 1, 1), date(2026, 1, 8)),
    "near": Circle(Decimal("-22.9"), Decimal("-47.0"), 500),
    "status": Open.OPEN,
}

# Superadmins see no reports: the whole condition is then `false`.
ROLES = [role for role in Role if role is not Role.SUPERADMIN]
# Reads the bound tenant only (app.tenancy.DEFINER_FUNCTIONS).
LOCKED_ITSELF = {"find_photos_near"}
ONE_GROUP = ((None,),)
PAGES = {
    Order.PROJECT: (1, 3, 1),
    Order.STATUS: (("draft",), ("completed", "draft"), ("archived",)),
    Order.DUE: ((True,), (False,)),
}


def unlocked(statement: str) -> list[str]:
    """The tables whose tenant the statement does not compare."""
    parts = set(re.findall(r"(\w+) AS (?:MATERIALIZED )?\n?\(", statement, re.IGNORECASE))
    used = {(table, name or table) for table, name in TABLE.findall(statement)}
    return [
        name
        for table, name in used
        if table not in parts | LOCKED_ITSELF
        and f"{name}.{'id' if table == 'tenants' else 'tenant_id'} = :tenant_id" not in statement
    ]


def prepared_texts():
    for role in ROLES:
        person = Actor("Somebody", role, uuid4())
        for order in Order:
            shape, _values = shape_of(ReportFilter(order=order, **EVERYTHING), person)
            yield f"groups {role} {order}", queries._prepare_groups(shape)
            yield (
                f"slices {role} {order}",
                queries._prepare_slices(shape, PAGES.get(order, ONE_GROUP)),
            )
        given = frozenset(("project_id", "equipment_id", "checklist_id", "version_id"))
        yield f"figures {role}", start_page._prepare_figures(role)
        yield f"start page {role}", desk._prepare_lists(role, shape.language, Outcome.PASSED)
        for may_approve_own in (False, True):
            waiting = reviews._prepare_waiting(role, may_approve_own)
            yield f"waiting reviews {role} {may_approve_own}", waiting
        yield f"choices {role}", choices._prepare(role, shape.language, given)
    yield "company", company._prepare(frozenset(Limit))


def text_in(prepared) -> str:
    return prepared.statement.element.text


def test_each_table_is_of_the_tenant(app):
    with app.test_request_context():
        loose = {name: unlocked(text_in(one)) for name, one in prepared_texts()}
    assert len(loose) > 50
    assert {name: tables for name, tables in loose.items() if tables} == {}


def test_a_table_of_all_tenants_is_seen():
    assert unlocked("SELECT a.id FROM accounts AS a WHERE a.id = :id") == ["a"]
    assert unlocked("SELECT accounts.id FROM accounts") == ["accounts"]


def test_subqueries_and_unions_are_locked(app):
    other = aliased(Account)
    inside = select(Report.id).where(Report.assignee_id.in_(select(other.id)))
    for statement in (inside, union_all(select(Project.id), inside)):
        assert unlocked(text_in(prepare(statement))) == []


@pytest.mark.parametrize(
    "value",
    [uuid4(), MOMENT, MOMENT.date(), Decimal("1.5")],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_one_reader_is_refused(value):
    column = {datetime: Report.updated_at, date: Report.due_on}.get(type(value), Report.id)
    with pytest.raises(FixedValue, match="use bound"):
        prepare(select(Report.id).where(column == value))
    with pytest.raises(FixedValue, match="use bound"):
        prepare(select(Report.id).where(column.in_([value])))
    prepare(select(Report.id).where(column == bound("value")))


def test_a_prepared_statement_needs_a_tenant(app):
    with app.app_context(), pytest.raises(NoTenantBound):
        prepare(select(Report.id)).run()


def test_all_users_are_checked_here():
    users = {place_of(path) for path in modules() if "app.prepared import" in text_of(path)}
    assert users - {"reports/listing/shape.py", "reports/queries.py"} == USERS
