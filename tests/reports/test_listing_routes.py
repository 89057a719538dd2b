"""The list of reports: filters, order, visibility, and the export."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta

import openpyxl
import pytest

from app.extensions import db
from app.models import AuditEntry, Report
from app.reports.listing.address import address_of, read_filter
from app.reports.listing.filters import Order, ReportFilter
from tests.support import scenarios

FORMULAS = ("=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0")


@pytest.fixture
def some(acting, cast):
    """Three reports of two projects and checklists: two by a manager, one by a technician."""
    with acting(cast.tess) as tess:
        third = scenarios.a_report(tess, title="Quadro geral", number="Q-0001").id
    with acting(cast.max) as actor:
        north = scenarios.a_project(actor, "North hall")
        tag = scenarios.an_equipment(north, "SUBESTAÇÃO-2")
        first = scenarios.a_report(
            actor, project=north, equipment_id=tag.id, title="Energização", number="AB-0001"
        )
        second = scenarios.completed(
            scenarios.a_report(actor, title="Transformer", number="AB-0002"), actor
        )
        return {
            "first": first.id,
            "second": second.id,
            "third": third,
            "north": north.id,
            "checklist": first.version.checklist_id,
            "max": actor.account_id,
        }


def shown(client, query: str, some) -> set[str]:
    page = client.get(f"/reports/?{query}").text
    return {name for name in ("first", "second", "third") if f"/reports/{some[name]}" in page}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"first", "second", "third"}),
        ("search=energizacao", {"first"}),
        ("search=subestacao", {"first"}),
        ("search=0001 energ", {"first"}),
        ("search=ÁB-0002-R0", {"second"}),
        ("search=ab-000", {"first", "second"}),
        ("search=%25", set()),
        ("status=completed", {"second"}),
        ("project={north}", {"first"}),
        ("checklist={checklist}", {"first"}),
        ("person={max}", {"first", "second"}),
        ("person={max}&status=completed&search=trans", {"second"}),
        ("since=2000-01-01", {"first", "second", "third"}),
        ("until=2000-01-01", set()),
        (
            "status=nonsense&project=nonsense&since=nonsense&sort=nonsense",
            {"first", "second", "third"},
        ),
    ],
)
def test_filters_narrow_and_combine(client_of, cast, some, query, expected):
    assert shown(client_of(cast.max), query.format(**some), some) == expected


def test_days_begin_and_end_where_the_reader_is(client_of, acting, cast, some):
    zone = "America/Sao_Paulo"
    wanted = read_filter({"since": "2026-03-01", "until": "2026-03-01"}, zone)
    assert wanted.since and wanted.until
    assert wanted.since.astimezone(UTC) == datetime(2026, 3, 1, 3, tzinfo=UTC)
    assert wanted.until - wanted.since == timedelta(days=1)
    assert address_of(wanted) == {"since": "2026-03-01", "until": "2026-03-01"}


def test_an_address_says_what_was_read_from_it():
    args = {"search": "a b", "status": "draft", "sort": "number"}
    assert address_of(read_filter(args, "UTC")) == args
    assert address_of(ReportFilter()) == {}
    assert read_filter({"sort": "-title"}, "UTC") == ReportFilter(order=Order.TITLE)


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("number", ["AB-0001", "AB-0002", "Q-0001"]),
        ("-number", ["Q-0001", "AB-0002", "AB-0001"]),
        ("title", ["AB-0001", "Q-0001", "AB-0002"]),
        ("status", ["AB-0002", "AB-0001", "Q-0001"]),
    ],
)
def test_the_list_sorts_both_ways(client_of, cast, some, sort, expected):
    page = client_of(cast.max).get(f"/reports/?sort={sort}").text
    if sort == "status":
        assert page.index("AB-0002") < min(page.index("AB-0001"), page.index("Q-0001"))
        return
    assert sorted(expected, key=page.index) == expected


def test_fragment_and_page_agree(client_of, cast, some):
    client = client_of(cast.max)
    page = client.get("/reports/?status=completed").text
    fragment = client.get("/reports/?status=completed", headers={"HX-Request": "true"}).text
    assert fragment.strip() in page
    assert "1 report" in fragment


def test_a_narrowed_empty_list_offers_the_way_back(client_of, cast, some):
    page = client_of(cast.max).get("/reports/?search=zzz&status=draft").text
    assert "Remove this filter" in page and "Show all reports" in page


def test_people_are_offered_and_shown_only_what_is_theirs(client_of, acting, cast, some):
    tess, vera = client_of(cast.tess), client_of(cast.vera)
    assert shown(tess, "", some) == {"third"}
    assert "All people" not in tess.get("/reports/").text
    assert shown(vera, "", some) == set()
    assert "North hall" not in vera.get("/reports/").text


def test_the_list_takes_the_same_statements_however_many_reports(
    client_of, acting, cast, queries, some
):
    client = client_of(cast.max)
    address = f"/reports/?search=a&person={some['max']}&status=in_progress&sort=title"
    client.get(address)
    with queries() as few:
        client.get(address)
    with acting(cast.max) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        for _ in range(40):
            scenarios.a_report(actor, version=version, project=project)
    with queries() as many:
        client.get(address)
    assert len(many.statements) == len(few.statements)


def exported(client, kind: str, query: str = "") -> list[list[str]]:
    answer = client.get(f"/reports/export.{kind}?{query}")
    assert answer.status_code == 200
    assert f".{kind}" in answer.headers["Content-Disposition"]
    if kind == "csv":
        return list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    sheet = openpyxl.load_workbook(io.BytesIO(answer.data)).active
    return [[cell.value for cell in row] for row in sheet.iter_rows()]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_holds_what_the_list_shows(client_of, acting, cast, some, kind):
    headings, *rows = exported(client_of(cast.max), kind, "status=completed")
    assert headings[:5] == ["Number", "Revision", "Title", "Status", "Result"]
    assert [[str(cell) for cell in row[:5]] for row in rows] == [
        ["AB-0002", "0", "Transformer", "Completed", "Passed"]
    ]
    assert [row[0] for row in exported(client_of(cast.tess), kind)[1:]] == ["Q-0001"]
    assert exported(client_of(cast.vera), kind)[1:] == []


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_becomes_a_formula(client_of, acting, cast, kind):
    with acting(cast.max) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        for text in FORMULAS:
            scenarios.a_report(actor, version=version, project=project, title=text)
    answer = client_of(cast.max).get(f"/reports/export.{kind}").data
    if kind == "csv":
        titles = [row[2] for row in csv.reader(io.StringIO(answer.decode("utf-8-sig")))][1:]
        assert {title[0] for title in titles} == {"'"}
        return
    sheet = openpyxl.load_workbook(io.BytesIO(answer)).active
    cells = [row[2] for row in sheet.iter_rows(min_row=2)]
    assert {cell.data_type for cell in cells} == {"s"}
    assert {cell.value for cell in cells} == set(FORMULAS)


def test_text_that_a_workbook_cannot_hold_is_cut_and_marked(client_of, acting, cast):
    from app.web.sheets import MAX_CELL, ExportSheet, write_xlsx

    file = io.BytesIO()
    write_xlsx(ExportSheet("x", ("a",), iter([("b\x0bell",), ("x" * 40_000,)]), "UTC"), file)
    cells = [row[0].value for row in openpyxl.load_workbook(file).active.iter_rows(min_row=2)]
    assert cells[0] == "bell"
    assert len(cells[1]) == MAX_CELL and cells[1].endswith("[...]")


def test_exporting_the_list_is_audited(client_of, acting, cast, some):
    exported(client_of(cast.max), "csv", "search=trans")
    with acting(cast.max):
        entry = db.session.scalars(
            db.select(AuditEntry).where(AuditEntry.action == "reports.exported")
        ).one()
        assert entry.facts["facts"] == {"kind": "csv", "rows": "1", "filters": {"search": "trans"}}


def test_more_than_a_file_takes_is_refused_with_the_way_out(app, client_of, cast, some):
    app.config["EXPORT_ROWS"] = 2
    try:
        answer = client_of(cast.max).get("/reports/export.csv")
    finally:
        app.config["EXPORT_ROWS"] = 50_000
    assert answer.status_code == 422
    assert "3 reports are too many for one file (maximum 2)" in answer.text


def test_a_report_is_found_after_it_is_archived(client_of, acting, cast, some):
    assert client_of(cast.max).post(f"/reports/{some['second']}/archive").status_code == 303
    assert shown(client_of(cast.max), "search=TRANSF&status=archived", some) == {"second"}
    with acting(cast.max):
        assert db.session.get_one(Report, some["second"]).search_words == "ab-0002 transformer"
