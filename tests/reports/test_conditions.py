"""Conditions and calculations in a report: shown, required, judged, stored, and left out."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import unescape
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import select

from app.definition.answers import InvalidAnswer
from app.definition.outcome import Outcome
from app.documents.attachments import photo_file_names
from app.documents.loading import load_source
from app.documents.service import request_document
from app.evidence.queries import ask
from app.evidence.verification import find_differences
from app.extensions import db
from app.jobs import runner
from app.models import Answer, AuditEntry, Document, Report, Snapshot
from app.reports.completing.service import ReportIncomplete, submit_report
from app.reports.facts import load_facts
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.conditional import a_conditional_definition
from tests.support.stored import storage

HTMX = {"HX-Request": "true"}


@dataclass
class Site:
    """A report and the person who fills it."""

    acting: object
    person: object
    report_id: UUID

    def save(self, field_id: str, value: object, **more: object) -> int:
        with self.acting(self.person) as actor:  # type: ignore[operator]
            version = db.session.scalar(
                select(Answer.row_version).where(
                    Answer.report_id == self.report_id, Answer.field_id == field_id
                )
            )
            given = AnswerInput(value, row_version=version or 0, client_id=uuid4(), **more)  # type: ignore[arg-type]
            saved = save_answer(
                report_id=self.report_id, field_id=field_id, given=given, actor=actor
            )
            db.session.commit()
            return saved.progress.left

    def submit(self) -> None:
        with self.acting(self.person) as actor:  # type: ignore[operator]
            submit_report(report_id=self.report_id, actor=actor)
            db.session.commit()


@pytest.fixture
def site(acting, cast) -> Site:
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor, a_conditional_definition())
        report = scenarios.a_report(actor, version=version)
        db.session.commit()
        return Site(acting, cast.tess, report.id)


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def card(text: str, field_id: str) -> str:
    """The tag that opens the field's card."""
    start = text.index(f'id="field-{field_id}"')
    return text[start : text.index(">", start)]


def test_each_save_counts_what_is_shown_then(site):
    assert site.save("a", "1") == 2, "present and b: total is calculated, why is optional"
    assert site.save("present", "yes") == 3, "b, oil, ratio"
    assert site.save("oil", "ok") == 2
    assert site.save("present", "no") == 1
    assert site.save("b", "20") == 2, "the total fails: its comment, and why"
    assert site.save("why", "because") == 1
    assert site.save("total", None, comment="checked") == 0
    assert site.save("b", "2") == 0


def test_the_page_hides_marks_and_calculates(site, tess):
    site.save("a", "9.5")
    site.save("b", "0.75")
    text = tess.get(f"/reports/{site.report_id}/fill?at=a").text
    assert "hidden" in card(text, "oil") and "hidden" not in card(text, "a")
    assert 'data-required="true"' in card(text, "why")
    assert "10.25" in text and "“TOTAL” &gt; 10" in text
    section = text[text.index('id="section-transformer"') :]
    assert "hidden" in section[: section.index(">")]
    site.save("present", "yes")
    site.save("b", "0.5")
    text = tess.get(f"/reports/{site.report_id}/fill?at=a").text
    assert "hidden" not in card(text, "oil") and 'data-required="false"' in card(text, "why")
    rule = text[text.index("data-fails") :]
    assert "hidden" in rule[: rule.index(">")]


def test_pages_of_other_checklists_have_none_of_it(acting, cast, tess):
    with acting(cast.tess) as actor:
        report_id = scenarios.a_report(actor).id
        db.session.commit()
    assert "data-logic" not in tess.get(f"/reports/{report_id}/fill?at=customer").text


def test_nobody_types_a_calculated_value(site, tess):
    with pytest.raises(InvalidAnswer, match="calculated from other answers"):
        site.save("total", "5")
    with pytest.raises(InvalidAnswer):
        site.save("total", None, na_reason="none")
    sent = {"value": "5", "row_version": "0"}
    url = f"/reports/{site.report_id}/fields/total"
    assert tess.post(url, data=sent, headers=HTMX).status_code == 422


def filled(site: Site, *, b: str) -> None:
    site.save("present", "yes")
    site.save("oil", "not_ok")
    site.save("ratio", "3")
    site.save("a", "1.5")
    site.save("b", b)
    site.save("present", "no")


def test_the_submit_stores_what_was_calculated(site, cast, acting, tess):
    filled(site, b="2")
    site.submit()
    with acting(cast.tess) as actor:
        report = get_report(site.report_id, person=actor)
        assert report.outcome is Outcome.PASSED, "the hidden Not OK counts nowhere"
        rows = {row.field_id: row for row in db.session.scalars(select(Answer))}
        assert rows["total"].value == {"text": "3.5", "decimal": "3.5"}
        assert rows["total"].answered_by is None
        assert rows["oil"].value == "not_ok", "hidden, and kept"
        entry = db.session.scalars(
            select(AuditEntry).where(AuditEntry.action == "answer.calculated")
        ).one()
        assert entry.facts["actor"]["name"] == "Laudo"
        body = json.loads(db.session.scalars(select(Snapshot.body)).one())
        assert body["hidden"] == ["oil", "ratio"]
        assert body["answers"]["oil"]["value"] == "not_ok"
        assert body["result"]["fields"] == "5"
        assert find_differences(ask, str(cast.acme), [str(report.id)]) == {str(report.id): ()}
    text = unescape(tess.get(f"/reports/{site.report_id}").text)
    assert "Oil level" not in text.split("Hidden by conditions")[0]
    assert "3.5" in text and '"TOTAL" was calculated from other answers: 3.5' in text


def test_a_failed_rule_is_an_exception_and_fails_the_report(site, cast, acting, tess):
    filled(site, b="9")
    with pytest.raises(ReportIncomplete):
        site.submit()
    site.save("why", "overload")
    site.save("total", None, comment="measured twice")
    site.submit()
    with acting(cast.tess) as actor:
        report = get_report(site.report_id, person=actor)
        assert report.outcome is Outcome.FAILED
        found = load_facts(report).shown().assess()
        assert [(one.kind.value, one.field_id) for one in found.exceptions] == [("not_ok", "total")]
        assert found.result.not_ok == 1 and not found.remarks
        total = db.session.scalars(select(Answer).where(Answer.field_id == "total")).one()
        assert (total.value["decimal"], total.comment) == ("10.5", "measured twice")
    assert "measured twice" in tess.get(f"/reports/{site.report_id}").text


def test_the_pdf_prints_the_value_its_rules_and_nothing_hidden(site, cast, acting, app):
    filled(site, b="9")
    site.save("why", "overload")
    site.save("total", None, comment="measured twice")
    site.submit()
    with acting(cast.tess) as actor:
        report = get_report(site.report_id, person=actor)
        document_id = request_document(report, actor=actor).id
        db.session.commit()
    with app.app_context():
        runner.run("document", str(document_id))
    with acting(cast.tess):
        document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
        assert document.error is None and document.storage_key
        with storage().open(document.storage_key) as stored:
            pdf = PdfDocument(BytesIO(stored.read()))
    text = " ".join(" ".join(page.get_textpage().get_text_bounded() for page in pdf).split())
    assert "10.5" in text and "Calculated: “A” + “B”" in text
    assert "Not OK when “TOTAL” > 10" in text and "measured twice" in text
    assert "Oil level" not in text and "RATIO" not in text


def test_files_of_photos_have_the_number_of_their_question_also_if_it_is_hidden(site, cast, acting):
    with acting(cast.tess) as actor:
        scenarios.a_photo(get_report(site.report_id, person=actor), "oil", actor)
        db.session.commit()
    filled(site, b="2")
    site.submit()
    with acting(cast.tess) as actor:
        report = get_report(site.report_id, person=actor)
        document_id = request_document(report, actor=actor).id
        db.session.commit()
        (name,) = photo_file_names(load_source(document_id)).values()
    assert name.endswith("_2_1_01.jpg"), name


def test_exports_leave_hidden_answers_out(site, cast, acting):
    filled(site, b="2")
    with acting(cast.tess):
        report = db.session.get_one(Report, site.report_id)
        whole = load_facts(report)
        assert whole.hidden == ("oil", "ratio") and "oil" in whole.answers
        shown = whole.shown()
        assert "oil" not in shown.answers and "oil" not in shown.rows
        assert shown.definition.field("oil") is None and len(shown.definition.sections) == 1
        assert shown.assess().result == whole.assess().result
