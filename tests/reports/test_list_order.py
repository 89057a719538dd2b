"""The order of the list: pages join without gaps, and each order is read from an index."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from uuid import uuid4

import pytest
from sqlalchemy import Select, event, insert

from app.extensions import db
from app.home import queries as start_page
from app.home.desk import company_week
from app.models import FINISHED_STATUSES, Report, ReportStatus
from app.reports.listing.filters import Open, Order, ReportFilter, conditions, count_matching
from app.reports.listing.order import (
    Group,
    cut_groups,
    ordering,
    read_groups,
    select_groups,
    select_slice,
)
from app.reports.listing.queries import list_reports, read_lists
from app.tenancy import require_tenant
from tests.support import scenarios

EVERY_ORDER = [
    ReportFilter(order=order, is_descending=down) for order, down in product(Order, (False, True))
]
# What a planner with real figures prefers; in an empty database it would sort.
SCANS, SORTS = ("enable_seqscan", "enable_bitmapscan"), ("enable_sort", "enable_incremental_sort")


def named(criteria: ReportFilter) -> str:
    return f"{'-' if criteria.is_descending else ''}{criteria.order}"


@pytest.fixture
def many(acting, cast):
    """Reports of eight projects, some with equal keys, so that only the id tells them apart."""
    chance, now = Random(3), datetime.now(UTC)
    with acting(cast.max) as actor:
        version = scenarios.a_checklist(actor)
        projects = [scenarios.a_project(actor, f"{'Ss'[n % 2]}ite {n // 2}") for n in range(8)]
        ids = [uuid4() for _ in range(60)]
        rows = [
            {
                "id": ids[n],
                "tenant_id": require_tenant(),
                "project_id": chance.choice(projects).id,
                "version_id": version.id,
                "number": f"ORD-{n // 2:03}",
                "revision": n % 2,
                "revision_of": ids[n - 1] if n % 2 else None,
                "revision_reason": "A digit was wrong." if n % 2 else None,
                "title": f"Title {chance.randrange(9)}",
                "status": chance.choice((ReportStatus.DRAFT, ReportStatus.IN_PROGRESS))
                if n % 2
                else chance.choice(FINISHED_STATUSES),
                "completed_at": None if n % 2 else now,
                "started_by": actor.account_id,
                "assignee_id": actor.account_id,
                "due_on": (now + timedelta(days=chance.randrange(4))).date() if n % 3 else None,
                "updated_at": now - timedelta(minutes=chance.randrange(20)),
            }
            for n in range(60)
        ]
        db.session.execute(insert(Report), rows)
        db.session.commit()
    return cast.max


@pytest.mark.parametrize("criteria", EVERY_ORDER, ids=named)
@pytest.mark.parametrize("size", [1, 7, 25])
def test_the_pages_are_the_whole_list_in_order(acting, many, criteria, size):
    with acting(many) as actor:
        whole = Select(Report.id).join(Report.project).where(*conditions(criteria, actor))
        expected = list(db.session.scalars(whole.order_by(*ordering(criteria))))
        pages = -(-len(expected) // size)
        shown = [
            list_reports(criteria, person=actor, page=page, page_size=size)
            for page in range(1, pages + 1)
        ]
        assert {one.total for one in shown} == {len(expected)} == {60}
        assert [line.id for one in shown for line in one.lines] == expected


def test_a_page_is_at_most_three_slices():
    groups = [Group(key, count) for key, count in enumerate((4, 1, 2, 3, 90))]
    first, middle, last = cut_groups(groups, 3, 25)
    assert (first.keys, first.offset, first.size) == ((0,), 3, 1)
    assert (middle.keys, middle.offset, middle.size) == ((1, 2, 3), 0, 6)
    assert (last.keys, last.offset, last.size) == ((4,), 0, 18)
    assert cut_groups(groups, 100, 25) == []
    assert [one.keys for one in cut_groups(groups, 50, 25)] == [(4,)]


def plan_of(statement: Select, without: tuple[str, ...] = SCANS + SORTS) -> str:
    """The plan of a statement as the app runs it, `without` what the planner may not choose."""
    seen = []

    def keep(conn, cursor, text, parameters, context, executemany):
        if "reports" in text:
            seen.append((text, parameters))

    for setting in without:
        db.session.connection().exec_driver_sql(f"set local {setting} = off")
    event.listen(db.engine, "before_cursor_execute", keep)
    try:
        db.session.execute(statement).all()
    finally:
        event.remove(db.engine, "before_cursor_execute", keep)
    text, parameters = seen[0]
    rows = db.session.connection().exec_driver_sql(f"explain (verbose) {text}", parameters)
    return "\n".join(row[0] for row in rows)


@pytest.mark.parametrize("criteria", EVERY_ORDER, ids=named)
def test_a_page_of_each_order_is_read_from_an_index(acting, many, criteria):
    """Neither a scan of the table nor a sort: a page deep in 10,000 reports costs as the first."""
    with acting(many) as actor:
        matching = conditions(criteria, actor)
        rows = db.session.execute(select_groups(criteria, matching))
        groups = [replace(one, count=10_000) for one in read_groups(rows)]
        for share in cut_groups(groups, 5_000, 25):
            is_by_day = criteria.order is Order.DUE and share.keys[0]
            # Reports that are due on one day are few; they alone are sorted by their last change.
            without = (*SCANS, "enable_sort") if is_by_day else SCANS + SORTS
            found = plan_of(select_slice(criteria, matching, share), without)
            assert "Seq Scan" not in found and "Disabled" not in found, found
            assert ("Presorted Key: reports.due_on" if is_by_day else "Limit") in found, found
            assert is_by_day or "Sort" not in found, found


def test_the_lists_of_the_start_page_sort_no_company_whole(acting, many):
    """Each part stops at its limit inside an index; only the few that it found are sorted."""
    with acting(many) as actor:
        week = company_week("UTC", "UTC")
        for statement, index in (
            (start_page.select_longest_untouched(actor, week), "by_status"),
            (start_page.select_waiting(actor), "ix_reports_tenant_id_open"),
            (start_page.select_needing_action(actor, week), "ix_reports_tenant_id_open"),
            (start_page.select_finished(actor, since=week.start), "completed_at"),
        ):
            found = plan_of(statement)
            assert index in found and "Seq Scan on public.reports" not in found, found


def test_open_reports_are_a_choice_of_the_filter(acting, many):
    with acting(many) as actor:
        assert count_matching(ReportFilter(status=Open.OPEN), actor) == 30
        is_open = conditions(ReportFilter(status=Open.OPEN), actor)
        one = Select(Report).where(*is_open).limit(1)
        scenarios.completed(db.session.scalars(one).one(), actor)
        assert count_matching(ReportFilter(status=Open.OPEN), actor) == 29


def test_no_list_is_no_query(acting, cast, queries):
    with acting(cast.max), queries() as seen:
        assert read_lists([]) == []
    assert seen.statements == []
