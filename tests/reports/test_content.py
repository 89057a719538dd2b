"""The content of a report and its frozen form: the hash that signatures cover, the snapshot."""

from __future__ import annotations

import json
from hashlib import sha256

import pytest
import rfc8785
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

from app.definition.outcome import Outcome
from app.evidence.chain import verify_chain
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import PhotoPlacement, PhotoVerdict, Report, ReportStatus, Snapshot
from app.reports.completing.service import submit_report
from app.reports.completing.snapshot import app_version, numbers_as_text
from app.reports.content import content_hash
from app.reports.facts import load_facts
from tests.support import scenarios


def current_hash(report: Report) -> str:
    db.session.expire_all()
    return content_hash(report, load_facts(report))


def complete(actor, **answers):
    """Submits a complete report; returns it and its snapshot."""
    report = scenarios.a_report(actor)
    scenarios.all_answers(report, actor, **answers)
    scenarios.a_photo(report, "enclosure", actor, caption="Door")
    removed = scenarios.a_photo(report, "enclosure", actor)
    placement = db.session.scalars(
        select(PhotoPlacement).where(PhotoPlacement.photo_id == removed.id)
    ).one()
    placement.removed_at = placement.created_at
    db.session.commit()
    scenarios.a_signature(report, "technician", actor, content_hash=current_hash(report))
    submit_report(report_id=report.id, actor=actor)
    db.session.commit()
    return report, db.session.scalars(select(Snapshot)).one()


def test_every_change_of_content_changes_the_hash(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        seen = [current_hash(report)]
        answer = scenarios.an_answer(report, "enclosure", "ok", actor)
        seen.append(current_hash(report))
        answer.comment = "Scratched"
        db.session.commit()
        seen.append(current_hash(report))
        photo = scenarios.a_photo(report, "enclosure", actor)
        seen.append(current_hash(report))
        placement = db.session.scalars(select(PhotoPlacement)).one()
        for column, value in (
            ("caption", "Door"),
            ("field_id", "cable_entry"),
            ("position_reason", "In the cellar"),
        ):
            setattr(placement, column, value)
            db.session.commit()
            seen.append(current_hash(report))
        placement.removed_at = photo.created_at
        db.session.commit()
        assert current_hash(report) == seen[2]
        assert len(set(seen)) == len(seen)


def test_other_data_does_not_change_the_hash(acting, cast):
    with acting(cast.tess) as actor:
        report = scenarios.a_report(actor)
        photo = scenarios.a_photo(report, "enclosure", actor, verdict=None)
        before = current_hash(report)
        scenarios.an_answer(report, "cable_entry", None, actor)
        scenarios.a_signature(report, "technician", actor)
        db.session.add(
            scenarios.PhotoReading(
                photo_id=photo.id, verdict=PhotoVerdict.GOOD, parser_version="test"
            )
        )
        db.session.commit()
        assert current_hash(report) == before


def test_the_snapshot_is_canonical_and_its_hash_matches(acting, cast):
    with acting(cast.tess) as actor:
        _report, snapshot = complete(actor)
        body = json.loads(snapshot.body)
        assert rfc8785.dumps(body).decode() == snapshot.body
        assert sha256(snapshot.body.encode()).hexdigest() == snapshot.sha256
        assert not any(isinstance(one, int | float) for one in numbers_of(body))


def numbers_of(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [number for one in value for number in numbers_of(one)]
    return [value] if isinstance(value, int | float) and not isinstance(value, bool) else []


def test_the_snapshot_holds_the_report(acting, cast):
    with acting(cast.tess) as actor:
        report, snapshot = complete(actor)
        body = json.loads(snapshot.body)
        assert body["report"]["number"] == report.number
        assert body["report"]["completed_by"]["name"] == "Tess Technician"
        assert body["definition"]["version_id"] == str(report.version_id)
        assert body["software"] == {"name": "Laudo", "version": app_version()}
        assert body["result"]["outcome"] == report.outcome == Outcome.PASSED
        insulation = body["answers"]["insulation"]
        assert insulation["value"] == {"text": ">200", "decimal": "200"}
        assert insulation["answered_by"]["id"] == str(cast.tess.id)
        assert [photo["caption"] for photo in body["photos"]] == ["Door"]
        assert len(body["removed_photos"]) == 1
        signature = body["signatures"]["technician"]
        assert signature["is_valid"] and signature["content_hash"] == body["content_hash"]


def test_the_definition_in_the_snapshot_still_validates(acting, cast):
    with acting(cast.tess) as actor:
        report, snapshot = complete(actor)
        body = json.loads(snapshot.body)["definition"]["body"]
        definition = type(report.version.definition).model_validate(body)
        assert definition == report.version.definition


def test_the_completion_names_the_snapshot_and_follows_its_head(acting, cast):
    with acting(cast.tess) as actor:
        report, snapshot = complete(actor)
        entries = {entry.action: entry for entry in list_entries("report", report.id)}
        submitted, done = entries["report.submitted"], entries["report.completed"]
        assert (snapshot.audit_sequence, snapshot.audit_hash) == (
            submitted.sequence,
            submitted.hash,
        )
        assert done.previous_hash == snapshot.audit_hash
        assert done.facts["facts"]["snapshot_sha256"] == snapshot.sha256
        assert verify_chain().broken_at is None


STATEMENTS = (
    "update reports set title = 'other' where id = :id",
    "update reports set status = 'in_progress' where id = :id",
    "delete from reports where id = :id",
    "update answers set comment = 'other' where report_id = :id",
    "update photo_placements set caption = 'other' where report_id = :id",
    "insert into signatures (tenant_id, report_id, role_id, signer_name, content_hash, taken_by,"
    " client_id) select tenant_id, id, 'client', 'x', 'x', started_by, gen_random_uuid()"
    " from reports where id = :id",
    "update snapshots set body = '{}' where report_id = :id",
)


@pytest.mark.parametrize("statement", STATEMENTS)
def test_a_completed_report_cannot_change_by_sql(acting, cast, statement):
    refusal = r"cannot change|insert-only|permission denied"
    with acting(cast.tess) as actor:
        report, _snapshot = complete(actor)
        assert report.status is ReportStatus.COMPLETED
        with pytest.raises(ProgrammingError, match=refusal):
            db.session.execute(text(statement), {"id": report.id})


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "1"), (100, "100"), (0.5, "0.5"), (1e-7, "0.0000001"), (-3.25, "-3.25"), (True, True)],
)
def test_numbers_become_plain_text(number, words):
    assert numbers_as_text({"a": [number]}) == {"a": [words]}
