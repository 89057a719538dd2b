"""Every list of finished reports can be filtered by result; the URL map provides the lists."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from app.definition.outcome import Outcome
from app.reports.listing.address import address_of, read_filter
from app.reports.listing.filters import ReportFilter
from tests.support import scenarios

HTMX = {"HX-Request": "true"}


@pytest.fixture
def finished(acting, cast) -> dict[str, UUID]:
    """One report for each result, all by one technician, in a project that Vera may read."""
    with acting(cast.tess) as actor:
        project = scenarios.a_project(actor, "North hall")
        tag = scenarios.an_equipment(project, "QTA-1")
        made = {}
        for outcome in Outcome:
            report = scenarios.a_report(
                actor, project=project, equipment_id=tag.id, title=outcome.value
            )
            made[outcome.value] = scenarios.completed(report, actor, outcome=outcome).id
        scenarios.a_grant(cast.vera.id, project.id)
        ids = {"project_id": project.id, "equipment_id": tag.id, "account_id": cast.tess.id}
        return {**made, **ids}


def pages(app, ids) -> set[str]:
    """Every page that could list reports: those that need no id, or one of the given ids."""
    found = set()
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments <= ids.keys() and "." in rule.endpoint:
            with app.test_request_context():
                values = {name: ids[name] for name in rule.arguments}
                found.add(app.url_for(rule.endpoint, **values))
    return found


def listed(page: str, finished) -> set[str]:
    """The finished reports among the rows of the page."""
    rows = set(re.findall(r'class="row-title" href="/reports/([0-9a-f-]+)"', page))
    return {one.value for one in Outcome if str(finished[one.value]) in rows}


@pytest.mark.parametrize(("key", "least"), [("max", 3), ("tess", 3), ("vera", 2)])
def test_wherever_finished_reports_are_listed_their_result_can_be_chosen(
    app, client_of, cast, finished, key, least
):
    client = client_of(getattr(cast, key))
    seen = set()
    for url in sorted(pages(app, finished)):
        answer = client.get(url)
        if answer.mimetype != "text/html" or not listed(answer.text, finished):
            continue
        seen.add(url)
        assert listed(answer.text, finished) == {one.value for one in Outcome}, url
        assert '<select class="form-select" name="result">' in answer.text, url
        for one in Outcome:
            for headers in ({}, HTMX):
                page = client.get(f"{url}?result={one.value}", headers=headers).text
                assert listed(page, finished) == {one.value}, (url, headers)
        every = client.get(f"{url}?result=", headers=HTMX).text
        assert listed(every, finished) == {one.value for one in Outcome}, url
        assert listed(client.get(f"{url}?result=nonsense").text, finished) != set(), url
    assert len(seen) >= least, seen
    assert {"/", "/reports/"} <= seen


def test_a_result_that_no_report_has_is_said_and_the_choice_stays(client_of, acting, cast):
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor, "South hall")
        scenarios.completed(scenarios.a_report(actor, project=project), actor)
        url = f"/projects/{project.id}"
    client = client_of(cast.max)
    for page in ("/", url):
        for headers in ({}, HTMX):
            answer = client.get(f"{page}?result=failed", headers=headers).text
            assert "No reports here have this result." in answer, (page, headers)
        whole = client.get(f"{page}?result=failed").text
        assert '<option value="failed" selected>' in whole, page


def test_the_list_narrows_by_result_tag_start_and_completion(client_of, acting, cast, finished):
    client = client_of(cast.max)
    with acting(cast.max) as actor:
        old = scenarios.a_report(actor, title="old")
        old = scenarios.completed(old, actor, days_ago=40)
        day = old.completed_at.date().isoformat()
        ids = {**finished, "old": old.id}

    def shown(query: str) -> set[str]:
        page = client.get(f"/reports/?{query}").text
        return {name for name, one in ids.items() if f'href="/reports/{one}"' in page}

    results = {one.value for one in Outcome}
    assert shown("result=failed") == {"failed"}
    assert shown(f"equipment={finished['equipment_id']}") == results
    assert shown(f"equipment={finished['project_id']}") == set()
    for what in ("completed", "started"):
        assert shown(f"{what}_until={day}") <= {"old"}
        assert shown(f"{what}_since={day}") >= results
        assert shown(f"{what}_since=2199-01-01") == set()
        assert shown(f"{what}_until=2000-01-01") == set()
    page = client.get(
        f"/reports/?result=failed&completed_since={day}&project={finished['project_id']}"
    ).text
    assert "QTA-1" in page and page.count("Remove this filter") >= 3


def test_an_address_says_all_that_was_read_from_it():
    args = {
        "result": "passed_with_remarks",
        "equipment": "00000000-0000-0000-0000-000000000001",
        "started_since": "2026-03-01",
        "started_until": "2026-03-31",
        "completed_since": "2026-04-01",
        "completed_until": "2026-04-30",
    }
    assert address_of(read_filter(args, "America/Sao_Paulo")) == args
    assert read_filter({"result": "nonsense"}, "UTC") == ReportFilter()


def test_a_tag_leads_to_its_reports(client_of, cast, finished):
    page = client_of(cast.max).get(f"/projects/{finished['project_id']}").text
    address = f"/reports/?project={finished['project_id']}&amp;equipment={finished['equipment_id']}"
    assert f'href="{address}"' in page
