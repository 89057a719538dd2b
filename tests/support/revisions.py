"""Completed reports with photos and signatures, and their corrections."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from sqlalchemy import select

from app.definition.schema import Definition
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, PhotoPlacement, Report, Version
from app.reports.completing.service import submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.queries import get_report
from app.reports.revising.service import correct_report
from tests.support import scenarios

REASON = "The insulation was noted in the wrong unit."


def a_completed_report(actor: Actor, *, photos: int = 1, **columns: Any) -> Report:
    """A report that was filled in, signed and submitted by the actor."""
    report = scenarios.a_report(actor, **columns)
    scenarios.all_answers(report, actor)
    for position in range(photos):
        words = f"Door {position}"
        photo = scenarios.a_photo(report, "enclosure", actor, position=position, caption=words)
        record("photo.received", report, actor, photo=str(photo.id), sha256=photo.sha256)
    return finish(report, actor)


def finish(report: Report, actor: Actor) -> Report:
    """Sign and submit the report as it is."""
    report = get_report(report.id, person=actor)
    signed = content_hash(report, load_facts(report))
    scenarios.a_signature(report, "technician", actor, content_hash=signed)
    submit_report(report_id=report.id, actor=actor)
    db.session.commit()
    return get_report(report.id, person=actor)


def correct(report: Report, actor: Actor, **changes: Any) -> Report:
    wanted = {"reason": REASON, "client_id": uuid4(), **changes}
    made = correct_report(report_id=report.id, actor=actor, **wanted)
    db.session.commit()
    return get_report(made.id, person=actor)


def a_newer_version(version: Version, definition: Definition, actor: Actor) -> Version:
    """Publish another version of the checklist."""
    newer = Version(
        checklist_id=version.checklist_id,
        number=version.number + 1,
        body=definition.model_dump(mode="json", exclude_defaults=True),
        published_at=version.published_at,
        published_by=actor.account_id,
    )
    db.session.add(newer)
    db.session.commit()
    db.session.refresh(newer)
    return newer


def placements_of(report: Report) -> list[PhotoPlacement]:
    statement = select(PhotoPlacement).where(PhotoPlacement.report_id == report.id)
    return list(db.session.scalars(statement.order_by(PhotoPlacement.position)))
