"""The pages of versions: notes, comparison, restoring, retiring, duplicating, reports on each."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.checklists import lifecycle, service
from app.definition.schema import Text
from app.extensions import db
from app.layouts import Layout
from app.models import AuditEntry, Checklist, ChecklistStatus, Version
from tests.support import scenarios

HTMX = {"HX-Request": "true"}


def body_of(definition) -> dict:
    return definition.model_dump(mode="json", exclude_defaults=True)


@pytest.fixture
def two(acting, cast) -> tuple[UUID, UUID, UUID]:
    """A checklist with two published versions, as (checklist, first, second)."""
    with acting(cast.max) as actor:
        first = scenarios.a_checklist(actor, scenarios.a_definition("TWO"))
        newer = scenarios.a_definition("TWO", signature_roles=())
        draft = service.put_draft(first.checklist, newer)
        second = service.publish_version(
            version_id=draft.id, actor=actor, note="No signatures.\nSee memo 7."
        )
        ids = first.checklist_id, first.id, second.id
        db.session.commit()
    return ids


def drafts(checklist_id: UUID) -> list[Version]:
    return list(
        db.session.scalars(
            select(Version).where(
                Version.checklist_id == checklist_id, Version.published_at.is_(None)
            )
        )
    )


def actions(checklist_id: UUID) -> list[str]:
    found = select(AuditEntry.action).where(AuditEntry.object_id == checklist_id)
    return list(db.session.scalars(found.order_by(AuditEntry.sequence)))


# Notes


def test_a_version_is_published_with_a_note_that_lists_and_audit_show(client_of, acting, cast, two):
    checklist_id, first, _second = two
    client = client_of(cast.max)
    client.post(f"/checklists/versions/{first}/restore")
    with acting(cast.max):
        (draft,) = drafts(checklist_id)
        address = f"/checklists/versions/{draft.id}"
    page = client.get(address).text
    assert 'name="note"' in page and "cannot be changed after publishing" in page
    refused = client.post(f"{address}/publish", data={"note": "x" * 1_001})
    assert refused.status_code == 422 and "x" * 1_000 in refused.text
    assert client.post(f"{address}/publish", data={"note": " Back\nto two "}).status_code == 303
    assert "Back\nto two" in client.get(f"/checklists/{checklist_id}").text
    assert "Back\nto two" in client.get(address).text
    assert "with the note: Back to two" in client_of(cast.ana).get("/audit").text


def test_a_note_is_as_final_as_its_version(acting, cast, two):
    with acting(cast.max), pytest.raises(ProgrammingError, match="cannot change"):
        db.session.execute(
            text("update versions set note = 'other' where id = :id"), {"id": two[1]}
        )


# Comparison


def test_any_two_versions_are_compared_on_a_page(client_of, cast, two):
    checklist_id, _first, _second = two
    client = client_of(cast.tess)
    base = f"/checklists/{checklist_id}/compare"
    newest = client.get(base).text
    assert "From version 1 to version 2" in newest and newest.count("<select") == 2
    assert "Technician" in newest and "Removed" in newest and "Memo" not in newest
    assert "See memo 7." in newest
    back = client.get(f"{base}?old=2&new=1").text
    assert "From version 2 to version 1" in back and "Added" in back
    assert "Both versions are the same" in client.get(f"{base}?old=1&new=1").text
    assert client.get(f"{base}?old=1&new=9").status_code == 404
    assert client.get(f"{base}?old=x").status_code == 200
    fragment = client.get(base, headers=HTMX).text
    assert "<html" not in fragment and fragment.strip()[:200] in newest


def test_the_comparison_speaks_the_language_of_its_reader(client_of, acting, cast, two):
    client = client_of(cast.max)
    page = client.get(f"/checklists/{two[0]}/compare", headers={"Accept-Language": "pt-BR"}).text
    assert "{" not in page.split('class="comparison"')[1].split("</section>")[0]


# Restoring


def test_an_old_version_becomes_a_new_draft(client_of, acting, cast, two):
    checklist_id, first, second = two
    client = client_of(cast.max)
    answers = [client.post(f"/checklists/versions/{first}/restore") for _ in range(2)]
    assert [one.status_code for one in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    with acting(cast.max):
        (draft,) = drafts(checklist_id)
        old = db.session.scalars(select(Version).where(Version.id == first)).one()
        assert (draft.number, draft.body) == (3, old.body)
        assert actions(checklist_id).count("checklist.restored") == 1
    refused = client.post(f"/checklists/versions/{second}/restore")
    assert refused.status_code == 409 and "Version 3 is a draft" in refused.text
    with acting(cast.max):
        assert [one.body for one in drafts(checklist_id)] == [old.body], "nothing was lost"
    assert "from its version 1" in client_of(cast.ana).get("/audit").text


# Reports on a version


def test_the_counts_of_versions_lead_to_these_reports(client_of, acting, cast, two):
    checklist_id, first, second = two
    with acting(cast.max) as actor:
        version = db.session.scalars(select(Version).where(Version.id == first)).one()
        old = scenarios.a_report(actor, version=version, title="On the old one")
        scenarios.a_report(actor, version=version, title="Thrown away", discarded_at=old.created_at)
        newer = db.session.scalars(select(Version).where(Version.id == second)).one()
        scenarios.a_report(actor, version=newer, title="On the new one")
        db.session.commit()
    client = client_of(cast.max)
    page = client.get(f"/checklists/{checklist_id}").text
    address = f"/reports/?checklist={checklist_id}&amp;version={first}"
    assert address in page and "1 report" in page and "2 reports" not in page
    listed = client.get(address.replace("&amp;", "&")).text
    assert "On the old one" in listed and "On the new one" not in listed
    assert "Version 1" in listed, "the filter can be removed"
    stranger = client_of(cast.tom).get(f"/checklists/{checklist_id}").text
    assert "1 report" not in stranger, "the count is that of the list that he would see"


# Retiring


def test_a_retired_checklist_offers_no_new_reports_until_it_is_back(client_of, acting, cast, two):
    checklist_id, _first, second = two
    with acting(cast.max) as actor:
        version = db.session.scalars(select(Version).where(Version.id == second)).one()
        report_id = scenarios.a_report(actor, version=version).id
        db.session.commit()
    client = client_of(cast.max)
    for _ in range(2):
        assert client.post(f"/checklists/{checklist_id}/retire").status_code == 303
    page = client.get(f"/checklists/{checklist_id}").text
    assert "This checklist is retired" in page and "Start a report" not in page
    names = client.get("/checklists/").text
    assert names.index("<h2>Retired</h2>") < names.index("Transfer switch inspection")
    assert "Transfer switch inspection" not in client.get("/reports/new").text
    assert client.get(f"/reports/{report_id}/fill").status_code == 200, "open reports go on"
    with acting(cast.max):
        assert actions(checklist_id).count("checklist.retired") == 1
    for _ in range(2):
        assert client.post(f"/checklists/{checklist_id}/bring-back").status_code == 303
    assert "Transfer switch inspection" in client.get("/reports/new").text
    with acting(cast.max):
        assert actions(checklist_id).count("checklist.brought_back") == 1
    said = client_of(cast.ana).get("/audit").text
    assert "retired the checklist TWO" in said and "brought the checklist TWO back" in said


def test_nothing_is_published_for_a_retired_checklist(client_of, acting, cast, two):
    checklist_id, first, _second = two
    client = client_of(cast.max)
    client.post(f"/checklists/versions/{first}/restore")
    client.post(f"/checklists/{checklist_id}/retire")
    with acting(cast.max):
        (draft,) = drafts(checklist_id)
        address = f"/checklists/versions/{draft.id}"
    assert "Bring it back before you publish" in client.get(address).text
    refused = client.post(f"{address}/publish", data={"note": ""})
    assert refused.status_code == 409 and "Bring it back first" in refused.text
    with acting(cast.max):
        kept = db.session.scalars(select(Checklist).where(Checklist.id == checklist_id)).one()
        assert kept.status is ChecklistStatus.RETIRED


def test_a_checklist_that_was_never_published_cannot_be_retired(client_of, acting, cast, two):
    with acting(cast.max) as actor:
        draft = lifecycle.duplicate_checklist(
            version_id=two[1], code="NEW", title=Text(en="New"), actor=actor
        )
        checklist_id = draft.checklist_id
        db.session.commit()
    client = client_of(cast.max)
    assert "Retire the checklist" not in client.get(f"/checklists/{checklist_id}").text
    refused = client.post(f"/checklists/{checklist_id}/retire")
    assert refused.status_code == 409 and "Discard its draft" in refused.text


# Duplicating


def test_a_duplicate_has_its_own_code_and_the_same_ids(client_of, acting, cast, two):
    _checklist_id, first, _second = two
    with acting(cast.max):
        source = db.session.scalars(select(Version).where(Version.id == first)).one()
        source.checklist.layout = Layout.PROTOCOL
        db.session.commit()
        body = source.body
    client, address = client_of(cast.max), f"/checklists/versions/{first}/duplicate"
    form = client.get(address).text
    assert 'value="Transfer switch inspection"' in form and "Title (Portuguese)" in form
    titles = {"title_en": "Copy", "title_pt": "Cópia"}
    for code, words in (("", "Enter a code"), ("é ç", "at most 32"), ("two", "already has")):
        refused = client.post(address, data={"code": code, **titles})
        assert refused.status_code == 422 and words in refused.text
        assert 'value="Cópia"' in refused.text, "what was typed stays"
    untitled = client.post(address, data={"code": "A-9", "title_en": "", "title_pt": ""})
    assert untitled.status_code == 422 and "Enter a title" in untitled.text
    made = client.post(address, data={"code": "two-b", **titles})
    assert made.status_code == 303
    assert client.post(address, data={"code": "two-b", **titles}).status_code == 422
    with acting(cast.max):
        copy = db.session.scalars(select(Checklist).where(Checklist.code == "TWO-B")).one()
        (draft,) = drafts(copy.id)
        header = {**body["header"], "code": "TWO-B", "title": {"en": "Copy", "pt": "Cópia"}}
        assert draft.body == {**body, "header": header}
        assert (copy.layout, copy.status) == (Layout.PROTOCOL, ChecklistStatus.DRAFT)
        assert actions(copy.id) == ["checklist.duplicated"]
    assert "as a copy of TWO" in client_of(cast.ana).get("/audit").text


def test_a_code_is_free_again_when_its_only_draft_was_discarded(client_of, acting, cast, two):
    client, address = client_of(cast.max), f"/checklists/versions/{two[1]}/duplicate"
    data = {"code": "FREE", "title_en": "Free", "title_pt": ""}
    draft = client.post(address, data=data).location
    assert client.post(f"{draft}/discard").status_code == 303
    assert client.post(address, data=data).status_code == 303


# Workbooks


def test_a_version_and_a_draft_are_downloaded_and_uploaded_again(client_of, acting, cast, two):
    checklist_id, first, _second = two
    client = client_of(cast.max)
    client.post(f"/checklists/versions/{first}/restore")
    with acting(cast.max):
        (draft,) = drafts(checklist_id)
        draft_id, body = draft.id, draft.body
    for version_id, name in ((first, "TWO-v1.xlsx"), (draft_id, "TWO-v3.xlsx")):
        assert (
            f"/checklists/versions/{version_id}/workbook.xlsx"
            in client.get(f"/checklists/versions/{version_id}").text
        )
        file = client.get(f"/checklists/versions/{version_id}/workbook.xlsx")
        assert file.status_code == 200 and name in file.headers["Content-Disposition"]
    sent = {"file": (BytesIO(file.data), "changed name.xlsx")}
    assert client.post("/checklists/", data=sent).status_code == 303
    with acting(cast.max):
        (draft,) = drafts(checklist_id)
        assert draft.id != draft_id and draft.body == body
        assert draft.notices == []
    assert (
        client_of(cast.tess).get(f"/checklists/versions/{first}/workbook.xlsx").status_code == 200
    )
    page = client.get("/checklists/new").text
    assert "What the columns mean" in page and "Section id" in page


# Roles and companies


def test_who_may_change_versions(client_of, anonymous, cast, two):
    checklist_id, first, _second = two
    changes = [
        f"/checklists/versions/{first}/restore",
        f"/checklists/versions/{first}/duplicate",
        f"/checklists/{checklist_id}/retire",
        f"/checklists/{checklist_id}/bring-back",
    ]
    compare = f"/checklists/{checklist_id}/compare"
    for person, status, look in (
        (cast.tess, 403, 200),
        (cast.vera, 403, 403),
        (cast.otto, 404, 404),
    ):
        client = client_of(person)
        assert {client.post(one).status_code for one in changes} == {status}, person
        assert client.get(compare).status_code == look
    page = client_of(cast.tess).get(f"/checklists/{checklist_id}").text
    assert "Retire" not in page and "Duplicate" not in page and "Compare versions" in page
    for one in changes:
        answer = anonymous.post(one)
        assert answer.status_code == 303 and "/login" in answer.location
    assert client_of(cast.max).post(f"/checklists/{uuid4()}/retire").status_code == 404
