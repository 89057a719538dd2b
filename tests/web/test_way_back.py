"""An error page links to the previous page or to a fitting list, never to another site."""

from __future__ import annotations

import re
from uuid import UUID

import pytest

from tests.support import scenarios

NOWHERE = UUID(int=404)
START = "Go to the home page"


def first_link(page: str) -> tuple[str, str]:
    (found,) = re.findall(r'<a class="btn btn-primary btn-wide" href="([^"]*)">([^<]*)</a>', page)
    return found


@pytest.mark.parametrize("status", [403, 404, 409])
def test_it_links_to_the_previous_page(acting, client_of, cast, status):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        open_id, done_id = report.id, scenarios.completed(scenarios.a_report(tess), tess).id
    client = client_of(cast.tess)
    headers = {"Referer": f"http://localhost/reports/{open_id}/fill?at=customer"}
    method, url = {
        403: ("GET", "/company/usage"),
        404: ("GET", f"/reports/{NOWHERE}"),
        409: ("POST", f"/reports/{done_id}/discard"),
    }[status]
    answer = client.open(url, method=method, headers=headers)
    assert answer.status_code == status
    assert first_link(answer.text) == (f"/reports/{open_id}/fill?at=customer", "Go back")
    assert START in answer.text


@pytest.mark.parametrize(
    "referer",
    [
        "https://evil.test/reports/",
        "http://localhost.evil.test/reports/",
        "http://localhost:81/reports/",
        "http://evil.test@localhost/reports/",
        "//localhost/reports/",
        "http://localhost//evil.test/",
        "http://localhost/\\evil.test",
        "http://localhost/nowhere",
        "http://localhost/logout",  # does not accept GET
        "javascript:alert(1)",
        "http://[",
        "http://localhost/reports/?" + "x" * 3000,
        f"http://localhost/reports/{NOWHERE}",  # the page that failed
        "",
    ],
)
def test_anything_else_links_to_the_fitting_list(client_of, cast, referer):
    answer = client_of(cast.tess).get(f"/reports/{NOWHERE}", headers={"Referer": referer})
    assert first_link(answer.text) == ("/reports/", "Go to the reports")


@pytest.mark.parametrize(
    ("person", "path", "url", "words"),
    [
        ("ana", "/projects/x", "/projects/", "Go to the projects"),
        ("ana", f"/people/{NOWHERE}", "/people/", "Go to the people"),
        ("ana", f"/audit/entries/{NOWHERE}", "/audit", "Go to the audit log"),
        ("tess", f"/documents/{NOWHERE}", "/reports/", "Go to the reports"),
        ("tess", "/files/broken", "/reports/", "Go to the reports"),
        ("tess", f"/people/{NOWHERE}", "/", START),  # not for technicians
        ("sam", f"/platform/companies/{NOWHERE}", "/platform/companies/", "Go to the companies"),
        ("tess", "/nowhere", "/", START),
    ],
)
def test_each_part_has_its_list(client_of, cast, person, path, url, words):
    answer = client_of(getattr(cast, person)).get(path)
    assert answer.status_code in (403, 404)
    assert first_link(answer.text) == (url, words)
    assert answer.text.count(START) == 1


def test_an_anonymous_visitor_gets_a_link_to_the_start_page(anonymous):
    assert first_link(anonymous.get("/nowhere").text) == ("/", START)
