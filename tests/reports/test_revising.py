"""Corrections of completed reports through the services."""

from __future__ import annotations

import json
from decimal import Decimal
from uuid import uuid4

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from app.definition.schema import (
    Definition,
    Field,
    FieldType,
    Language,
    Limits,
    PhotoPolicy,
    Section,
    Text,
)
from app.documents.changes import changes_of
from app.errors import NotAllowed, NotFound
from app.evidence.verdicts import check_rows
from app.extensions import db
from app.models import Actor, Answer, AuditEntry, Report, ReportStatus, Signature, Snapshot, Tenant
from app.photos.placing import caption_photo, remove_photo
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.lifecycle import IsCompleted, StillDraft, archive_report, discard_report
from app.reports.listing.filters import ReportFilter
from app.reports.listing.queries import list_reports
from app.reports.queries import ReportClosed, get_report
from app.reports.revising.carrying import Fate, Part
from app.reports.revising.changes import ChangeKind, read_changes
from app.reports.revising.queries import get_correction, read_kin
from app.reports.revising.service import (
    AlreadySuperseded,
    RevisionOpen,
    TechniciansMayNotCorrect,
    VersionChanged,
)
from app.reports.revising.telling import tell_changes
from app.reports.revisions import is_superseded, superseding
from tests.support import scenarios
from tests.support.revisions import (
    REASON,
    a_completed_report,
    a_newer_version,
    correct,
    finish,
    placements_of,
)

COPIED = ("value", "comment", "na_reason", "answered_by", "answered_at", "client_at", "block_key")
PLACED = ("photo_id", "field_id", "caption", "position", "quarantine_reason", "position_reason")


def answers_of(report: Report) -> dict[str, Answer]:
    rows = db.session.scalars(select(Answer).where(Answer.report_id == report.id))
    return {row.field_id: row for row in rows}


def rows_of(report: Report) -> list[object]:
    """Every row of a report as text."""
    tables = ("answers", "photo_placements", "signatures", "snapshots")
    found: list[object] = []
    for table in (*tables, "reports"):
        key = "id" if table == "reports" else "report_id"
        statement = f"select to_jsonb(t)::text from {table} t where {key} = :id order by 1"
        found += db.session.execute(text(statement), {"id": report.id}).scalars()
    return found


def superseded(report: Report) -> bool:
    found = select(Report.id).where(Report.id == report.id, is_superseded())
    return db.session.scalar(found) is not None


def test_a_correction_carries_answers_and_photos_and_asks_for_signatures_again(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess, photos=2)
        before = rows_of(older)
        newer = correct(older, Actor(cast.max.name, cast.max.role, cast.max.id))
        assert (newer.number, newer.revision, newer.revision_of) == (older.number, 1, older.id)
        assert (newer.status, newer.revision_reason) == (ReportStatus.IN_PROGRESS, REASON)
        assert (newer.version_id, newer.title) == (older.version_id, older.title)
        assert newer.started_at == (older.started_at or newer.started_at)
        old, new = answers_of(older), answers_of(newer)
        assert old.keys() == new.keys() and len(old) == len(scenarios.GOOD_ANSWERS)
        for field_id, row in old.items():
            assert new[field_id].carried_from == row.id
            for name in COPIED:
                assert getattr(new[field_id], name) == getattr(row, name), name
        pairs = list(zip(placements_of(older), placements_of(newer), strict=True))
        assert len(pairs) == 2
        for was, now in pairs:
            assert now.id != was.id and now.carried_from == was.id
            for name in PLACED:
                assert getattr(now, name) == getattr(was, name), name
        signed = select(Signature.id).where(Signature.report_id == newer.id)
        assert db.session.scalars(signed).all() == []
        assert rows_of(older) == before


def test_an_own_number_is_not_carried(acting, cast):
    field = {"id": "number", "type": "text", "label": {"en": "Number"}, "prefill": "report_number"}
    with acting(cast.tess) as tess:
        whole = scenarios.a_definition(code=f"N{uuid4().hex[:6].upper()}")
        info = (*whole.info_fields, Field.model_validate(field))
        version = scenarios.a_checklist(tess, whole.model_copy(update={"info_fields": info}))
        older = a_completed_report(tess, version=version)
        assert answers_of(older)["number"].value == older.full_number
        newer = finish(correct(older, tess), tess)
        assert answers_of(newer)["number"].value == newer.full_number
        changes = read_changes(newer)
        assert changes is not None and changes.is_empty


def test_the_older_counts_until_the_correction_is_completed(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
        newer = correct(older, tess)
        assert not superseded(older) and superseding(older) is None
        kin = read_kin(older, tess)
        assert (kin.newer, kin.opened and kin.opened.id) == (None, newer.id)
        before = rows_of(older)
        newer = finish(newer, tess)
        assert superseded(older) and not superseded(newer)
        found = superseding(older)
        assert found is not None and found.id == newer.id
        assert rows_of(older) == before
        lines = list_reports(ReportFilter(search=older.number), person=tess, page_size=9)
        assert {line.revision: line.superseded_by for line in lines.lines} == {0: 1, 1: None}
        assert not check_rows(older.id) and not check_rows(newer.id)


def test_the_snapshot_names_what_was_carried(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
        newer = finish(correct(older, tess), tess)
        body = db.session.scalars(select(Snapshot.body).where(Snapshot.report_id == newer.id)).one()
        old = answers_of(older)
        whole, found = json.loads(body), select(Snapshot.sha256)
        sha256 = db.session.scalars(found.where(Snapshot.report_id == older.id)).one()
        assert whole["corrects"] == {
            "number": older.number,
            "revision": "0",
            "snapshot_sha256": sha256,
        }
        assert '"format":"laudo.snapshot/5"' in body
        for row in (*old.values(), *placements_of(older)):
            assert f'"carried_from":"{row.id}"' in body


def test_one_open_correction_at_a_time(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
        client_id = uuid4()
        newer = correct(older, tess, client_id=client_id)
        assert correct(older, tess, client_id=client_id).id == newer.id, "a form sent twice"
        with pytest.raises(RevisionOpen):
            correct(older, tess)
        db.session.rollback()
        finish(newer, tess)
        with pytest.raises(AlreadySuperseded):
            correct(older, tess)


def test_a_discarded_correction_keeps_its_number(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
        dropped = correct(older, tess)
        discard_report(report_id=dropped.id, actor=tess)
        db.session.commit()
        assert not superseded(older)
        second = correct(older, tess)
        assert (second.revision, second.revision_of) == (2, older.id)
        changes = read_changes(finish(second, tess))
        assert changes is not None and changes.older.id == older.id
        third = correct(second, tess)
        assert (third.revision, third.revision_of) == (3, second.id)
        finish(third, tess)
        assert superseded(older) and superseded(second) and not superseded(third)
        newest = superseding(older)
        assert newest is not None and newest.id == third.id


def test_an_archived_report_can_be_corrected_and_an_open_one_not(acting, cast):
    with acting(cast.max) as boss:
        older = a_completed_report(boss)
        archive_report(report_id=older.id, actor=boss)
        db.session.commit()
        assert correct(older, boss).revision == 1
        with pytest.raises(StillDraft):
            correct(scenarios.a_report(boss), boss)


def test_who_may_correct(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
    with acting(cast.tom) as tom, pytest.raises(NotFound):
        correct(older, tom)
    with acting(cast.vera) as vera:
        scenarios.a_grant(cast.vera.id, older.project_id)
        with pytest.raises(NotAllowed):
            correct(older, vera)
    with acting(cast.tess) as tess:
        db.session.execute(update(Tenant).values(technicians_correct=False))
        db.session.commit()
        assert not read_kin(get_report(older.id, person=tess), tess).may_correct
        with pytest.raises(TechniciansMayNotCorrect):
            correct(older, tess)
    with acting(cast.max) as boss:
        assert read_kin(get_report(older.id, person=boss), boss).may_correct
        newer = correct(older, boss)
        assert newer.started_by == boss.account_id
        assert newer.assignee_id == cast.tess.id, "who filled in the report corrects it"


def test_the_audit_tells_of_both(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess, photos=2)
        newer = correct(older, tess)
        found = select(AuditEntry).where(
            AuditEntry.action.in_(["report.revised", "report.carried"])
        )
        revised, carried = db.session.scalars(found.order_by(AuditEntry.sequence))
        assert (revised.object_id, carried.object_id) == (older.id, newer.id)
        assert revised.facts["facts"]["reason"] == REASON
        assert revised.facts["facts"]["revised_as"] == newer.full_number
        sha256 = db.session.scalars(
            select(Snapshot.sha256).where(Snapshot.report_id == older.id)
        ).one()
        facts = carried.facts["facts"]
        assert facts["snapshot_sha256"] == sha256
        assert (facts["answers"], facts["photos"]) == (str(len(scenarios.GOOD_ANSWERS)), "2")
        assert (facts["dropped_answers"], facts["dropped_photos"]) == ("0", "0")


def test_nothing_reaches_the_older_report(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
        correct(older, tess)
        with pytest.raises(ReportClosed):
            save_answer(
                report_id=older.id,
                field_id="customer",
                given=AnswerInput(row_version=1, value="Other"),
                actor=tess,
            )
        with pytest.raises(ReportClosed):
            remove_photo(placement_id=placements_of(older)[0].id, actor=tess)
        with pytest.raises(IsCompleted):
            discard_report(report_id=older.id, actor=tess)


def renewed(old: Definition) -> Definition:
    """The next version: one question gone, one in another unit, one with other limits, one without
    photos, one that is typed text now, one reworded, one new."""

    def section(one: Section) -> Section:
        fields = [changed(field) for field in one.fields if field.id != "started_at"]
        if one.id == "tests":
            fields.append(Field(id="torque", type=FieldType.NUMBER, label=Text(en="Torque")))
        return one.model_copy(update={"fields": tuple(fields)})

    def changed(field: Field) -> Field:
        ways: dict[str, dict[str, object]] = {
            "enclosure": {"photos": PhotoPolicy(mode="none", max=0)},
            "cable_entry": {"type": FieldType.TEXT, "options": ()},
            "insulation": {"limits": Limits(unit="GΩ", min=Decimal("0.1"))},
            "contact_resistance": {"limits": Limits(unit="mΩ", max=Decimal("0.05"))},
            "remarks": {"label": Text(en="Final remarks")},
        }
        return field.model_copy(update=ways.get(field.id, {}))

    return old.model_copy(update={"sections": tuple(map(section, old.sections))})


def test_onto_a_newer_version_each_answer_is_carried_changed_or_dropped(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
        body = renewed(older.version.definition)
        with pytest.raises(VersionChanged):
            correct(older, tess, onto_version=uuid4())
        version = a_newer_version(older.version, body, tess)
        plan = get_correction(older.id, person=tess)
        assert plan.newer is not None and plan.newer.id == version.id
        assert {one.fate for one in plan.same} == {Fate.CARRIED}
        fates = {one.old.id: one.fate for one in plan.onto_newer}
        assert fates == {
            **dict.fromkeys(scenarios.GOOD_ANSWERS, Fate.CARRIED),
            **dict.fromkeys(("enclosure", "cable_entry", "insulation", "started_at"), Fate.DROPPED),
            **dict.fromkeys(("contact_resistance", "remarks"), Fate.CHANGED),
        }
        differs = {one.old.id: one.differs for one in plan.onto_newer}
        assert differs["contact_resistance"] == (Part.LIMITS,)
        assert differs["remarks"] == (Part.WORDING,)
        assert differs["insulation"] == (Part.UNIT, Part.LIMITS)
        newer = correct(older, tess, onto_version=version.id)
        assert newer.version_id == version.id
        kept = answers_of(newer).keys()
        assert scenarios.GOOD_ANSWERS.keys() - kept == {"cable_entry", "insulation", "started_at"}
        assert placements_of(newer) == []
        changes = read_changes(newer)
        assert changes is not None
        assert (changes.old_version, changes.new_version) == (1, 2)
        told = {one.field.id: one.kind for one in changes.answers}
        assert told == dict.fromkeys(
            ("cable_entry", "insulation", "started_at"), ChangeKind.DROPPED
        )
        assert [one.is_added for one in changes.photos] == [False]
        (lost,) = (one for one in changes.answers if one.field.id == "started_at")
        assert (lost.old.value, lost.by) == ("14:05", tess.name)


def test_a_comment_stays_even_if_its_value_does_not(acting, cast):
    with acting(cast.tess) as tess:
        report = scenarios.a_report(tess)
        scenarios.all_answers(report, tess)
        db.session.execute(
            update(Answer).where(Answer.field_id == "insulation").values(comment="At 20 °C")
        )
        scenarios.a_photo(report, "enclosure", tess)
        older = finish(report, tess)
        version = a_newer_version(older.version, renewed(older.version.definition), tess)
        row = answers_of(correct(older, tess, onto_version=version.id))["insulation"]
        assert (row.value, row.comment) == (None, "At 20 °C")


@pytest.mark.parametrize("typed", ["200", "0.2"])
def test_a_number_in_another_unit_is_a_change_even_if_it_is_the_same_number(
    app, acting, cast, typed
):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess)
        version = a_newer_version(older.version, renewed(older.version.definition), tess)
        newer = correct(older, tess, onto_version=version.id)
        answered = AnswerInput(value=f">{typed}")
        save_answer(report_id=newer.id, field_id="insulation", given=answered, actor=tess)
        db.session.commit()
        changes = read_changes(get_report(newer.id, person=tess))
        assert changes is not None
        (one,) = (one for one in changes.answers if one.field.id == "insulation")
        assert one.kind is ChangeKind.CHANGED
        with app.test_request_context():
            told = tell_changes(changes, sees_older=True).lines
        (line,) = (line for line in told if line.anchor == "insulation")
        assert (line.old, line.new) == (">200 MΩ", f">{typed} GΩ")
        numbers = dict.fromkeys((field.id for field in older.version.definition.all_fields()), "1")
        printed = changes_of(changes, numbers, numbers, (Language.EN,)).answers
        (row,) = (row for row in printed if row.field_id == "insulation")
        assert (row.old, row.new) == (">200 MΩ", f">{typed} GΩ")


def test_the_changes_name_what_and_who(acting, cast):
    with acting(cast.tess) as tess:
        older = a_completed_report(tess, photos=2)
        newer = correct(older, tess)
    with acting(cast.max) as boss:
        first, second = placements_of(newer)
        scenarios.a_photo(newer, "enclosure", boss, position=2, caption="New")
        caption_photo(placement_id=second.id, caption="Hinge", actor=boss)
        remove_photo(placement_id=first.id, actor=boss)
        given = {
            "customer": AnswerInput(row_version=1, value="Clínica Sul"),
            "remarks": AnswerInput(row_version=1, value=""),
        }
        for field_id, answer in given.items():
            save_answer(report_id=newer.id, field_id=field_id, given=answer, actor=boss)
        db.session.commit()
        changes = read_changes(get_report(newer.id, person=boss))
        assert changes is not None and changes.by == cast.tess.name
        told = {
            one.field.id: (one.kind, one.old.value, one.new.value, one.by)
            for one in changes.answers
        }
        assert told == {
            "customer": (ChangeKind.CHANGED, "Hospital São Lucas", "Clínica Sul", boss.name),
            "remarks": (ChangeKind.CLEARED, "Nada a declarar.", None, boss.name),
        }
        (caption,) = changes.captions
        assert (caption.old, caption.new, caption.by) == ("Door 1", "Hinge", boss.name)
        photos = [(one.is_added, one.placed.placement.caption, one.by) for one in changes.photos]
        assert photos == [(False, "Door 0", boss.name), (True, "New", boss.name)]


def forbidden(statement: str, *errors: type[Exception], **values: object) -> None:
    with pytest.raises(errors), db.session.begin_nested():
        db.session.execute(text(statement), values)


def test_the_database_holds_the_rules(acting, cast):
    copy = (
        "insert into reports (tenant_id, project_id, version_id, number, revision, revision_of,"
        " revision_reason, title, started_by, assignee_id) select tenant_id, project_id, version_id,"
        " {number}, {revision}, {of}, {reason}, title, started_by, assignee_id from reports"
        " where id = :id"
    )
    with acting(cast.tess) as tess:
        older, other = a_completed_report(tess), a_completed_report(tess)
        parts = {"number": "number", "revision": "9", "of": "id", "reason": "'Why'"}
        for wrong in ({"of": "null"}, {"reason": "null"}, {"revision": "0"}):
            forbidden(copy.format(**parts | wrong), IntegrityError, ProgrammingError, id=older.id)
        for wrong in ({"number": "'OTHER-1'"}, {"of": f"'{other.id}'"}):
            forbidden(copy.format(**parts | wrong), ProgrammingError, id=older.id)
        newer = correct(older, tess)
        forbidden(copy.format(**parts), IntegrityError, id=older.id)
        forbidden(
            "insert into answers (tenant_id, report_id, field_id, answered_at, carried_from)"
            " select tenant_id, :newer, 'forged', answered_at, id from answers"
            " where report_id = :other limit 1",
            ProgrammingError,
            newer=newer.id,
            other=other.id,
        )
        forbidden(
            "insert into photo_placements (tenant_id, report_id, photo_id, field_id, carried_from)"
            " select tenant_id, :newer, photo_id, field_id, id from photo_placements"
            " where report_id = :other limit 1",
            ProgrammingError,
            newer=newer.id,
            other=other.id,
        )
