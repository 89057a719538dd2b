"""The checklist pages: upload, preview, publish, and permissions."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID, uuid4

import pytest
from openpyxl import Workbook, load_workbook
from sqlalchemy import select

from app.checklists.compare import Mark, compare
from app.definition.workbook import sample_workbook
from app.definition.workbook.sandbox import CHILD
from app.extensions import db
from app.models import AuditEntry, Checklist, ChecklistStatus, Version
from app.sandbox import ExceededLimit, TooHeavy
from tests.support import scenarios

HTMX = {"HX-Request": "true"}
COLUMNS = ("Section", "Question", "Type")
QUESTIONS = (
    ("Visual", "Enclosure free of damage", "verdict"),
    ("Visual", "Serial number", "text"),
    ("Tests", "Started at", "time"),
)


def a_workbook(*rows: tuple[str, ...], columns: tuple[str, ...] = COLUMNS) -> bytes:
    book = Workbook()
    sheet = book.active
    sheet.title = "Checklist"
    for row in (columns, *(rows or QUESTIONS)):
        sheet.append(row)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


def upload(client, data: bytes, name: str = "pump.xlsx", **headers: str):
    return client.post(
        "/checklists/", data={"file": (BytesIO(data), name)}, headers=headers or None
    )


def version_id_of(response) -> UUID:
    assert response.status_code == 303, response.text
    return UUID(response.location.rsplit("/", 1)[1])


def test_a_workbook_becomes_a_draft_then_a_version(client_of, acting, cast):
    client = client_of(cast.max)
    version_id = version_id_of(upload(client, a_workbook()))
    page = client.get(f"/checklists/versions/{version_id}")
    assert page.status_code == 200
    assert "Enclosure free of damage" in page.text
    assert "disabled" in page.text
    answer = client.post(f"/checklists/versions/{version_id}/publish")
    assert answer.status_code == 303
    with acting(cast.max) as actor:
        version = db.session.scalars(select(Version).where(Version.id == version_id)).one()
        assert (version.number, version.published_by) == (1, actor.account_id)
        assert version.published_at is not None
        assert version.checklist.status is ChecklistStatus.PUBLISHED
        assert [field.id for field in version.definition.all_fields()] == [
            field.id for field in version.definition.sections[0].fields
        ] + [field.id for field in version.definition.sections[1].fields]
        actions = db.session.scalars(
            select(AuditEntry.action).where(AuditEntry.object_id == version.checklist_id)
        ).all()
        assert actions == ["checklist.drafted", "checklist.published"]
    assert "Version 1" in client.get(answer.location).text


def test_the_sample_can_be_downloaded_and_uploaded_as_it_is(client_of, cast):
    client = client_of(cast.max)
    sample = client.get("/checklists/sample.xlsx")
    assert load_workbook(BytesIO(sample.data)).sheetnames[0] == "Checklist"
    version_id = version_id_of(upload(client, sample_workbook(), "sample.xlsx"))
    assert client.get(f"/checklists/versions/{version_id}").status_code == 200


def test_all_problems_are_shown_at_once_and_nothing_is_stored(client_of, acting, cast):
    bad = a_workbook(("Visual", "First", "nonsense"), ("Visual", "Second", "rubbish"))
    answer = upload(client_of(cast.max), bad)
    assert answer.status_code == 422
    assert "C2" in answer.text and "C3" in answer.text
    assert "pump.xlsx" in answer.text
    with acting(cast.max):
        assert db.session.scalars(select(Version)).all() == []
        assert db.session.scalars(select(Checklist)).all() == []


def test_hidden_content_is_reported_with_problems_and_before_publishing(client_of, cast):
    def hide(data: bytes, column: str) -> bytes:
        book = load_workbook(BytesIO(data))
        book["Checklist"].column_dimensions[column].hidden = True
        book["Checklist"].row_dimensions[3].hidden = True
        book.save(stream := BytesIO())
        return stream.getvalue()

    client = client_of(cast.max)
    refused = upload(client, hide(a_workbook(), "C"))
    assert refused.status_code == 422
    assert "C (Type)" in refused.text and "Row 3 is hidden" in refused.text
    page = client.get(upload(client, hide(a_workbook(), "G")).location)
    assert "Row 3 is hidden" in page.text and "Serial number" in page.text
    assert "How cells are read" in client.get("/checklists/new").text


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7 not a workbook", b"PK\x03\x04 broken"])
def test_a_file_that_is_not_a_workbook_is_rejected_with_a_message(client_of, cast, data):
    answer = upload(client_of(cast.max), data)
    assert answer.status_code == 422
    assert "upload" in answer.text
    assert "Nothing from pump.xlsx was saved." in answer.text
    assert "Correct these cells" not in answer.text, "no cell of it is at fault"


def test_a_file_over_ten_megabytes_is_rejected_with_a_message(client_of, cast):
    answer = upload(client_of(cast.max), b"PK" + b"0" * (10 * 1024 * 1024))
    assert answer.status_code == 422
    assert "10 MB" in answer.text


def test_a_workbook_beyond_a_limit_is_rejected_with_a_message(client_of, cast):
    book = Workbook(write_only=True)
    for number in range(30):
        sheet = book.create_sheet(f"Board {number}")
        for row in range(80):
            sheet.append([row * column for column in range(50)])
    stream = BytesIO()
    book.save(stream)
    answer = upload(client_of(cast.max), stream.getvalue())
    assert answer.status_code == 422
    assert "more than 100,000 cells" in answer.text and "to a new one" in answer.text


def test_a_failing_child_gives_a_message_and_nothing_is_stored(
    client_of, acting, cast, monkeypatch
):
    monkeypatch.setattr(CHILD, "function", "tests.support.misbehaving:crash")
    client = client_of(cast.max)
    answer = upload(client, a_workbook())
    assert answer.status_code == 422
    assert "The workbook could not be read" in answer.text
    with acting(cast.max):
        assert db.session.scalars(select(Checklist)).all() == []


def test_no_transaction_is_open_while_a_workbook_is_read(client_of, cast, monkeypatch):
    client = client_of(cast.max)
    first = version_id_of(upload(client, a_workbook()))
    client.post(f"/checklists/versions/{first}/publish")
    before, seen = CHILD.run, []

    def run(data):
        seen.append(db.session().in_transaction())
        return before(data)

    monkeypatch.setattr(CHILD, "run", run)
    version_id_of(upload(client, a_workbook()))
    assert seen == [False, False]  # once without and once with the version before


def test_a_busy_server_asks_to_upload_again(client_of, cast, monkeypatch):
    monkeypatch.setattr(CHILD, "patience", 0)
    places = [CHILD._places.acquire(blocking=False) for _ in range(2)]
    try:
        answer = upload(client_of(cast.max), a_workbook())
    finally:
        for _ in filter(None, places):
            CHILD._places.release()
    assert all(places)
    assert answer.status_code == 503 and answer.headers["Retry-After"] == "30"
    assert "Send yours again in a minute" in answer.text
    assert upload(client_of(cast.max), a_workbook()).status_code == 303


def test_a_reader_without_time_is_no_fault_of_the_workbook(client_of, cast, monkeypatch):
    def run(data):
        raise TooHeavy(ExceededLimit.TIME)

    monkeypatch.setattr(CHILD, "run", run)
    page = upload(client_of(cast.max), a_workbook()).text
    assert "The server is busy. Try again in a minute." in page
    assert "too busy to read the workbook" in page
    assert "to fix in the workbook" not in page and "What to correct" not in page


def test_an_upload_without_a_file_asks_for_one(client_of, cast):
    answer = client_of(cast.max).post("/checklists/", data={})
    assert answer.status_code == 422
    assert "Choose the workbook" in answer.text


def test_a_second_upload_replaces_the_draft(client_of, acting, cast):
    client = client_of(cast.max)
    first = version_id_of(upload(client, a_workbook()))
    second = version_id_of(upload(client, a_workbook(*QUESTIONS[:2])))
    with acting(cast.max):
        versions = db.session.scalars(select(Version)).all()
        assert [(one.id, one.number) for one in versions] == [(second, 1)]
    assert client.get(f"/checklists/versions/{first}").status_code == 404


def test_the_next_version_keeps_ids_and_shows_what_changes(client_of, acting, cast):
    client = client_of(cast.max)
    first = version_id_of(upload(client, a_workbook()))
    client.post(f"/checklists/versions/{first}/publish")
    rows = (
        ("Visual", "Enclosure free of damage", "text"),
        ("Tests", "Started at", "time"),
        ("Tests", "Ended at", "time"),
    )
    second = version_id_of(upload(client, a_workbook(*rows)))
    page = client.get(f"/checklists/versions/{second}").text
    assert "Compared with version 1" in page
    with acting(cast.max):
        old, new = db.session.scalars(select(Version).order_by(Version.number)).all()
        assert (old.id, new.id, new.number) == (first, second, 2)
        found = compare(old.definition, new.definition)
        assert [
            (one.mark, one.label.en) for section in found.sections for one in section.fields
        ] == [
            (Mark.CHANGED, "Enclosure free of damage"),
            (Mark.REMOVED, "Serial number"),
            (Mark.ADDED, "Ended at"),
        ]


def test_publishing_twice_is_harmless(client_of, acting, cast):
    client = client_of(cast.max)
    version_id = version_id_of(upload(client, a_workbook()))
    for _ in range(2):
        assert client.post(f"/checklists/versions/{version_id}/publish").status_code == 303
    with acting(cast.max):
        published = select(AuditEntry).where(AuditEntry.action == "checklist.published")
        assert len(db.session.scalars(published).all()) == 1


def test_a_draft_can_be_discarded_but_a_version_cannot(client_of, acting, cast):
    client = client_of(cast.max)
    version_id = version_id_of(upload(client, a_workbook()))
    client.post(f"/checklists/versions/{version_id}/publish")
    draft_id = version_id_of(upload(client, a_workbook()))
    assert client.post(f"/checklists/versions/{draft_id}/discard").status_code == 303
    assert client.post(f"/checklists/versions/{version_id}/discard").status_code == 409
    with acting(cast.max):
        assert [one.id for one in db.session.scalars(select(Version))] == [version_id]


def test_the_list_shows_code_version_and_reports_in_few_queries(client_of, acting, cast, queries):
    with acting(cast.max) as actor:
        for _ in range(5):
            version = scenarios.a_checklist(actor)
        scenarios.a_report(actor, version=version)
        code = version.checklist.code
    client = client_of(cast.max)
    with queries() as many:
        page = client.get("/checklists/")
    assert code in page.text and "1 report" in page.text
    client = client_of(cast.otto)
    with queries() as none:
        assert "No checklists yet" in client.get("/checklists/").text
    assert len(many.statements) == len(none.statements)


def test_fragment_and_page_agree(client_of, acting, cast):
    with acting(cast.max) as actor:
        version = scenarios.a_checklist(actor)
        addresses = (
            "/checklists/",
            "/checklists/new",
            f"/checklists/{version.checklist_id}",
            f"/checklists/versions/{version.id}",
        )
    client = client_of(cast.max)
    for address in addresses:
        page, fragment = client.get(address), client.get(address, headers=HTMX)
        assert "<html" in page.text and "<html" not in fragment.text
        assert fragment.text.strip()[:200] in page.text
        assert "HX-Request" in fragment.headers["Vary"]


def test_technicians_can_view_and_managers_can_change(client_of, cast):
    manager, technician = client_of(cast.max), client_of(cast.tess)
    version_id = version_id_of(upload(manager, a_workbook()))
    page = technician.get(f"/checklists/versions/{version_id}")
    assert page.status_code == 200 and "/publish" not in page.text
    assert technician.get("/checklists/").status_code == 200
    assert technician.get("/checklists/new").status_code == 403
    assert upload(technician, a_workbook()).status_code == 403
    for verb in ("publish", "discard"):
        assert technician.post(f"/checklists/versions/{version_id}/{verb}").status_code == 403


def test_viewers_have_no_access(client_of, cast):
    viewer = client_of(cast.vera)
    for address in ("/checklists/", "/checklists/new", f"/checklists/{uuid4()}"):
        assert viewer.get(address).status_code == 403


def test_another_tenant_finds_nothing(client_of, cast):
    version_id = version_id_of(upload(client_of(cast.max), a_workbook()))
    stranger = client_of(cast.otto)
    assert stranger.get(f"/checklists/versions/{version_id}").status_code == 404
    for verb in ("publish", "discard"):
        assert stranger.post(f"/checklists/versions/{version_id}/{verb}").status_code == 404


def test_the_same_code_in_two_companies_are_two_checklists(client_of, acting, cast):
    for person in (cast.max, cast.otto):
        version_id_of(upload(client_of(person), a_workbook()))
    with acting(cast.otto):
        assert len(db.session.scalars(select(Checklist)).all()) == 1


def test_anonymous_users_are_sent_to_the_login(anonymous):
    answer = anonymous.get("/checklists/")
    assert answer.status_code == 303 and "/login" in answer.location
    assert anonymous.get("/checklists/", headers=HTMX).status_code == 401
