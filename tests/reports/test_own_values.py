"""A report's own values are not asked for: filled in, updated, overridden, stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from html import unescape
from io import BytesIO
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pypdfium2 import PdfDocument
from sqlalchemy import select

from app.definition.schema import (
    Field,
    FieldType,
    Prefill,
    RolePrefill,
    Section,
    SignatureRole,
    Text,
)
from app.documents.service import request_document
from app.evidence.queries import ask
from app.evidence.verification import find_differences
from app.exports.answers.columns import ExportedVersion
from app.exports.answers.loading import load_reports
from app.exports.company.tables import tables
from app.extensions import db
from app.jobs import runner
from app.models import Account, Answer, AuditEntry, Document, Equipment, Project, Snapshot, Tenant
from app.reports.assigning.service import assign_report
from app.reports.completing.service import submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.own_values import OwnValue
from app.reports.queries import get_report
from tests.support import scenarios
from tests.support.stored import storage

INSULATION = Field(id="insulation", type=FieldType.NUMBER, label=Text(en="Insulation"))
HTMX = {"HX-Request": "true"}
KNOWN = {
    Prefill.CLIENT: "Acme Client",
    Prefill.PROJECT: "Data Center SP4",
    Prefill.ADDRESS: "Al. Araguaia 3571",
    Prefill.TAG: "QTA-07",
    Prefill.EQUIPMENT: "Transfer switch 7",
    Prefill.TECHNICIAN: "Tess Technician",
    Prefill.COMPANY: "Acme Commissioning",
    Prefill.REPORT_NUMBER: "LD-0042-R0",
}


def known_field(prefill: Prefill) -> Field:
    kind = FieldType.DATE if prefill is Prefill.START_DATE else FieldType.TEXT
    label = Text(en=f"Field {prefill.value}", pt=f"Campo {prefill.value}")
    return Field(id=prefill.value, type=kind, label=label, prefill=prefill)


def known_definition(code: str):
    return scenarios.a_definition(
        code,
        info_fields=tuple(map(known_field, Prefill)),
        sections=(Section(id="tests", title=Text(en="Tests"), fields=(INSULATION,)),),
        signature_roles=(
            SignatureRole(id="technician", label=Text(en="Technician"), prefill=RolePrefill.ME),
            SignatureRole(id="client", label=Text(en="Client"), required=False),
        ),
    )


@pytest.fixture
def report_id(acting, cast) -> UUID:
    with acting(cast.tess) as actor:
        project = scenarios.a_project(actor, "Data Center SP4", address="Al. Araguaia 3571")
        equipment = scenarios.an_equipment(project, "QTA-07")
        equipment.name = "Transfer switch 7"
        version = scenarios.a_checklist(actor, known_definition("KNOWN"))
        return scenarios.a_report(
            actor, version=version, project=project, equipment_id=equipment.id, number="LD-0042"
        ).id


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def values(report_id: UUID, actor) -> dict[str, object]:
    db.session.expire_all()
    facts = load_facts(get_report(report_id, person=actor))
    return {one.value: facts.answers[one.value].value for one in Prefill if one in facts.answers}


def save(tess, report_id: UUID, field: str, value: str, version: int = 0):
    sent = {"value": value, "row_version": str(version)}
    return tess.post(f"/reports/{report_id}/fields/{field}", data=sent, headers=HTMX)


def answer_the_rest(report_id: UUID, actor) -> None:
    """Answer the one field without an own value."""
    report = get_report(report_id, person=actor)
    scenarios.an_answer(report, "insulation", scenarios.GOOD_ANSWERS["insulation"], actor)


def submit(report_id: UUID, actor) -> None:
    db.session.expire_all()
    report = get_report(report_id, person=actor)
    signed = content_hash(report, load_facts(report))
    scenarios.a_signature(report, "technician", actor, content_hash=signed)
    submit_report(report_id=report_id, actor=actor)
    db.session.commit()


def test_a_new_report_has_every_answer_that_it_knows(acting, cast, report_id):
    with acting(cast.tess) as actor:
        zone = ZoneInfo(db.session.scalars(select(Tenant.time_zone)).one())
        today = datetime.now(UTC).astimezone(zone).date().isoformat()
        assert values(report_id, actor) == {
            **{source.value: said for source, said in KNOWN.items()},
            "start_date": today,
        }
        assert db.session.scalars(select(Answer)).all() == [], "nobody answered anything"
        assert get_report(report_id, person=actor).status.value == "draft"


def test_the_page_says_where_it_is_from_and_counts_it_as_done(tess, report_id):
    page = tess.get(f"/reports/{report_id}/fill?at=client").text
    assert 'value="Acme Client"' in page and 'value="QTA-07"' in page
    assert "Filled in automatically: project client" in page
    assert "Filled in automatically: equipment tag" in page
    assert "9/9" in page, "the info fields are done"
    assert page.count('name="row_version" value="0"') >= 9
    resumed = tess.get(f"/reports/{report_id}/fill")
    assert "at=insulation" in resumed.location


def test_a_fact_that_the_report_lacks_is_asked(acting, cast):
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor, known_definition("BARE"))
        project = scenarios.a_project(actor, client="", address="")
        report = scenarios.a_report(actor, version=version, project=project)
        found = values(report.id, actor)
    assert not found.keys() & {"client", "address", "tag", "equipment"}
    assert found["technician"] == "Tess Technician"


def test_an_untouched_value_follows_and_a_touched_one_stays(acting, cast, tess, report_id):
    assert save(tess, report_id, "tag", "QTA-07B").status_code == 200
    with acting(cast.max) as actor:
        project = db.session.scalars(select(Project).where(Project.name == "Data Center SP4")).one()
        project.client, project.address = "Zeta", "Elsewhere 1"
        db.session.scalars(select(Equipment)).one().tag = "QTA-99"
        db.session.commit()
        assign_report(report_id=report_id, assignee_id=cast.tom.id, actor=actor)
        db.session.commit()
        found = values(report_id, actor)
    assert (found["client"], found["address"]) == ("Zeta", "Elsewhere 1")
    assert found["technician"] == "Tom Técnico"
    assert found["tag"] == "QTA-07B"


def test_a_name_that_is_corrected_follows_too(acting, cast, report_id):
    with acting(cast.tess) as actor:
        account = db.session.scalars(select(Account).where(Account.id == cast.tess.id)).one()
        account.name = "Tess T. Technician"
        db.session.commit()
        assert values(report_id, actor)["technician"] == "Tess T. Technician"


def test_an_equal_answer_changes_nothing_and_an_empty_one_does(acting, cast, tess, report_id):
    same = save(tess, report_id, "client", "Acme Client")
    assert same.status_code == 200 and "Filled in automatically: project client" in same.text
    assert 'name="row_version" value="0"' in same.text
    with acting(cast.tess):
        assert db.session.scalars(select(Answer)).all() == []
    emptied = save(tess, report_id, "client", "")
    assert emptied.status_code == 200 and "Filled in" not in emptied.text
    with acting(cast.tess) as actor:
        assert values(report_id, actor)["client"] is None


def test_a_different_answer_is_stored_and_both_values_are_shown(acting, cast, tess, report_id):
    saved = save(tess, report_id, "client", "Beta")
    said = "The report&#39;s own value is Acme Client (project client). The PDF prints both."
    assert saved.status_code == 200 and said in saved.text
    assert said in tess.get(f"/reports/{report_id}/fill?at=client").text
    review = tess.get(f"/reports/{report_id}/review").text
    assert "Acme Client (project client); as typed in the report: Beta" in review
    assert "Answers that differ from the report's own data" in review
    again = save(tess, report_id, "client", "  ACME  client", version=1)
    assert "The report&#39;s own value is" not in again.text
    assert "Answers that differ" not in tess.get(f"/reports/{report_id}/review").text
    with acting(cast.tess):
        entry = db.session.scalars(
            select(AuditEntry.facts).where(AuditEntry.action == "answer.saved")
        ).first()
    assert entry["facts"]["old"]["value"] == "Acme Client", "what stood there before"


def test_the_submit_stores_own_values_as_answers(acting, cast, tess, report_id):
    save(tess, report_id, "tag", "QTA-07B")
    with acting(cast.tess) as actor:
        answer_the_rest(report_id, actor)
        submit(report_id, actor)
        rows = {row.field_id: row for row in db.session.scalars(select(Answer))}
        assert rows["client"].value == "Acme Client" and rows["client"].answered_by is None
        assert rows["tag"].answered_by == cast.tess.id
        entries = db.session.execute(
            select(AuditEntry.action, AuditEntry.facts)
            .where(AuditEntry.object_id == report_id)
            .order_by(AuditEntry.sequence)
        ).all()
        actions = [entry.action for entry in entries]
        filled = ["answer.filled"] * (len(Prefill) - 1)
        closing = [*filled, "report.submitted", "report.completed", "document.requested"]
        assert actions == ["answer.saved", *closing]
        filled = next(one.facts for one in entries if one.action == "answer.filled")
        assert filled["actor"]["name"] == "Laudo" and filled["facts"]["source"] == "client"
        body = json.loads(db.session.scalars(select(Snapshot.body)).one())
        assert body["answers"]["client"]["answered_by"] is None
        assert body["answers"]["client"]["own"] == {"source": "client", "value": "Acme Client"}
        assert body["answers"]["tag"]["own"] == {"source": "tag", "value": "QTA-07"}
        assert find_differences(ask, str(cast.acme), [str(report_id)]) == {str(report_id): ()}
    line = '"Field client" was filled in from the report itself (project client): Acme Client'
    assert line in unescape(tess.get(f"/reports/{report_id}").text)


def test_after_the_submit_nothing_follows(acting, cast, report_id):
    with acting(cast.tess) as actor:
        answer_the_rest(report_id, actor)
        submit(report_id, actor)
        db.session.scalars(select(Project)).one().client = "Zeta"
        db.session.commit()
        assert values(report_id, actor)["client"] == "Acme Client"
        assert find_differences(ask, str(cast.acme), [str(report_id)]) == {str(report_id): ()}


def test_the_archive_has_the_answers_that_nobody_gave(acting, cast, report_id):
    with acting(cast.tess) as actor:
        answer_the_rest(report_id, actor)
        submit(report_id, actor)
        table = next(one for one in tables() if one.name == "answers")
        found = {row[1]: dict(zip(table.headings, row, strict=True)) for row in table.rows()}
    assert found["client"]["value"] == "Acme Client" and found["client"]["answered_by"] is None
    assert found["insulation"]["answered_by"] == "Tess Technician"


def test_a_signature_covers_what_was_filled_in(acting, cast, report_id):
    with acting(cast.tess) as actor:
        report = get_report(report_id, person=actor)
        signed = content_hash(report, load_facts(report))
        scenarios.a_signature(report, "technician", actor, content_hash=signed)
        project = db.session.scalars(select(Project).where(Project.id == report.project_id)).one()
        project.client = "Zeta"
        db.session.commit()
        db.session.expire_all()
        report = get_report(report_id, person=actor)
        assert content_hash(report, load_facts(report)) != signed


def test_the_role_that_says_so_begins_with_the_own_name(tess, report_id):
    page = tess.get(f"/reports/{report_id}/fill?at=signatures").text
    assert 'id="signer-technician" name="signer_name" value="Tess Technician"' in page
    assert 'id="signer-client" name="signer_name" value=""' in page


def text_of_pdf(app, acting, person, report_id: UUID) -> list[str]:
    with acting(person) as actor:
        document_id = request_document(get_report(report_id, person=actor), actor=actor).id
        db.session.commit()
    with app.app_context():
        runner.run("document", str(document_id))
    with acting(person):
        document = db.session.scalars(select(Document).where(Document.id == document_id)).one()
        assert document.error is None and document.storage_key
        with storage().open(document.storage_key) as stored:
            pdf = PdfDocument(BytesIO(stored.read()))
    return [" ".join(page.get_textpage().get_text_bounded().split()) for page in pdf]


def test_the_pdf_says_which_client_is_which_and_later_ones_too(app, acting, cast, tess, report_id):
    save(tess, report_id, "client", "Beta")
    save(tess, report_id, "tag", "QTA-08")
    with acting(cast.tess) as actor:
        answer_the_rest(report_id, actor)

    def check(pages: list[str]) -> None:
        whole = " ".join(pages).replace("\u200b", "")
        for page in (pages[0].replace("\u200b", ""), whole):
            assert "Acme Client (project); as typed in the report: Beta" in page
            assert "QTA-07 (equipment); as typed in the report: QTA-08" in page
        assert "as typed in the report; project: Acme Client" in whole
        assert whole.count("Beta") == 3, "each time with its source"
        assert "Field technician" in whole and "Tess Technician" in whole

    check(text_of_pdf(app, acting, cast.tess, report_id))


def test_a_finished_report_prints_what_it_said_at_its_completion(
    app, acting, cast, tess, report_id
):
    save(tess, report_id, "client", "Beta")
    with acting(cast.tess) as actor:
        answer_the_rest(report_id, actor)
        submit(report_id, actor)
        db.session.scalars(select(Project)).one().client = "Zeta"
        db.session.commit()
        source = db.session.scalars(select(Snapshot)).one()
        kept = json.loads(source.body)["answers"]["client"]["own"]
    assert kept == {"source": "client", "value": "Acme Client"}
    text = " ".join(text_of_pdf(app, acting, cast.tess, report_id)).replace("\u200b", "")
    assert "Acme Client (project); as typed in the report: Beta" in text
    assert "Zeta" not in text


@pytest.mark.parametrize(
    ("typed", "differs"),
    [("Beta", True), ("acme  CLIENT ", False), (None, False), ("Acme Cliente", True)],
)
def test_capitals_and_spaces_are_no_other_client(typed, differs):
    from app.definition.judging import AnswerFacts

    own = OwnValue(Prefill.CLIENT, "Acme Client")
    assert own.differs_from(AnswerFacts(value=typed)) is differs


def test_what_many_reports_know_takes_as_many_statements_as_of_one(acting, cast, queries):
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor, known_definition("MANY"))
        ids = []
        for turn in range(4):
            project = scenarios.a_project(actor, f"Project {turn}", client=f"Client {turn}")
            equipment = scenarios.an_equipment(project, f"QTA-{turn}")
            report = scenarios.a_report(
                actor, version=version, project=project, equipment_id=equipment.id
            )
            ids.append(report.id)
        versions = {version.id: ExportedVersion(version.id, version.number, version.definition)}
        db.session.commit()
        counts, clients = [], []
        for some in (ids[:1], ids):
            db.session.expunge_all()
            with queries() as seen:
                loaded = load_reports(some, versions, actor)
            counts.append(len(seen.statements))
            clients.append([one.facts.answers["client"].value for one in loaded])
    assert clients == [["Client 0"], [f"Client {turn}" for turn in range(4)]]
    assert counts[1] <= counts[0]


def test_an_older_checklist_still_asks_for_every_answer(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        assert load_facts(report).own == {} == load_facts(report).answers
        save_answer(
            report_id=report.id,
            field_id="customer",
            given=AnswerInput(value="Someone"),
            actor=actor,
        )
        db.session.commit()
        assert load_facts(report).answers["customer"].value == "Someone"
