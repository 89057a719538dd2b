"""The fill page and the saving of fields over HTTP, with and without htmx."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest

from app.definition.schema import Field, FieldType, Section, Text
from app.evidence.queries import list_entries
from app.extensions import db
from app.reports.filling.service import AnswerInput, save_answer
from tests.support import scenarios

HTMX = {"HX-Request": "true"}


@pytest.fixture
def report_id(acting, cast):
    with acting(cast.tess) as actor:
        return scenarios.a_report(actor).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def field_url(report_id, field_id):
    return f"/reports/{report_id}/fields/{field_id}"


def test_the_page_draws_every_field_with_its_keyboard(tess, report_id):
    page = tess.get(f"/reports/{report_id}/fill")
    assert page.status_code == 200
    for field in scenarios.a_definition().all_fields():
        assert f'id="field-{field.id}"' in page.text
    assert page.text.count("data-field-form") == 9
    assert 'inputmode="decimal"' in page.text and 'type="date"' in page.text
    assert (
        len(re.findall(r'type="radio"\s+name="value"\s+value="(?:ok|not_ok|na)"', page.text)) == 3
    )
    assert 'name="cell:a:before"' in page.text
    # Optional fields do not count until they are begun.
    assert "0 of 8 required" in page.text and ">0%" in page.text and "0/2" in page.text
    assert "Insulation resistance" in page.text and "Resistência de isolação" in page.text
    assert f"/reports/{report_id}/signatures/technician" in page.text


def test_a_save_for_htmx_answers_with_the_status_and_the_counts_only(tess, report_id):
    sent = {"value": "Lobo", "row_version": "0", "client_id": str(uuid4())}
    answer = tess.post(field_url(report_id, "customer"), data=sent, headers=HTMX)
    assert answer.status_code == 200
    assert 'id="status-customer"' in answer.text and 'data-state="saved"' in answer.text
    assert 'name="row_version" value="1"' in answer.text
    assert 'id="fill-progress"' in answer.text and 'id="count-_info"' in answer.text
    assert 'name="value"' not in answer.text


def test_without_htmx_a_save_goes_back_to_the_field(tess, report_id):
    answer = tess.post(field_url(report_id, "customer"), data={"value": "Lobo", "row_version": "0"})
    assert answer.status_code == 303
    assert answer.location == f"/reports/{report_id}/fill?at=customer#field-customer"
    assert 'value="Lobo"' in tess.get(answer.location).text


def test_the_page_shows_what_the_fragment_showed(tess, report_id):
    sent = {"cell:a:before": "0,7", "cell:a:after": "0.2", "row_version": "0"}
    fragment = tess.post(field_url(report_id, "contact_resistance"), data=sent, headers=HTMX).text
    page = tess.get(f"/reports/{report_id}/fill?at=contact_resistance").text
    for text in (fragment, page):
        assert "1 of 2 out of limits" in text
    assert 'data-judged="out_of_limits"' in page and 'data-judged="in_limits"' in page


def test_filling_resumes_at_the_first_open_field(tess, report_id):
    sent = {"value": "Lobo", "row_version": "0"}
    tess.post(field_url(report_id, "customer"), data=sent)
    answer = tess.get(f"/reports/{report_id}/fill")
    assert answer.status_code == 303
    assert answer.location == f"/reports/{report_id}/fill?at=inspected_on#field-inspected_on"


def test_a_stale_save_shows_both_values_and_keeping_mine_works(client_of, cast, tess, report_id):
    url = field_url(report_id, "customer")
    client_of(cast.max).post(url, data={"value": "Theirs", "row_version": "0"}, headers=HTMX)
    refused = tess.post(url, data={"value": "Mine", "row_version": "0"}, headers=HTMX)
    assert refused.status_code == 409
    for words in ("Theirs", "Mine", "Max Manager", 'data-keep-mine="1"', 'data-state="conflict"'):
        assert words in refused.text
    assert '<input type="hidden" name="row_version" value="0">' in refused.text
    page = tess.post(url, data={"value": "Mine", "row_version": "0"})
    assert page.status_code == 409 and 'value="Mine"' in page.text and "Theirs" in page.text
    # The button's version comes before the hidden one.
    kept = tess.post(url, data={"value": "Mine", "row_version": ["1", "0"]}, headers=HTMX)
    assert kept.status_code == 200 and 'value="2"' in kept.text


def test_invalid_input_is_kept_with_an_error_at_the_field(tess, report_id):
    url = field_url(report_id, "insulation")
    fragment = tess.post(url, data={"value": "about 5", "row_version": "0"}, headers=HTMX)
    assert fragment.status_code == 422
    assert 'data-state="refused"' in fragment.text and "is not a number" in fragment.text
    page = tess.post(url, data={"value": "about 5", "comment": "hm", "row_version": "0"})
    assert page.status_code == 422
    assert 'value="about 5"' in page.text and "hm</textarea>" in page.text
    assert "is not a number" in page.text
    table = field_url(report_id, "contact_resistance")
    wrong = tess.post(table, data={"cell:b:after": "x", "row_version": "0"}, headers=HTMX)
    assert wrong.status_code == 422 and "Phase B, After" in wrong.text


def test_a_refusal_keeps_the_version_that_the_page_began_from(client_of, cast, tess, report_id):
    url = field_url(report_id, "insulation")
    client_of(cast.max).post(url, data={"value": "150", "row_version": "0"}, headers=HTMX)
    refused = tess.post(url, data={"value": "x", "row_version": "0"}, headers=HTMX)
    assert 'name="row_version" value="0"' in refused.text


def test_a_double_submit_is_one_entry_and_a_reused_id_a_conflict(acting, cast, tess, report_id):
    sent = {"value": "Lobo", "row_version": "0", "client_id": str(uuid4())}
    url = field_url(report_id, "customer")
    first, second = (tess.post(url, data=sent, headers=HTMX) for _ in range(2))
    assert first.status_code == second.status_code == 200 and first.text == second.text
    reused = tess.post(url, data={**sent, "value": "Raposa"}, headers=HTMX)
    assert reused.status_code == 409 and 'id="status-customer"' in reused.text
    with acting(cast.tess):
        entries = list_entries("report", report_id)
        assert [entry.action for entry in entries] == ["answer.saved"]


def test_a_closed_report_is_read_not_filled(acting, cast, tess, report_id):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.completed(report, actor)
        closed = report.id
    answer = tess.get(f"/reports/{closed}/fill")
    assert (answer.status_code, answer.location) == (303, f"/reports/{closed}")
    url, sent = field_url(closed, "customer"), {"value": "Lobo", "row_version": "0"}
    fragment = tess.post(url, data=sent, headers=HTMX)
    assert fragment.status_code == 409 and 'id="status-customer"' in fragment.text
    assert "accepts no more changes" in fragment.text
    assert tess.post(url, data=sent).status_code == 409


def test_others_may_not_fill(client_of, cast, anonymous, report_id):
    fill, url = f"/reports/{report_id}/fill", field_url(report_id, "customer")
    for person, status in ((cast.otto, 404), (cast.tom, 404), (cast.vera, 403), (cast.sam, 403)):
        client = client_of(person)
        assert client.get(fill).status_code == status, person.name
        assert client.post(url, data={"value": "x"}).status_code == status, person.name
    assert "/login" in anonymous.get(fill).location
    assert anonymous.post(url, data={"value": "x"}, headers=HTMX).status_code == 401


def test_what_does_not_exist_is_404(tess, report_id):
    for field_id in ("nothing", "advice", "x" * 300, "é"):
        assert tess.post(field_url(report_id, field_id), data={}, headers=HTMX).status_code == 404
    assert tess.get(f"/reports/{uuid4()}/fill").status_code == 404


@pytest.mark.parametrize(
    "sent",
    [
        b"value=a%00b&row_version=0",
        b"value=%ed%a0%80&comment=%ed%a0%80%00&row_version=0",
        b"value=%ff%fe&row_version=0",
        b"value=x&row_version=99999999999999999999",
        b"value=x&row_version=-1&client_id=nonsense&client_at=9999-12-31T23:59:59-14:00",
        "value=x&row_version=²&client_at=NaN".encode(),
        b"value=" + b"e%cc%81" * 900 + b"&row_version=0",
        b"value=e" + b"%cc%81" * 400 + b"&row_version=0",
        b"cell%3Aa%3Abefore=1&value=x",
    ],
)
@pytest.mark.parametrize("field_id", ["customer", "insulation", "enclosure", "accessories"])
def test_strange_bytes_are_cleaned_or_refused_never_a_failure(tess, report_id, field_id, sent):
    kind = "application/x-www-form-urlencoded"
    for headers in (HTMX, {}):
        answer = tess.post(
            field_url(report_id, field_id), data=sent, content_type=kind, headers=headers
        )
        assert answer.status_code in (200, 303, 409, 422)


def test_a_save_asks_the_database_little_and_the_page_a_fixed_number(
    acting, cast, tess, report_id, queries
):
    url = field_url(report_id, "customer")
    tess.post(url, data={"value": "Lobo", "row_version": "0"}, headers=HTMX)
    with queries() as seen:
        sent = {"value": "Raposa", "row_version": "1", "client_id": str(uuid4())}
        tess.post(url, data=sent, headers=HTMX)
    own = [one for one in seen.statements if "SAVEPOINT" not in one]
    assert len(own) <= 11, own  # four of them load the logged-in person
    with queries() as few:
        tess.get(f"/reports/{report_id}/fill?at=customer")
    with acting(cast.tess) as actor:
        for field_id, value in scenarios.GOOD_ANSWERS.items():
            if field_id != "customer":
                save_answer(
                    report_id=report_id, field_id=field_id, given=AnswerInput(value), actor=actor
                )
        db.session.commit()
    with queries() as many:
        tess.get(f"/reports/{report_id}/fill?at=customer")
    assert len(many.statements) == len(few.statements)


def test_a_number_announces_its_hint_and_a_section_its_languages(acting, cast, tess):
    number = Field(
        id="torque",
        type=FieldType.NUMBER,
        label=Text(en="Torque", pt="Torque"),
        hint=Text(en="At 20 °C", pt="A 20 °C"),
    )
    section = Section(id="tests", title=Text(en="Tests", pt="Ensaios"), fields=(number,))
    with acting(cast.tess) as actor:
        definition = scenarios.a_definition("HINT", sections=(section,))
        version = scenarios.a_checklist(actor, definition)
        address = f"/reports/{scenarios.a_report(actor, version=version).id}/fill"
    page = tess.get(address).text
    assert re.search(r'id="answer-torque"\s+aria-describedby="?hint-torque"?\s*>', page)
    assert 'id="hint-torque"' in page
    assert '<span lang="en">Tests</span>' in page
    assert '<span class="second-language" lang="pt">Ensaios</span>' in page
