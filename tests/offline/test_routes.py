"""The service worker's script, the offline page, and what answers tell a phone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest

from app.offline import queries
from app.web.offline import ACCOUNT, DRAWN_AT, NOBODY
from tests.support import scenarios

HTMX = {"HX-Request": "true"}


@pytest.fixture
def report_id(acting, cast) -> UUID:
    with acting(cast.tess) as tess:
        return scenarios.a_report(tess, title="Board of Tess").id


# --- the script ---------------------------------------------------------------------------------


def test_the_worker_may_serve_all_pages_and_is_asked_for_each_time(anonymous):
    answer = anonymous.get("/sw.js")
    assert answer.status_code == 200
    assert answer.content_type == "text/javascript; charset=utf-8"
    assert answer.headers["Service-Worker-Allowed"] == "/"
    assert answer.headers["Cache-Control"] == "no-cache"
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    same = anonymous.get("/sw.js", headers={"If-None-Match": answer.headers["ETag"]})
    assert same.status_code == 304


def test_a_page_names_its_release_and_the_installable_app(anonymous):
    page = anonymous.get("/login").text
    shell = re.search(r'<meta name="shell" content="(/static/dist/shell-[^"]+\.json)"', page)
    manifest = re.search(r'<link rel="manifest" href="(/static/dist/webapp-[^"]+\.json)"', page)
    assert shell and manifest
    for address in (shell[1], manifest[1]):
        answer = anonymous.get(address)
        assert answer.status_code == 200
        assert "max-age=31536000" in answer.headers["Cache-Control"]
        assert "public" in answer.headers["Cache-Control"]


# --- the offline page ---------------------------------------------------------------------------


def test_the_offline_page_is_for_everybody_and_names_nobody_to_strangers(
    client_of, cast, anonymous
):
    for person in (cast.tess, cast.max, cast.ana, cast.vera, cast.sam):
        page = client_of(person).get("/offline")
        assert page.status_code == 200
        assert "Kept on this device" in page.text
    strange = anonymous.get("/offline")
    assert strange.status_code == 200
    assert "Nobody is logged in" in strange.text
    assert 'name="account"' not in strange.text


def test_page_and_fragment_agree(client_of, cast):
    client = client_of(cast.tess)
    fragment = client.get("/offline", headers=HTMX).text
    assert "<html" not in fragment
    assert "Kept on this device" in fragment


def test_it_speaks_the_readers_language(anonymous):
    page = anonymous.get("/offline", headers={"Accept-Language": "pt-BR"}).text
    assert "Guardado neste aparelho" in page
    assert 'lang="pt-BR"' in page


def test_the_account_page_links_to_it(client_of, cast):
    assert 'href="/offline"' in client_of(cast.tess).get("/account").text


# --- whose page it is ---------------------------------------------------------------------------


def test_every_page_says_for_whom_it_was_drawn(client_of, cast, anonymous):
    for address in ("/account", "/reports/", "/projects/", "/nowhere"):
        assert client_of(cast.tess).get(address).headers[ACCOUNT] == str(cast.tess.id)
    for address in ("/", "/login", "/offline"):
        assert anonymous.get(address).headers[ACCOUNT] == NOBODY


def test_answers_that_know_nobody_or_are_no_pages_do_not_say(client_of, cast, anonymous):
    assert ACCOUNT not in anonymous.get("/sw.js").headers
    assert ACCOUNT not in anonymous.get("/health").headers
    assert ACCOUNT not in client_of(cast.tess).get("/offline/reports.json").headers


def test_phones_may_keep_what_work_needs_and_nothing_else(client_of, cast, report_id):
    client = client_of(cast.tess)
    fill, review = (f"/reports/{report_id}/{page}" for page in ("fill", "review"))
    for address in ("/", "/reports/", "/offline", fill, review):
        answer = client.get(address)
        drawn_at = answer.headers[DRAWN_AT]
        assert f'<meta name="drawn-at" content="{drawn_at}">' in answer.text
        assert abs((datetime.now(UTC) - datetime.fromisoformat(drawn_at)).total_seconds()) < 60
    for address in ("/account", "/projects/", f"/reports/{report_id}", "/reports/new"):
        answer = client.get(address)
        assert DRAWN_AT not in answer.headers
        assert "drawn-at" not in answer.text
    assert DRAWN_AT not in client.get("/reports/", headers=HTMX).headers
    assert DRAWN_AT not in client.get("/reports/?near=nowhere&radius=x").headers


def test_nothing_is_kept_for_readers_strangers_and_superadmins(client_of, cast, anonymous):
    for client in (client_of(cast.vera), client_of(cast.sam), anonymous):
        assert DRAWN_AT not in client.get("/offline").headers
        assert DRAWN_AT not in client.get("/").headers


def test_a_page_is_of_the_time_before_it_was_read(client_of, cast, report_id):
    before = datetime.now(UTC)
    answer = client_of(cast.tess).get(f"/reports/{report_id}/fill")
    assert before <= datetime.fromisoformat(answer.headers[DRAWN_AT]) <= datetime.now(UTC)


# --- the reports to keep ------------------------------------------------------------------------


def kept_by(client) -> dict[str, dict[str, object]]:
    return {one["id"]: one for one in client.get("/offline/reports.json").json["reports"]}


def test_the_list_has_the_open_reports_of_the_person(client_of, acting, cast, report_id):
    with acting(cast.tess) as tess:
        finished = scenarios.a_report(tess)
        scenarios.completed(finished, tess)
    with acting(cast.tom) as tom:
        scenarios.a_report(tom)
    found = kept_by(client_of(cast.tess))
    assert list(found) == [str(report_id)]
    one = found[str(report_id)]
    assert one["name"].endswith("-R0 Board of Tess")
    assert one["pages"] == [f"/reports/{report_id}/fill", f"/reports/{report_id}/review"]
    # A manager sees all reports but keeps only those that are theirs.
    assert kept_by(client_of(cast.max)) == {}


def test_the_list_says_whose_it_is_and_is_never_stored(client_of, cast):
    answer = client_of(cast.tess).get("/offline/reports.json")
    assert answer.json["account"] == str(cast.tess.id)
    assert answer.headers["Cache-Control"] == "private, no-store"


def test_a_saved_answer_makes_the_report_a_changed_one(client_of, acting, cast):
    with acting(cast.tess) as tess:
        long_ago = datetime(2026, 1, 1, tzinfo=UTC)
        report_id = scenarios.a_report(tess, updated_at=long_ago).id
    client = client_of(cast.tess)
    before = kept_by(client)[str(report_id)]["changed"]
    typed = {"value": "AB-1", "row_version": "0"}
    saved = client.post(f"/reports/{report_id}/fields/customer", data=typed)
    assert saved.status_code == 303
    assert kept_by(client)[str(report_id)]["changed"] > before


def test_the_list_ends(client_of, acting, cast, monkeypatch):
    monkeypatch.setattr(queries, "MOST", 2)
    with acting(cast.tess) as tess:
        project = scenarios.a_project(tess)
        late = datetime(2100, 1, 1, tzinfo=UTC)
        newest_id = scenarios.a_report(tess, project=project, updated_at=late).id
        for _ in range(2):
            scenarios.a_report(tess, project=project)
    found = kept_by(client_of(cast.tess))
    assert len(found) == 2
    assert next(iter(found)) == str(newest_id)


def test_only_staff_may_ask_for_the_list(client_of, cast, anonymous):
    for person in (cast.vera, cast.sam):
        assert client_of(person).get("/offline/reports.json").status_code == 403
    assert anonymous.get("/offline/reports.json").headers["Location"].startswith("/login")
    asked_by_script = {"X-Requested-With": "fetch"}
    assert anonymous.get("/offline/reports.json", headers=asked_by_script).status_code == 401


@pytest.mark.parametrize("url", ["/", "/offline"])
def test_the_worker_gets_public_pages_for_a_person_only(client_of, cast, anonymous, url):
    worker = {"X-Requested-With": "fetch"}
    assert client_of(cast.tess).get(url, headers=worker).status_code == 200
    refused = anonymous.get(url, headers=worker)
    assert (refused.status_code, "Set-Cookie" in refused.headers) == (401, False)
    assert anonymous.get(url).status_code == 200


# --- buttons ------------------------------------------------------------------------------------


def test_an_open_report_has_a_button_and_a_finished_one_has_none(
    client_of, acting, cast, report_id
):
    with acting(cast.tess) as tess:
        finished = scenarios.a_report(tess)
        scenarios.completed(finished, tess)
        finished_id = finished.id
    client = client_of(cast.tess)
    button = f'data-take-offline="{report_id}"'
    assert button in client.get(f"/reports/{report_id}").text
    assert button in client.get("/").text
    assert "data-take-all" in client.get("/").text
    assert "data-take-offline" not in client.get(f"/reports/{finished_id}").text
    assert "data-take" not in client_of(cast.vera).get("/").text
