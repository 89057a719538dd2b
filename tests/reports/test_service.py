"""Starting, discarding and archiving reports through the services."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.definition.outcome import ExceptionKind, Outcome
from app.errors import NotAllowed, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import (
    AuditEntry,
    ChecklistStatus,
    Equipment,
    PhotoVerdict,
    Report,
    ReportStatus,
)
from app.reports.assigning.service import NotAssignable
from app.reports.lifecycle import InProgress, IsCompleted, archive_report, discard_report
from app.reports.listing.filters import ReportFilter
from app.reports.listing.queries import list_reports
from app.reports.queries import get_report
from app.reports.showing.history import list_history
from app.reports.showing.page import read_report
from app.reports.starting.service import ChecklistNotPublished, ProjectClosed, start_report
from tests.support import scenarios


def start(actor, **changes):
    version = changes.pop("version", None) or scenarios.a_checklist(actor)
    project = changes.pop("project", None) or scenarios.a_project(actor)
    wanted = {"checklist_id": version.checklist_id, "project_id": project.id, "title": "Panel"}
    return start_report(**{**wanted, **changes}, actor=actor)


def found(actor, **wanted):
    return list_reports(ReportFilter(**wanted), person=actor, page_size=25)


def test_numbers_count_up_per_checklist_and_begin_with_its_code(acting, cast):
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor, scenarios.a_definition(code="QGBT"))
        numbers = [start(actor, version=version).number for _ in range(3)]
        assert numbers == ["QGBT-0001", "QGBT-0002", "QGBT-0003"]
        report = start(actor)
        assert (report.revision, report.status) == (0, ReportStatus.DRAFT)
        assert report.assignee_id == actor.account_id


def test_a_report_sent_twice_is_one_report(acting, cast):
    with acting(cast.tess) as actor:
        version, client_id = scenarios.a_checklist(actor), uuid4()
        first = start(actor, version=version, client_id=client_id)
        again = start(actor, version=version, client_id=client_id)
        assert again.id == first.id
        assert start(actor, version=version).number.endswith("0002")


def test_a_report_starts_from_the_newest_published_version(acting, cast):
    with acting(cast.tess) as actor:
        version = scenarios.a_checklist(actor)
        body = version.body
        newer = type(version)(
            checklist_id=version.checklist_id,
            number=2,
            body=body,
            published_at=version.published_at,
            published_by=actor.account_id,
        )
        draft = type(version)(checklist_id=version.checklist_id, number=3, body=body)
        db.session.add_all([newer, draft])
        db.session.commit()
        assert start(actor, version=version).version_id == newer.id


def test_equipment_is_found_by_its_tag_or_added_to_the_project(acting, cast):
    with acting(cast.tess) as actor:
        project = scenarios.a_project(actor)
        known = scenarios.an_equipment(project, "QTA-01")
        assert start(actor, project=project, equipment_tag="QTA-01").equipment_id == known.id
        added = start(actor, project=project, equipment_tag="QTA-02").equipment_id
        tags = select(Equipment.tag).where(Equipment.id == added)
        assert db.session.scalars(tags).one() == "QTA-02"
        assert start(actor, project=project).equipment_id is None


def test_what_cannot_be_started_is_refused_and_counts_no_number(acting, cast):
    with acting(cast.max) as actor:
        retired = scenarios.a_checklist(actor)
        retired.checklist.status = ChecklistStatus.RETIRED
        archived = scenarios.a_project(actor, archived_at=func.now())
        version = scenarios.a_checklist(actor)
        with pytest.raises(ChecklistNotPublished):
            start(actor, version=retired)
        with pytest.raises(ProjectClosed):
            start(actor, version=version, project=archived)
        with pytest.raises(NotAssignable):
            start(actor, version=version, assignee_id=cast.vera.id)
        with pytest.raises(NotAssignable):
            start(actor, version=version, assignee_id=cast.otto.id)
        with pytest.raises(NotFound):
            start(actor, checklist_id=uuid4())
        with pytest.raises(NotFound):
            start(actor, project_id=uuid4())
        assert start(actor, version=version).number.endswith("-0001")


def test_managers_assign_anybody_and_technicians_only_themselves(acting, cast):
    with acting(cast.max) as actor:
        assert start(actor, assignee_id=cast.tom.id).assignee_id == cast.tom.id
    with acting(cast.tess) as actor, pytest.raises(NotAllowed):
        start(actor, assignee_id=cast.tom.id)


def test_a_discarded_report_is_hidden_and_stays_stored(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        discard_report(report_id=report.id, actor=actor)
        db.session.commit()
        with pytest.raises(NotFound):
            get_report(report.id, person=actor)
        assert found(actor).total == 0
        with pytest.raises(NotFound):
            discard_report(report_id=report.id, actor=actor)
        entries = select(AuditEntry.action).where(AuditEntry.object_id == report.id)
        assert db.session.scalars(entries).all() == ["report.discarded"]
        assert db.session.scalar(select(func.count(Report.id))) == 1


def test_a_completed_report_is_archived_not_discarded(acting, cast):
    with acting(cast.max) as actor:
        report = scenarios.a_report(actor, status=ReportStatus.IN_PROGRESS)
        with pytest.raises(InProgress, match=r"is in progress\. It can be filled in, submitted or"):
            archive_report(report_id=report.id, actor=actor)
        scenarios.completed(report, actor)
        with pytest.raises(IsCompleted, match=r"is completed\. It can be archived"):
            discard_report(report_id=report.id, actor=actor)
        for _ in range(2):
            archive_report(report_id=report.id, actor=actor)
            db.session.commit()
        db.session.refresh(report)
        assert report.status is ReportStatus.ARCHIVED and report.archived_at
        assert [str(line.sentence) for line in list_history(report)] == [
            "Max Manager archived the report."
        ]


def test_the_list_finds_by_status_number_title_and_tag(acting, cast):
    with acting(cast.max) as actor:
        project = scenarios.a_project(actor)
        tag = scenarios.an_equipment(project, "TR-9")
        one = scenarios.a_report(actor, title="100% load", number="AAA-0001")
        two = scenarios.a_report(actor, project=project, equipment_id=tag.id, title="Transformer")
        three = scenarios.completed(scenarios.a_report(actor), actor)
        expected = {
            "aaa-0001": [one.id],
            "AAA-0001-R0": [one.id],
            "100%": [one.id],
            "%": [one.id],
            "tr-9": [two.id],
            "nothing": [],
        }
        for words, ids in expected.items():
            assert [line.id for line in found(actor, search=words).lines] == ids, words
        done = found(actor, status=ReportStatus.COMPLETED).lines
        assert [(line.id, line.outcome) for line in done] == [(three.id, Outcome.PASSED)]


def test_pages_hold_their_size_and_a_page_too_far_is_the_last(acting, cast):
    with acting(cast.tess) as actor:
        version, project = scenarios.a_checklist(actor), scenarios.a_project(actor)
        for _ in range(5):
            scenarios.a_report(actor, version=version, project=project)
        first = list_reports(ReportFilter(), person=actor, page_size=2)
        last = list_reports(ReportFilter(), person=actor, page_size=2, page=99)
        assert (first.total, first.pages, len(first.lines)) == (5, 3, 2)
        assert (last.page, len(last.lines)) == (3, 1)


def test_a_report_reads_in_a_fixed_number_of_queries(acting, cast, queries):
    with acting(cast.tess) as actor:
        bare, full = scenarios.a_report(actor), scenarios.a_report(actor)
        scenarios.all_answers(full, actor, enclosure="not_ok")
        for _ in range(4):
            scenarios.a_photo(full, "enclosure", actor)
        counts, ids = [], [bare.id, full.id]
        for report_id in ids:
            db.session.expunge_all()
            with queries() as seen:
                read = read_report(report_id, person=actor)
                assert read.report.project.name and read.report.version.checklist.code
            counts.append(len(seen.statements))
        assert counts[0] == counts[1]
        assert [one.field.id for one in read.exceptions] == ["enclosure"]
        assert len(read.sections[1].fields[0].photos) == 4


def test_a_reading_out_of_limits_is_an_exception_with_its_cell(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        cells = {"a:after": {"text": "0,9", "decimal": "0.9"}}
        scenarios.an_answer(report, "contact_resistance", cells, actor)
        scenarios.an_answer(report, "insulation", {"text": "20", "decimal": "20"}, actor)
        read = read_report(report.id, person=actor)
        number, table = read.exceptions
        assert (number.reading, number.cell) == ({"text": "20", "decimal": "20"}, None)
        assert table.reading == {"text": "0,9", "decimal": "0.9"}
        assert table.cell and [one.en for one in table.cell] == ["Phase A", "After"]


@pytest.mark.parametrize(
    ("field_id", "value"),
    [
        ("contact_resistance", {"a:after": {"text": "0,01", "decimal": "0.01"}}),
        ("insulation", {"text": "900", "decimal": "900"}),
    ],
)
def test_a_quarantined_photo_of_a_reading_says_nothing_of_its_value(acting, cast, field_id, value):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.an_answer(report, field_id, value, actor)
        scenarios.a_photo(
            report, field_id, actor, verdict=PhotoVerdict.QUARANTINED, quarantine_reason="wet"
        )
        (found,) = read_report(report.id, person=actor).exceptions
        assert (found.item.kind, found.reading) == (ExceptionKind.QUARANTINED_PHOTO, None)


def test_a_signature_over_other_content_reads_as_void(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        scenarios.a_signature(report, "technician", actor, content_hash="f" * 64)
        signed, open_role = read_report(report.id, person=actor).signatures
        assert signed.signature and not signed.is_valid
        assert open_role.signature is None


def test_the_history_folds_runs_of_saves(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        for action in ("report.started", "answer.saved", "answer.saved", "other.thing"):
            record(action, report, actor)
            db.session.commit()
        assert [str(line.sentence) for line in list_history(report)] == [
            "Tess Technician did something that this version cannot describe: other.thing.",
            "Tess Technician saved answers: 2.",
            "Tess Technician started the report.",
        ]
