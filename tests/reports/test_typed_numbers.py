"""An ambiguous number, from the field to the PDF: shown, resolved once, printed."""

from __future__ import annotations

import re
from html import unescape
from uuid import uuid4

import pytest

from app.definition.schema import Field as Question
from app.definition.schema import FieldType, Language, Limits, Option, Section, Text
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import Account
from app.reports.content import content_hash
from app.reports.facts import list_answers, load_facts
from app.reports.filling.service import AnswerInput, save_answer
from tests.support import scenarios

HTMX = {"HX-Request": "true"}
PHASES = tuple(Option(id=one, label=Text(en=f"Phase {one.upper()}")) for one in "ab")
FIELDS = (
    Question(
        id="leakage",
        type=FieldType.NUMBER,
        label=Text(en="Leakage current"),
        photos=scenarios.NO_PHOTOS,
        limits=Limits(unit="mA", max=5),
    ),
    Question(
        id="insulation",
        type=FieldType.NUMBER,
        label=Text(en="Insulation"),
        photos=scenarios.NO_PHOTOS,
        limits=Limits(unit="MΩ", min=1),
    ),
    Question(
        id="currents",
        type=FieldType.TABLE,
        label=Text(en="Currents"),
        rows=PHASES,
        columns=(Option(id="full", label=Text(en="Full load")),),
        photos=scenarios.NO_PHOTOS,
        limits=Limits(unit="A", max=500),
    ),
)


@pytest.fixture
def report_id(acting, cast):
    definition = scenarios.a_definition(
        languages=(Language.EN,),
        info_fields=(),
        sections=(Section(id="tests", title=Text(en="Tests"), fields=FIELDS),),
        signature_roles=(),
    )
    with acting(cast.tess) as actor:
        return scenarios.a_report(actor, version=scenarios.a_checklist(actor, definition)).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


@pytest.fixture
def in_portuguese(acting, cast):
    """Tess reads and types Portuguese."""
    with acting(cast.tess):
        db.session.get(Account, cast.tess.id).locale = "pt_BR"
        db.session.commit()


def url(report_id, field_id="leakage"):
    return f"/reports/{report_id}/fields/{field_id}"


def words(html):
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


def status_of(page, field_id):
    """The status region of a field, in a fragment or in the page."""
    return page.split(f'id="status-{field_id}"')[1].split('name="row_version"')[0]


def stored(acting, cast, report_id):
    with acting(cast.tess):
        return {row.field_id: row.value for row in list_answers(report_id)}


def test_a_doubt_is_saved_told_and_decided_by_one_tap(acting, cast, tess, report_id):
    sent = {"value": "1,200", "row_version": "0"}
    fragment = tess.post(url(report_id), data=sent, headers=HTMX)
    assert fragment.status_code == 200
    page = tess.get(f"/reports/{report_id}/fill?at=leakage").text
    for html in (fragment.text, page):
        told = words(status_of(html, "leakage"))
        assert "Read as 1.2 mA. Or did you mean 1200? Keep 1.2 Use 1200" in told
        assert "Within limits" in told
    assert stored(acting, cast, report_id)["leakage"] == {
        "text": "1,200",
        "decimal": "1.2",
        "doubt": "1200",
    }

    taken = {**sent, "row_version": "1", "reading": "1200"}
    decided = tess.post(url(report_id), data=taken, headers=HTMX)
    told = words(status_of(decided.text, "leakage"))
    assert "Out of limits" in told and "Read as 1200 mA." in told
    assert "meant" not in told and "data-choose" not in decided.text
    assert stored(acting, cast, report_id)["leakage"] == {"text": "1,200", "decimal": "1200"}
    with acting(cast.tess):
        saves = [entry.facts["facts"] for entry in list_entries("report", report_id)]
        old, new = (saves[-1][key]["value"]["decimal"] for key in ("old", "new"))
        assert {one["new"]["value"]["decimal"] for one in saves} == {"1.2", "1200"}
        assert {old, new} <= {"1.2", "1200"}
    history = words(tess.get(f"/reports/{report_id}").text)
    assert "1200 mA (typed as 1,200)" in history


def test_without_scripts_the_button_decides_and_the_enter_key_does_not(
    acting, cast, tess, report_id
):
    sent = {"value": "1,200", "row_version": "0"}
    assert tess.post(url(report_id), data=sent).status_code == 303
    page = tess.get(f"/reports/{report_id}/fill?at=leakage").text
    form = page.split(f'action="{url(report_id)}"')[1].split("</form>")[0]
    buttons = re.findall(r"<button[^>]*type=\"submit\"[^>]*>", form)
    assert "name=" not in buttons[0], "the first button is the one that Enter presses"
    assert [re.search(r'value="([^"]*)"', one)[1] for one in buttons[1:]] == ["1.2", "1200"]
    answer = tess.post(url(report_id), data={**sent, "row_version": "1", "reading": "1.2"})
    assert answer.status_code == 303
    assert stored(acting, cast, report_id)["leakage"] == {"text": "1,200", "decimal": "1.2"}


@pytest.mark.parametrize(("typed", "doubt"), [("1.250", "1250"), ("1,250", None)])
def test_the_language_of_whoever_types_decides_what_is_asked(
    acting, cast, tess, report_id, in_portuguese, typed, doubt
):
    sent = {"value": typed, "row_version": "0"}
    told = words(tess.post(url(report_id), data=sent, headers=HTMX).text)
    assert stored(acting, cast, report_id)["leakage"].get("doubt") == doubt
    assert ("Lido como 1,25 mA. Ou seria 1250? Manter 1,25 Usar 1250" in told) == bool(doubt)


def test_each_cell_of_a_table_is_told_and_decided_alone(acting, cast, tess, report_id):
    sent = {"cell:a:full": "1,200", "cell:b:full": "1,300", "row_version": "0"}
    fragment = tess.post(url(report_id, "currents"), data=sent, headers=HTMX).text
    page = tess.get(f"/reports/{report_id}/fill?at=currents").text
    for html in (fragment, page):
        told = words(status_of(html, "currents"))
        assert "Phase A, Full load Read as 1.2 A. Or did you mean 1200?" in told
        assert "Phase B, Full load Read as 1.3 A. Or did you mean 1300?" in told
    taken = {**sent, "row_version": "1", "reading:b:full": "1300"}
    told = words(tess.post(url(report_id, "currents"), data=taken, headers=HTMX).text)
    assert "1 of 2 out of limits" in told and told.count("did you mean") == 1
    assert stored(acting, cast, report_id)["currents"] == {
        "a:full": {"text": "1,200", "decimal": "1.2", "doubt": "1200"},
        "b:full": {"text": "1,300", "decimal": "1300"},
    }


def test_what_is_decided_or_old_is_not_read_again_with_a_comment(acting, cast, tess, report_id):
    with acting(cast.tess) as actor:
        report = db.session.get(scenarios.Report, report_id)
        scenarios.an_answer(report, "leakage", {"text": "1,200", "decimal": "1.2"}, actor)
        scenarios.an_answer(report, "insulation", {"text": "1,300", "decimal": "1300"}, actor)
    for field_id, typed in (("leakage", "1,200"), ("insulation", "1,300")):
        before = stored(acting, cast, report_id)[field_id]
        sent = {"value": typed, "comment": "At noon", "row_version": "1"}
        assert tess.post(url(report_id, field_id), data=sent, headers=HTMX).status_code == 200
        assert stored(acting, cast, report_id)[field_id] == before


def test_a_choice_for_other_words_changes_nothing(acting, cast, tess, report_id):
    sent = {"value": "1,300", "row_version": "0", "reading": "1200"}
    assert tess.post(url(report_id), data=sent, headers=HTMX).status_code == 200
    assert stored(acting, cast, report_id)["leakage"]["doubt"] == "1300"
    odd = {"value": "7", "row_version": "1", "reading": "x" * 900, "reading:a:b": "1"}
    assert tess.post(url(report_id), data=odd, headers=HTMX).status_code == 200
    assert stored(acting, cast, report_id)["leakage"] == {"text": "7", "decimal": "7"}


def test_two_choices_are_a_conflict_and_either_is_kept(acting, cast, client_of, tess, report_id):
    sent = {"value": "1,200", "row_version": "0"}
    tess.post(url(report_id), data=sent, headers=HTMX)
    theirs = {**sent, "row_version": "1", "reading": "1.2"}
    assert client_of(cast.max).post(url(report_id), data=theirs, headers=HTMX).status_code == 200
    mine = {**sent, "row_version": "1", "reading": "1200"}
    for headers in (HTMX, {}):
        refused = tess.post(url(report_id), data=mine, headers=headers)
        assert refused.status_code == 409
        told = words(refused.text)
        assert "1.2 mA (typed as 1,200)" in told and "1200 mA (typed as 1,200)" in told
        assert '<input type="hidden" name="reading" value="1200">' in refused.text
    kept = tess.post(url(report_id), data={**mine, "row_version": "2"}, headers=HTMX)
    assert kept.status_code == 200
    assert stored(acting, cast, report_id)["leakage"] == {"text": "1,200", "decimal": "1200"}


def test_a_save_sent_again_after_a_decision_is_still_the_same_save(acting, cast, tess, report_id):
    sent = {"value": "1,200", "row_version": "0", "client_id": str(uuid4())}
    tess.post(url(report_id), data=sent, headers=HTMX)
    tess.post(
        url(report_id), data={"value": "1,200", "row_version": "1", "reading": "1200"}, headers=HTMX
    )
    again = tess.post(url(report_id), data=sent, headers=HTMX)
    assert again.status_code == 200
    assert stored(acting, cast, report_id)["leakage"] == {"text": "1,200", "decimal": "1200"}


def test_the_check_lists_what_is_undecided_and_the_submit_refuses(acting, cast, tess, report_id):
    answers = {
        "leakage": {"value": "1,200"},
        "insulation": {"value": "5"},
        "currents": {"cell:a:full": "1,200", "cell:b:full": "7"},
    }
    for field_id, sent in answers.items():
        tess.post(url(report_id, field_id), data={**sent, "row_version": "0"})
    for answer in (
        tess.get(f"/reports/{report_id}/review"),
        tess.get(f"/reports/{report_id}/review", headers=HTMX),
        tess.post(f"/reports/{report_id}/submit"),
    ):
        told = words(answer.text)
        assert '"1,200" can be read as two numbers. Choose the right one.' in told
        assert "Cells that can be read as two numbers: 1." in told
        assert f"/reports/{report_id}/fill?at=leakage#field-leakage" in answer.text
        assert f"/reports/{report_id}/fill?at=currents#field-currents" in answer.text
    assert answer.status_code == 422
    tess.post(url(report_id), data={"value": "1,200", "row_version": "1", "reading": "1.2"})
    # Filling resumes at an unresolved number, because it counts as missing.
    assert tess.get(f"/reports/{report_id}/fill").location.endswith("#field-currents")
    table = {**answers["currents"], "row_version": "1", "reading:a:full": "1200"}
    tess.post(url(report_id, "currents"), data=table)
    assert "Nothing is missing" in tess.get(f"/reports/{report_id}/review").text
    assert tess.post(f"/reports/{report_id}/submit").status_code == 303
    shown = words(tess.get(f"/reports/{report_id}").text)
    assert "1.2 mA (typed as 1,200)" in shown and "1200 A (typed as 1,200)" in shown
    assert "Failed" in shown


def test_a_decision_is_content_so_an_earlier_signature_is_void(acting, cast, report_id):
    with acting(cast.tess) as actor:
        hashes = []
        for chosen in ({}, {"": "1.2"}):
            given = AnswerInput("1,200", Language.EN, chosen, row_version=len(hashes))
            save_answer(report_id=report_id, field_id="leakage", given=given, actor=actor)
            report = db.session.get(scenarios.Report, report_id)
            hashes.append(content_hash(report, load_facts(report)))
        assert len(set(hashes)) == 2


def test_a_unit_with_another_prefix_is_converted_and_told(acting, cast, tess, report_id):
    sent = {"value": "980 kΩ", "row_version": "0"}
    fragment = tess.post(url(report_id, "insulation"), data=sent, headers=HTMX).text
    page = tess.get(f"/reports/{report_id}/fill?at=insulation").text
    for html in (fragment, page):
        told = words(status_of(html, "insulation"))
        assert "Read as 0.98 MΩ." in told and "Out of limits" in told and "meant" not in told
    assert 'value="980 kΩ"' in page
    assert stored(acting, cast, report_id)["insulation"] == {"text": "980 kΩ", "decimal": "0.98"}
    shown = words(tess.get(f"/reports/{report_id}").text)
    assert shown.count("0.98 MΩ (typed as 980 kΩ)") >= 2, "among the exceptions and at its field"


def test_another_unit_is_refused_with_the_unit_that_is_asked_for(tess, report_id):
    sent = {"value": "5 kV", "row_version": "0"}
    for headers in (HTMX, {}):
        refused = tess.post(url(report_id, "insulation"), data=sent, headers=headers)
        assert refused.status_code == 422
        assert '"5 kV" is not in MΩ' in words(refused.text)
    assert 'value="5 kV"' in refused.text
