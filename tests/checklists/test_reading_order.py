"""The reader's language leads wherever the words of a checklist are shown; the other follows small.

The checklist of these tests has English first, so each page is read under both interfaces.
"""

from __future__ import annotations

import re
from html import unescape
from typing import NamedTuple
from uuid import UUID

import pytest
from flask_babel import force_locale

from app.definition.schema import Language
from app.evidence.differences import Difference, Part, describe
from app.evidence.service import record
from app.extensions import db
from app.mail.wording import assigned_letter
from app.models import Account, Checklist, Report
from app.reports.acts import read_act
from app.reports.filling.kept_cards import Cards
from app.reports.filling.page import FieldView
from app.web.locale import reading_order
from tests.support import scenarios

TITLE = ("Transfer switch inspection", "Inspeção de chave de transferência")
SECTION = ("Tests", "Ensaios")
NUMBER = ("Insulation resistance", "Resistência de isolação")
TABLE = ("Contact resistance", "Resistência de contato")
ROW = ("Phase A", "Fase A")
OPTION = ("Bottom", "Por baixo")
ROLE = ("Technician", "Técnico")
HTMX = {"HX-Request": "true"}


class Stage(NamedTuple):
    version_id: UUID
    checklist_id: UUID
    project_id: UUID
    report_id: UUID
    empty_id: UUID


@pytest.fixture(params=["en", "pt_BR"])
def locale(request, acting, cast):
    """The language in which Ana, Max and Tess read."""
    with acting(cast.max):
        for person in (cast.ana, cast.max, cast.tess):
            db.session.get(Account, person.id).locale = request.param
        db.session.commit()
    return request.param


def a_stage(acting, cast, **changes):
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor, scenarios.a_definition(**changes))
        report = scenarios.a_report(actor, version=version)
        bad = {"insulation": {"text": "3", "decimal": "3"}, "enclosure": "not_ok"}
        scenarios.all_answers(report, actor, **bad)
        empty = scenarios.a_report(actor, version=version, project=report.project)
        for one in (report, empty):
            one.status = "in_progress"
        record("answer.set_aside", report, actor, field="insulation", version="1", typed={})
        db.session.commit()
        return Stage(version.id, version.checklist_id, report.project_id, report.id, empty.id)


@pytest.fixture
def stage(acting, cast):
    return a_stage(acting, cast)


def lead(pair, locale):
    return pair[0] if locale == "en" else pair[1]


def follower(pair, locale):
    return pair[1] if locale == "en" else pair[0]


def small(text):
    return re.findall(r'class="second-language"[^>]*>([^<]*)<', text)


def test_the_order_of_languages(app):
    both, turned = (Language.EN, Language.PT), (Language.PT, Language.EN)
    for locale, first in (("en", Language.EN), ("pt_BR", Language.PT)):
        with app.test_request_context(), force_locale(locale):
            assert reading_order(both) == reading_order(turned)
            assert reading_order(both)[0] is first
            assert [reading_order((one,)) for one in both] == [(one,) for one in both]


@pytest.mark.parametrize(
    ("address", "pairs"),
    [
        ("/reports/{0.report_id}/fill?at=insulation", (SECTION, NUMBER, TABLE, ROW, OPTION, ROLE)),
        ("/reports/{0.empty_id}/review", (NUMBER, TABLE, ROLE)),
        ("/reports/{0.report_id}/review", (NUMBER,)),
        ("/reports/{0.report_id}", (SECTION, NUMBER, TABLE, ROW, OPTION, ROLE)),
        ("/checklists/versions/{0.version_id}", (TITLE, SECTION, NUMBER, TABLE, ROW, ROLE)),
    ],
    ids=["fill", "check-missing", "check-exceptions", "report", "preview"],
)
def test_both_languages_are_shown_and_the_readers_leads(
    client_of, cast, stage, locale, address, pairs
):
    text = unescape(client_of(cast.max).get(address.format(stage)).text)
    for pair in pairs:
        first, second = lead(pair, locale), follower(pair, locale)
        assert f">{first}</span>" in text and second in small(text), pair
        assert first not in small(text), pair
        assert f">{second}</span>" not in re.sub(
            r'<span class="second-language.*?</span>', "", text
        )


@pytest.mark.parametrize(
    ("address", "pair"),
    [
        ("/reports/", TITLE),
        ("/reports/new?project={0.project_id}", TITLE),
        ("/checklists/", TITLE),
        ("/checklists/{0.checklist_id}", TITLE),
        ("/reports/{0.report_id}", TITLE),
        ("/projects/{0.project_id}", TITLE),
        ("/checklists/samples", ("Low-voltage", "baixa tensão")),
    ],
    ids=["list", "start", "checklists", "checklist", "report", "project", "samples"],
)
def test_where_there_is_room_for_one_language_it_is_the_readers(
    client_of, cast, stage, locale, address, pair
):
    text = unescape(client_of(cast.max).get(address.format(stage)).text)
    assert lead(pair, locale) in text
    assert follower(pair, locale) not in text


def test_the_sheet_of_reports_names_checklists_in_the_readers_language(
    client_of, cast, stage, locale
):
    text = client_of(cast.max).get("/reports/export.csv").text
    assert lead(TITLE, locale) in text and follower(TITLE, locale) not in text


def test_a_saved_field_and_a_refused_cell_name_their_parts(client_of, cast, stage, locale):
    answer = client_of(cast.tess).post(
        f"/reports/{stage.report_id}/fields/contact_resistance",
        data={"row_version": "1", "cell:a:before": "abc"},
        headers=HTMX,
    )
    assert answer.status_code == 422
    assert lead(ROW, locale) in unescape(answer.text)
    assert follower(ROW, locale) not in unescape(answer.text)


def test_a_place_to_sign_leads_with_the_readers_language(client_of, cast, stage, locale):
    text = client_of(cast.tess).get(f"/reports/{stage.report_id}/signatures/technician").text
    assert follower(ROLE, locale) in small(unescape(text))


@pytest.mark.parametrize("address", ["/reports/{0.report_id}", "/audit"])
def test_history_and_audit_quote_the_readers_language(client_of, cast, stage, locale, address):
    text = unescape(client_of(cast.ana).get(address.format(stage)).text)
    assert f'"{lead(NUMBER, locale)}"' in text
    assert f'"{follower(NUMBER, locale)}"' not in text


def test_the_audit_names_checklists_in_the_readers_language(client_of, acting, cast, stage, locale):
    with acting(cast.max) as actor:
        checklist = db.session.get(Checklist, stage.checklist_id)
        record("checklist.published", checklist, actor, code=checklist.code, version="1")
        db.session.commit()
    text = unescape(client_of(cast.ana).get("/audit").text)
    assert f"· {lead(TITLE, locale)}" in text and follower(TITLE, locale) not in text


def test_sentences_of_the_audit_quote_the_readers_language(app, stage, acting, cast, locale):
    said = {"actor": {"name": "Tess"}, "facts": {"field": "insulation", "role": "technician"}}
    definition = scenarios.a_definition()
    with app.test_request_context(), force_locale(locale):
        assert read_act("answer.saved", said, definition).question == lead(NUMBER, locale)
        assert read_act("signature.given", said, definition).question == lead(ROLE, locale)
        difference = Difference(Part.ANSWER, "insulation", ("missing",))
        assert lead(NUMBER, locale) in describe(difference, definition)


def test_mails_name_the_checklist_in_the_readers_language(app, acting, cast, stage, locale):
    with acting(cast.tess), app.test_request_context(), force_locale(locale):
        letter = assigned_letter(db.session.get(Report, stage.report_id))
        assert lead(TITLE, locale) in [value for _label, value in letter.facts]


def test_kept_cards_are_not_shared_between_languages(app, stage, acting, cast):
    definition = scenarios.a_definition()
    view = FieldView(definition.field("cable_entry"), None, {}, ())
    drawn = {}
    for locale in ("en", "pt_BR", "en"):
        with app.test_request_context(), force_locale(locale):
            text = unescape(Cards(stage.version_id, definition).draw(view))
            assert follower(OPTION, locale) in small(text)
            assert drawn.setdefault(locale, text) == text


@pytest.mark.parametrize("language", Language)
def test_a_checklist_of_one_language_is_shown_as_it_is(client_of, cast, acting, locale, language):
    stage = a_stage(acting, cast, languages=(language,))
    index = 0 if language is Language.EN else 1
    for address in ("/reports/{0.report_id}/fill?at=insulation", "/reports/{0.report_id}"):
        text = unescape(client_of(cast.tess).get(address.format(stage)).text)
        assert f">{NUMBER[index]}</span>" in text and not small(text)
        assert NUMBER[1 - index] not in text
    assert TITLE[index] in unescape(client_of(cast.max).get("/checklists/").text)


def test_the_name_is_that_of_the_newest_published_version(client_of, cast, acting, stage, locale):
    with acting(cast.max):
        report = db.session.get(Report, stage.report_id)
        version = report.version
        body = {**version.body, "languages": ["en"]}
        newer = type(version)(checklist_id=version.checklist_id, number=2, body=body)
        newer.published_at = version.published_at
        db.session.add(newer)
        db.session.commit()
    text = unescape(client_of(cast.max).get("/checklists/").text)
    assert TITLE[0] in text and TITLE[1] not in text
