"""The builder's routes: a checklist is made from nothing, edited, undone and published."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.definition.unfinished import Part
from app.extensions import db
from app.models import AuditEntry, Checklist, ChecklistStatus, DraftEdit, Version
from tests.support import scenarios
from tests.support.builder import HTMX, Desk, draft_of, start


@pytest.fixture
def desk(client_of, cast) -> Desk:
    client = client_of(cast.max)
    return Desk(client, start(client))


def test_a_checklist_is_built_from_nothing_and_published(desk, acting, cast):
    assert "1 open point" in desk.page()
    section = desk.add("section", "Visual")
    field = desk.add("field", "Enclosure free of damage", inside=section, type="verdict")
    assert field == "visual_enclosure_free_of_damage"
    saved = desk.save("field", field, desk.open("field", field), label__pt="Invólucro sem danos")
    assert saved.status_code == 200 and "Saved in the draft" in saved.text
    assert "Ready to publish" in desk.page()
    answer = desk.client.post(desk.url.replace("/edit", "/publish"))
    assert answer.status_code == 303
    with acting(cast.max):
        version = db.session.scalars(select(Version)).one()
        assert version.checklist.status is ChecklistStatus.PUBLISHED
        label = version.definition.field(field).label
        assert (label.en, label.pt) == ("Enclosure free of damage", "Invólucro sem danos")
        assert version.body["sections"][0]["fields"][0].keys() == {"id", "type", "label"}
        actions = db.session.scalars(
            select(AuditEntry.action).where(AuditEntry.object_id == version.checklist_id)
        ).all()
        assert actions == ["checklist.started", *["checklist.edited"] * 3, "checklist.published"]


def test_an_unfinished_draft_can_be_opened_and_says_why_it_cannot_be_published(desk):
    section = desk.add("section", "")
    field = desk.add("field", "", inside=section, type="select_one")
    preview = desk.url.removesuffix("/edit")
    assert desk.client.get(preview).status_code == 200
    answer = desk.client.post(f"{preview}/publish", data={"note": "First of its kind"})
    assert answer.status_code == 409
    for words in ("The draft cannot be published yet", "First of its kind", "/edit#open-points"):
        assert words in answer.text
    page = desk.page()
    for sentence in (
        "The section has no title.",
        "The question has no text.",
        "A choice needs at least two answers.",
    ):
        assert sentence in page
    assert f"part=field&amp;id={field}#field-{field}" in page


def test_every_setting_of_a_field_is_kept(desk, acting, cast):
    section = desk.add("section", "Tests")
    field = desk.add("field", "Insulation", inside=section, type="table")
    answer = desk.save(
        "field",
        field,
        desk.open("field", field),
        label__en="Insulation resistance",
        hint__pt="Com 1 kV",
        required="",
        photos__mode="required_when_not_ok",
        photos__min="2",
        photos__max="6",
        photos__gps_required="1",
        comment="required_when_not_ok",
        limits__min="0,5",
        limits__max="",
        limits__unit="MΩ",
    )
    assert answer.status_code == 200, answer.text
    rows = {"rows.id": ["", ""], "rows.en": ["L1", "L2"], "rows.pt": ["L1", ""]}
    columns = {"columns.id": [""], "columns.en": ["Value"], "columns.pt": ["Valor"]}
    form = {**desk.open("field", field), "has": "rows columns", **rows, **columns}
    answer = desk.client.post(f"{desk.url}/field/{field}", data=form, headers=HTMX)
    assert answer.status_code == 200, answer.text
    node = draft_of(acting, cast)["sections"][0]["fields"][0]
    assert node == {
        "id": field,
        "type": "table",
        "label": {"en": "Insulation resistance"},
        "hint": {"pt": "Com 1 kV"},
        "required": False,
        "photos": {"mode": "required_when_not_ok", "min": 2, "max": 6, "gps_required": True},
        "comment": "required_when_not_ok",
        "limits": {"unit": "MΩ", "min": "0.5"},
        "rows": [
            {"id": "l1", "label": {"en": "L1", "pt": "L1"}},
            {"id": "l2", "label": {"en": "L2"}},
        ],
        "columns": [{"id": "value", "label": {"en": "Value", "pt": "Valor"}}],
    }


def test_what_is_not_accepted_is_named_and_all_else_is_saved(desk, acting, cast):
    section = desk.add("section", "Tests")
    field = desk.add("field", "Voltage", inside=section, type="number")
    answer = desk.save(
        "field", field, desk.open("field", field), limits__min="abc", limits__unit="V"
    )
    assert answer.status_code == 422
    assert "Minimum: &#34;abc&#34; is not a number" in answer.text
    assert draft_of(acting, cast)["sections"][0]["fields"][0]["limits"] == {"unit": "V"}


def test_crossed_limits_are_kept_in_the_draft_and_listed(desk):
    section = desk.add("section", "Tests")
    field = desk.add("field", "Voltage", inside=section, type="number")
    answer = desk.save("field", field, desk.open("field", field), limits__min="9", limits__max="1")
    assert answer.status_code == 200
    assert "The minimum 9 is above the maximum 1." in answer.text
    assert desk.client.get(desk.url.removesuffix("/edit")).status_code == 200


def test_another_type_takes_back_what_does_not_fit_and_undo_brings_it_back(desk, acting, cast):
    section = desk.add("section", "Tests")
    field = desk.add("field", "Voltage", inside=section, type="number")
    desk.save("field", field, desk.open("field", field), limits__min="1", limits__unit="V")
    answer = desk.act(f"field/{field}/type", type="note")
    assert answer.status_code == 200
    node = draft_of(acting, cast)["sections"][0]["fields"][0]
    assert "limits" not in node and node["required"] is False
    assert desk.act("undo").status_code == 200
    node = draft_of(acting, cast)["sections"][0]["fields"][0]
    assert node["limits"] == {"unit": "V", "min": "1"} and node["type"] == "number"
    assert desk.act("redo").status_code == 200
    assert draft_of(acting, cast)["sections"][0]["fields"][0]["type"] == "note"


def order(body: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(one["id"], [field["id"] for field in one["fields"]]) for one in body["sections"]]


def test_parts_are_moved_duplicated_and_removed(desk, acting, cast):
    first, second = desk.add("section", "A"), desk.add("section", "B")
    one = desk.add("field", "One", inside=first)
    two = desk.add("field", "Two", inside=first)
    desk.act(f"field/{two}/move", step="up")
    assert order(draft_of(acting, cast)) == [(first, [two, one]), (second, [])]
    moved = desk.act(f"field/{one}/move", step="down")
    assert order(draft_of(acting, cast)) == [(first, [two]), (second, [one])]
    assert "part-moved" in moved.headers["HX-Trigger"]
    desk.act(f"field/{two}/move", inside=second, after=one)
    desk.act(f"section/{second}/move", step="up")
    assert order(draft_of(acting, cast)) == [(second, [one, two]), (first, [])]
    copied = desk.act(f"section/{second}/copy")
    assert copied.status_code == 200
    body = draft_of(acting, cast)
    assert [len(fields) for _id, fields in order(body)] == [2, 2, 0]
    ids = [field for _id, fields in order(body) for field in fields]
    assert len(set(ids)) == 4
    assert desk.act(f"section/{second}/remove").status_code == 200
    assert desk.act(f"section/{second}/remove").status_code == 200, "once more is harmless"
    assert [one for one, _fields in order(draft_of(acting, cast))][1:] == [first]
    desk.act("undo")
    assert order(draft_of(acting, cast))[0] == (second, [one, two])


def test_the_id_of_a_removed_question_never_returns(desk):
    section = desk.add("section", "A")
    one = desk.add("field", "One", inside=section)
    desk.act(f"field/{one}/remove")
    assert desk.add("field", "One", inside=section) == f"{one}_2"


def test_two_people_edit_different_settings_and_both_stay(desk, client_of, acting, cast):
    section = desk.add("section", "A")
    field = desk.add("field", "One", inside=section)
    other = Desk(client_of(cast.ana), UUID(desk.url.split("/")[-2]))
    mine, theirs = desk.open("field", field), other.open("field", field)
    assert desk.save("field", field, mine, label__en="Mine", hint__en="").status_code == 200
    assert other.save("field", field, theirs, label__en="One", hint__en="H").status_code == 200
    # The form still shows no hint: that is no change of this person.
    assert desk.save("field", field, mine, label__en="Mine 2", hint__en="").status_code == 200
    node = draft_of(acting, cast)["sections"][0]["fields"][0]
    assert (node["label"], node["hint"]) == ({"en": "Mine 2"}, {"en": "H"})


def test_a_stale_edit_of_the_same_text_is_refused_with_both(desk, client_of, acting, cast):
    section = desk.add("section", "A")
    field = desk.add("field", "One", inside=section)
    other = Desk(client_of(cast.ana), UUID(desk.url.split("/")[-2]))
    mine, theirs = desk.open("field", field), other.open("field", field)
    desk.save("field", field, mine, label__en="By Max")
    refused = other.save("field", field, theirs, label__en="By Ana", comment="off")
    assert refused.status_code == 409
    assert "By Max" in refused.text and "By Ana" in refused.text and cast.max.name in refused.text
    node = draft_of(acting, cast)["sections"][0]["fields"][0]
    assert (node["label"], node["comment"]) == ({"en": "By Max"}, "off"), "the rest is saved"
    again = other.save("field", field, theirs, label__en="By Ana 2")
    assert again.status_code == 409, "the form still does not know the other text"
    form = refused.text[refused.text.index("build-conflict") :]
    keep = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    kept = other.client.post(f"{other.url}/field/{field}", data=keep, headers=HTMX)
    assert kept.status_code == 200, kept.text
    assert draft_of(acting, cast)["sections"][0]["fields"][0]["label"] == {"en": "By Ana"}


def test_what_somebody_else_changed_is_not_removed_or_undone_in_silence(
    desk, client_of, acting, cast
):
    section = desk.add("section", "A")
    field = desk.add("field", "One", inside=section)
    other = Desk(client_of(cast.ana), UUID(desk.url.split("/")[-2]))
    mine = desk.open("field", field)
    other.save("field", field, other.open("field", field), label__en="By Ana")
    refused = desk.act(f"field/{field}/remove", **mine)
    assert refused.status_code == 409 and cast.ana.name in refused.text
    assert desk.act("undo").status_code == 409, "it would remove what Ana wrote"
    assert desk.act(f"field/{field}/remove", **desk.open("field", field)).status_code == 200
    late = other.save("field", field, {"editor": "x", "base": "0"}, label__en="Late")
    assert late.status_code == 409 and "removed" in late.text


def test_undo_is_each_persons_own_and_survives_a_new_session(desk, client_of, acting, cast):
    other = Desk(client_of(cast.ana), UUID(desk.url.split("/")[-2]))
    mine = desk.add("section", "Mine")
    theirs = other.add("section", "Theirs")
    again = Desk(client_of(cast.max), UUID(desk.url.split("/")[-2]))
    assert again.act("undo").status_code == 200
    assert [one for one, _ in order(draft_of(acting, cast))] == [theirs]
    assert again.act("redo").status_code == 200
    assert [one for one, _ in order(draft_of(acting, cast))] == [mine, theirs]
    again.act("undo")
    again.add("section", "Other")
    assert again.act("redo").status_code == 409, "another edit ends redoing"


def test_edit_on_a_published_version_begins_one_draft(client_of, acting, cast):
    with acting(cast.max) as actor:
        version_id = scenarios.a_checklist(actor, scenarios.a_definition(code="ATS")).id
    client = client_of(cast.max)
    url = f"/checklists/versions/{version_id}/edit"
    assert client.get(url).location.endswith(str(version_id)), "reading changes nothing"
    first, second = client.post(url), client.post(url)
    assert first.status_code == 303 and first.location == second.location
    with acting(cast.max):
        draft = db.session.scalars(select(Version).where(Version.published_at.is_(None))).one()
        assert draft.body == db.session.get(Version, version_id).body
    assert client.post(f"{url}/add/section", data={"text": "x"}).status_code == 409
    page = client.get(first.location)
    assert page.status_code == 200
    with acting(cast.max):
        for field in draft.definition.all_fields():
            assert f'id="field-{field.id}"' in page.text
    desk = Desk(client, UUID(first.location.split("/")[-2]))
    for field in draft.definition.all_fields():
        form = desk.open("field", field.id)
        assert "code" not in form["has"]
    saved = desk.save("header", "-", desk.open("header", "-"), code="NEW", title__en="Better")
    assert saved.status_code in (200, 422)
    with acting(cast.max):
        assert db.session.scalars(select(Checklist.code)).all() == ["ATS"]


def test_opening_and_saving_every_form_unchanged_changes_nothing(client_of, acting, cast):
    """A form whose inputs say something else than the draft would edit it on the first key."""
    with acting(cast.max) as actor:
        version_id = scenarios.a_checklist(actor, scenarios.a_definition(code="ATS")).id
    client = client_of(cast.max)
    draft = UUID(client.post(f"/checklists/versions/{version_id}/edit").location.split("/")[-2])
    desk = Desk(client, draft)
    with acting(cast.max):
        body = db.session.scalars(select(Version).where(Version.id == draft)).one().body
    parts = [("header", "-"), *(("section", one["id"]) for one in body["sections"])]
    parts += [("role", one["id"]) for one in body["signature_roles"]]
    parts += [("field", one["id"]) for one in body["info_fields"]]
    parts += [("field", f["id"]) for one in body["sections"] for f in one["fields"]]
    for part, node_id in parts:
        page = client.get(f"{desk.url}/{part}/{node_id}", headers=HTMX).text
        answer = client.post(f"{desk.url}/{part}/{node_id}", data=inputs(page), headers=HTMX)
        assert answer.status_code == 200, answer.text
    with acting(cast.max):
        assert db.session.scalars(select(DraftEdit.changes)).all() == []


def inputs(page: str) -> dict[str, list[str]]:
    """What a browser would send of the form of settings."""
    from html.parser import HTMLParser

    class Form(HTMLParser):
        def __init__(self) -> None:
            super().__init__()
            self.sent: dict[str, list[str]] = {}
            self.inside = False
            self.select = self.area = None

        def handle_starttag(self, tag, attributes):
            one = dict(attributes)
            if tag == "form":
                self.inside = "data-settings" in one
            if not self.inside:
                return
            if tag == "input" and (one.get("type") != "checkbox" or "checked" in one):
                self.sent.setdefault(one["name"], []).append(one.get("value", ""))
            if tag == "select":
                self.select, self.chosen = one["name"], None
            if tag == "option" and self.select and (self.chosen is None or "selected" in one):
                self.chosen = one["value"]
            if tag == "textarea":
                self.area, self.text = one["name"], ""

        def handle_data(self, data):
            if self.area:
                self.text += data

        def handle_endtag(self, tag):
            if tag == "form":
                self.inside = False
            if tag == "select" and self.select:
                self.sent.setdefault(self.select, []).append(self.chosen)
                self.select = None
            if tag == "textarea" and self.area:
                self.sent.setdefault(self.area, []).append(self.text)
                self.area = None

    form = Form()
    form.feed(page)
    return form.sent


def test_the_code_follows_the_draft_until_it_is_published(desk, acting, cast, client_of):
    answer = desk.save("header", "-", desk.open("header", "-"), code="new-7", title__en="Pump")
    assert answer.status_code == 200
    with acting(cast.max):
        checklist = db.session.scalars(select(Checklist)).one()
        assert (checklist.code, checklist.name) == ("NEW-7", "Pump")
    start(desk.client, "OTHER")
    taken = desk.save("header", "-", desk.open("header", "-"), code="OTHER")
    assert taken.status_code == 422 and "belongs to another checklist" in taken.text
    assert start_refused(desk.client, "OTHER").status_code == 422


def start_refused(client, code: str):
    return client.post("/checklists/build", data={"title": "x", "code": code, "first": "en"})


def test_without_scripts_every_form_leads_back_to_its_part(desk):
    answer = desk.client.post(f"{desk.url}/add/section", data={"text": "A"})
    assert answer.status_code == 303 and answer.location.endswith("#section-a")
    page = desk.client.get(answer.location).text
    assert "data-settings" in page
    saved = desk.client.post(f"{desk.url}/section/a", data={"has": "title.pt", "title.pt": "Á"})
    assert saved.status_code == 303
    bad = desk.client.post(f"{desk.url}/header/-", data={"has": "code", "code": "no code"})
    assert bad.status_code == 422 and "is not a code" in bad.text


def test_missing_translations_are_listed(desk):
    section = desk.add("section", "Visual")
    page = desk.page()
    assert "2 translations missing" in page
    assert "Visual has no text in Portuguese" in page
    desk.save("section", section, desk.open("section", section), title__pt="Visual")
    assert "1 translation missing" in desk.page()


def test_other_people_cannot_build(desk, client_of, anonymous, cast):
    for person, status in ((cast.tess, 403), (cast.vera, 403)):
        assert client_of(person).get(desk.url).status_code == status
        assert client_of(person).post(f"{desk.url}/undo").status_code == status
    assert client_of(cast.otto).get(desk.url).status_code == 404
    assert "/login" in anonymous.get(desk.url).location
    gone = f"/checklists/versions/{uuid4()}/edit"
    assert desk.client.get(gone).status_code == 404


def test_a_part_that_does_not_exist_is_no_error_of_the_server(desk):
    for part in Part:
        if part is not Part.HEADER:
            assert desk.client.get(f"{desk.url}/{part}/nothing", headers=HTMX).status_code == 409
            assert desk.act(f"{part}/nothing/move", step="up").status_code == 409
    assert desk.act("field/nothing/copy").status_code == 409
    assert desk.act("add/field", text="x", inside="nothing").status_code == 409
