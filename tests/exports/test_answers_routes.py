"""The pages of answer exports: choose, request, follow, download, and access."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, update

from app.evidence.queries import list_entries
from app.extensions import db
from app.models import AnswerExport, AnswerFormat, Role, WorkState
from app.storage import object_key
from tests.support import scenarios
from tests.support.companies import company_as
from tests.support.pictures import sha256_of
from tests.support.stored import put_bytes
from tests.support.suspension import SUSPENDED

PAGE, NEW = "/exports/", "/exports/new"
DATA = b"PK a small workbook"
HTMX = {"HX-Request": "true"}


@pytest.fixture
def some(acting, cast) -> dict[str, UUID]:
    """A failed and a passed report on one project, and one report of a technician."""
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor, "North hall")
        made = {}
        for name in ("failed", "passed"):
            report = scenarios.a_report(actor, project=project, title=name)
            made[name] = scenarios.completed(report, actor, outcome=scenarios.Outcome(name)).id
        made["project"] = project.id
    with acting(cast.tess) as actor:
        made["mine"] = scenarios.a_report(actor, title="mine").id
    return made


def newest_export() -> AnswerExport:
    export = db.session.scalars(
        select(AnswerExport).order_by(AnswerExport.created_at.desc())
    ).first()
    assert export
    return export


@pytest.fixture
def done(acting, cast) -> UUID:
    """The id of a finished export of the manager."""
    with acting(cast.max) as actor:
        key = object_key(cast.acme, "answers", sha256_of(DATA))
        put_bytes(key, DATA)
        export = AnswerExport(
            requested_by=actor.account_id,
            role=Role.MANAGER,
            format=AnswerFormat.XLSX,
            wanted={},
            filters={"status": "completed"},
            digest="0" * 64,
            locale="en",
            time_zone="UTC",
            state=WorkState.DONE,
            storage_key=key,
            sha256=sha256_of(DATA),
            byte_size=len(DATA),
            counts={"reports": 42, "photos": 7, "exceptions": 1},
            progress_done=42,
            progress_total=42,
        )
        db.session.add(export)
        db.session.commit()
        return export.id


def test_the_filters_of_the_list_are_kept(client_of, acting, cast, some):
    client = client_of(cast.max)
    query = f"result=failed&project={some['project']}"
    page = client.get(f"/reports/?{query}").text
    assert f'href="/exports/new?result=failed&amp;project={some["project"]}"' in page
    page = client.get(f"{NEW}?{query}").text
    assert "Export this report" in page and "North hall" in page and "Failed" in page
    assert "Export these 3 reports" in client.get(NEW).text
    fields = {"result": "failed", "project": str(some["project"]), "format": "csv"}
    for name, value in fields.items():
        assert f'name="{name}" value="{value}"' in page
    answer = client.post(PAGE, data=fields)
    assert answer.status_code == 303
    with acting(cast.max):
        export = newest_export()
        assert answer.location.endswith(f"/exports/#export-{export.id}")
        assert (export.format, export.state) == (AnswerFormat.CSV, WorkState.QUEUED)
        assert export.filters == {"result": "failed", "project": str(some["project"])}
        assert (export.wanted["result"], export.role) == ("failed", Role.MANAGER)
        (entry,) = list_entries("answer_export", export.id)
        assert entry.facts["facts"]["reports"] == "1"


def test_a_nul_in_a_filter_is_ignored(client_of, acting, cast, some):
    """A URL with a NUL is refused earlier, but a hand-made form can contain one."""
    answer = client_of(cast.max).post(PAGE, data={"search": "no\0such", "format": "csv"})
    assert answer.status_code == 422
    answer = client_of(cast.max).post(PAGE, data={"search": "\0failed\0", "format": "csv"})
    assert answer.status_code == 303
    with acting(cast.max):
        assert newest_export().filters == {"search": "failed"}


def test_a_technician_sees_a_count_of_own_reports_only(client_of, cast, some):
    page = client_of(cast.tess).get(NEW).text
    assert "Export this report" in page


def test_fragment_and_page_agree_during_the_export(client_of, acting, cast, some):
    client = client_of(cast.max)
    assert "No exports yet" in client.get(PAGE).text
    client.post(PAGE, data={"format": "xlsx"})
    client.post(PAGE, data={"format": "xlsx"})  # a double submit
    with acting(cast.max):
        rows = db.session.scalars(select(AnswerExport)).all()
        assert len(rows) == 1
        url = f"{PAGE}{rows[0].id}"
    fragment = client.get(url, headers=HTMX).text
    assert fragment.strip() in client.get(PAGE).text
    assert f'hx-get="{url}"' in fragment and "Queued" in fragment
    assert client.get(url).location == PAGE
    with acting(cast.max):
        running = {"state": WorkState.RUNNING, "progress_done": 3, "progress_total": 9}
        db.session.execute(update(AnswerExport).values(**running))
        db.session.commit()
    assert "3 of 9 reports" in client.get(url, headers=HTMX).text
    with acting(cast.max):
        db.session.execute(update(AnswerExport).values(state=WorkState.FAILED, error="too_wide"))
        db.session.commit()
    # Once it is settled, polling stops and the page is loaded.
    assert client.get(url, headers=HTMX).headers["HX-Redirect"] == PAGE
    assert "16,384 columns" in client.get(PAGE).text


def test_the_file_is_downloaded_and_audited(client_of, acting, cast, done):
    client = client_of(cast.max)
    page = client.get(PAGE).text
    assert "42 reports" in page and "/reports/?status=completed" in page
    answer = client.get(f"{PAGE}{done}/download")
    assert answer.status_code == 303
    file = client.get(answer.location)
    assert file.data == DATA
    assert file.headers["Content-Disposition"].startswith("attachment; filename=laudo-answers-")
    assert file.headers["Content-Disposition"].endswith(".xlsx")
    with acting(cast.max):
        (entry,) = list_entries("answer_export", done)
        assert entry.action == "reports.answers_downloaded"


def test_other_people_cannot_see_the_export(client_of, cast, done):
    for person in (cast.ana, cast.tess, cast.otto):
        for url in (f"{PAGE}{done}", f"{PAGE}{done}/download"):
            assert client_of(person).get(url).status_code == 404, (person.name, url)
        assert str(done) not in client_of(person).get(PAGE).text
    vera = client_of(cast.vera)
    for url in (PAGE, NEW, f"{PAGE}{done}", f"{PAGE}{done}/download"):
        assert vera.get(url).status_code == 403
    assert vera.post(PAGE).status_code == 403
    assert "Export with answers" not in vera.get("/reports/").text


def test_a_person_with_a_new_role_cannot_download_the_old_file(client_of, acting, cast, done):
    with acting(cast.max):
        db.session.execute(update(AnswerExport).values(role=Role.ADMIN))
        db.session.commit()
    answer = client_of(cast.max).get(f"{PAGE}{done}/download")
    assert answer.status_code == 403 and "you had another role" in answer.text


def test_an_unfinished_export_has_an_error_message(client_of, acting, cast, done):
    with acting(cast.max):
        db.session.execute(update(AnswerExport).values(storage_key=None))
        db.session.commit()
    client = client_of(cast.max)
    answer = client.get(f"{PAGE}{done}/download")
    assert answer.status_code == 409 and "a newer export has replaced it" in answer.text
    assert "Replaced by a newer export" in client.get(PAGE).text
    assert client.get(f"{PAGE}{uuid4()}/download").status_code == 404


def test_an_empty_result_has_no_button_and_cannot_be_exported(client_of, acting, cast, some):
    client = client_of(cast.max)
    page = client.get(f"{NEW}?search=zzz").text
    assert "Nothing found" in page and '<form method="post" action="/exports/"' not in page
    answer = client.post(PAGE, data={"search": "zzz"})
    assert answer.status_code == 422 and "nothing to export" in answer.text
    with acting(cast.max):
        assert db.session.scalars(select(AnswerExport)).all() == []


def test_the_form_warns_about_too_many_reports(app, client_of, cast, some):
    app.config["EXPORT_ROWS"] = 2
    try:
        client = client_of(cast.max)
        assert "A file can contain at most 2 reports" in client.get(NEW).text
        assert client.post(PAGE).status_code == 422
    finally:
        app.config["EXPORT_ROWS"] = 50_000


def test_an_unknown_format_falls_back_to_xlsx(client_of, acting, cast, some):
    assert client_of(cast.max).post(PAGE, data={"format": "exe"}).status_code == 303
    with acting(cast.max):
        assert newest_export().format is AnswerFormat.XLSX


def test_a_suspended_company_may_request_an_export(app, client_of, acting, cast, some):
    with company_as(app, cast.acme, **SUSPENDED):
        assert client_of(cast.tess).post(PAGE).status_code == 303
    with acting(cast.max):
        assert newest_export().requested_by == cast.tess.id


def test_anonymous_requests_redirect_to_the_login(anonymous):
    for url in (PAGE, NEW, f"{PAGE}{uuid4()}/download"):
        assert anonymous.get(url).status_code == 303
    assert anonymous.post(PAGE).status_code == 303
