"""The snapshot: a whole report as canonical JSON, made once at completion and never changed.

It is self-contained: with it and the photos' files, a report can be verified without a server.
All numbers are strings. completing/service.py decides whether a report may be completed.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.config import ROOT
from app.contact import contact_of
from app.definition.outcome import ReportResult
from app.evidence.digests import NEWEST_FORMAT
from app.evidence.queries import ChainHead, ask
from app.evidence.recorded import digest_of, numbers_as_text, read_digests
from app.evidence.service import canonical_json
from app.extensions import db
from app.models import (
    Account,
    Answer,
    Derivative,
    PhotoPlacement,
    PhotoReading,
    Report,
    ReviewComment,
    Signature,
    Snapshot,
)
from app.pdf.settings import layout_in_force
from app.reports.completing.witnesses import witness_named, witnesses_of
from app.reports.content import answer_content, content_hash
from app.reports.facts import PlacedPhoto, ReportFacts
from app.reports.likenesses import likenesses_for_snapshot
from app.reports.reviewing.rounds import list_comments, list_reviews
from app.rows import own_tenant
from app.surroundings import places_for_snapshot

Names = Mapping[UUID, str]
Pictures = Mapping[UUID, list[dict[str, str]]]


def freeze(report: Report, facts: ReportFacts, result: ReportResult, head: ChainHead) -> Snapshot:
    """Add the snapshot's row; the report's row already has its completion time and outcome.

    `head` is the newest audit entry that the snapshot can name: the completion's own entry names
    the snapshot's hash, so it must come later.
    """
    db.session.flush()  # the database computes the digests from its rows
    body = canonical_json(snapshot_of(report, facts, result, head))
    snapshot = Snapshot(
        report_id=report.id,
        body=body,
        sha256=sha256(body.encode()).hexdigest(),
        audit_sequence=head.sequence,
        audit_hash=head.hash,
    )
    db.session.add(snapshot)
    return snapshot


def snapshot_of(
    report: Report, facts: ReportFacts, result: ReportResult, head: ChainHead
) -> dict[str, Any]:
    """The whole report as plain JSON data."""
    names = _names()
    current = content_hash(report, facts)
    pictures = _pictures(report.id)
    return {
        "format": NEWEST_FORMAT,
        "software": {"name": "Laudo", "version": app_version()},
        "report": _report(report, names),
        # Not compared with rows: links the snapshots of all revisions to each other.
        **_corrected(report),
        "definition": _definition(report),
        "result": {key: str(value) for key, value in asdict(result).items()},
        "content_hash": current,
        "answers": {field_id: _answer(row, facts, names) for field_id, row in facts.rows.items()},
        # Not compared with rows: later PDFs find them again from the answers.
        **({"hidden": list(facts.hidden)} if facts.hidden else {}),
        "photos": [_photo(placed, names, pictures) for placed in facts.photos],
        "removed_photos": [_removed(row) for row in _removed_placements(report.id)],
        "signatures": {
            role_id: _signature(signature, current, names)
            for role_id, signature in facts.signatures.items()
        },
        "rows": read_digests(
            ask, str(report.tenant_id), str(report.id), snapshot_format=NEWEST_FORMAT
        ),
        "audit": {"sequence": str(head.sequence), "hash": head.hash},
        # Not compared with rows; later PDFs print it beside the photos' positions.
        "places": places_for_snapshot(
            report.project.radius_m,
            {str(one.photo.id): near for one in facts.photos if (near := one.nearest)},
        ),
        # Not compared with rows either; later PDFs have it.
        "layout": layout_in_force(own_tenant().pdf, report.version.checklist.layout).value,
        **_reviews(report.id, names),
        # Not compared with rows; later PDFs print these.
        **likenesses_for_snapshot((one.photo.id, one.likenesses) for one in facts.photos),
        **witnesses_of(report.id, names),
    }


def _reviews(report_id: UUID, names: Names) -> dict[str, Any]:
    """Every step of every round with its comments, if the report was reviewed. Later PDFs print
    these; the rows are compared by their digests."""
    reviews = list_reviews(report_id)
    comments = list_comments(report_id)
    told = [
        {
            "round": str(one.round),
            "step": str(one.step),
            "steps": str(len(one.steps)),
            "state": one.state.value,
            "reviewer": _person(one.reviewer_id, names),
            "submitted_by": _person(one.submitted_by, names),
            "waiting_since": _time(one.waiting_since),
            "begun_at": _time(one.begun_at),
            "closed_at": _time(one.closed_at),
            "accepted": [str(field_id) for field_id in one.accepted],
            "comments": [_comment(said, names) for said in comments if said.review_id == one.id],
        }
        for one in reviews
    ]
    return {"reviews": told} if told else {}


def _comment(said: ReviewComment, names: Names) -> dict[str, Any]:
    return {
        "field": said.field_id,
        "words": said.words,
        "author": _person(said.author_id, names),
        "at": _time(said.created_at),
        "reply": said.reply or None,
        "replied_by": _person(said.replied_by, names),
        "replied_at": _time(said.replied_at),
        "done_by": _person(said.done_by, names),
        "done_at": _time(said.done_at),
    }


@cache
def app_version() -> str:
    """The version of the running software, from pyproject.toml."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return str(project["version"])


def _report(report: Report, names: Names) -> dict[str, Any]:
    project, equipment = report.project, report.equipment
    return {
        "id": str(report.id),
        "tenant": str(report.tenant_id),
        "number": report.number,
        "revision": str(report.revision),
        "revision_of": _text(report.revision_of),
        "revision_reason": report.revision_reason,
        "title": report.title,
        # The end of the public address, which is printed on every page of the PDF.
        "check_token": report.check_token,
        "project": {
            "id": str(project.id),
            "name": project.name,
            "client": project.client,
            # Not compared with rows; later PDFs print it.
            "client_contact": contact_of(project.client_contact).overrides(),
            "address": project.address,
            "latitude": _text(project.latitude),
            "longitude": _text(project.longitude),
        },
        "equipment": {"id": str(equipment.id), "tag": equipment.tag, "name": equipment.name}
        if equipment
        else None,
        "started_by": _person(report.started_by, names),
        "assignee": _person(report.assignee_id, names),
        "completed_by": _person(report.completed_by, names),
        "created_at": _time(report.created_at),
        "started_at": _time(report.started_at),
        "submitted_at": _time(report.submitted_at),
        "completed_at": _time(report.completed_at),
    }


def _corrected(report: Report) -> dict[str, Any]:
    """The report that this one corrects, with the hash of its snapshot."""
    row = db.session.execute(
        select(Report.number, Report.revision, Snapshot.sha256)
        .outerjoin(Snapshot, Snapshot.report_id == Report.id)
        .where(Report.id == report.revision_of)
    ).one_or_none()
    if row is None:
        return {}
    named = {"number": row.number, "revision": str(row.revision)}
    return {"corrects": {**named, "snapshot_sha256": row.sha256}}


def _definition(report: Report) -> dict[str, Any]:
    """The questions, so that the answers can be understood without the server."""
    version = report.version
    body = numbers_as_text(version.body)
    return {
        "checklist": str(version.checklist_id),
        "version_id": str(version.id),
        "version": str(version.number),
        "sha256": digest_of(body),
        "body": body,
    }


def _answer(row: Answer, facts: ReportFacts, names: Names) -> dict[str, Any]:
    own = facts.own.get(row.field_id)
    return {
        **answer_content(facts.answers[row.field_id]),
        # The report's own value: not compared with rows; later PDFs print it.
        **({"own": {"source": own.source.value, "value": own.value}} if own else {}),
        "row_version": str(row.row_version),
        "answered_by": _person(row.answered_by, names),
        "answered_at": _time(row.answered_at),
        "client_at": _time(row.client_at),
        "carried_from": _text(row.carried_from),
    }


def _photo(placed: PlacedPhoto, names: Names, pictures: Pictures) -> dict[str, Any]:
    """`pictures` are the photo's derivatives; later PDFs print these and no others."""
    photo, placement = placed.photo, placed.placement
    return {
        "id": str(placement.id),
        "photo": str(photo.id),
        "carried_from": _text(placement.carried_from),
        "field": placement.field_id,
        "position": str(placement.position),
        "caption": placement.caption,
        "quarantine_reason": placement.quarantine_reason,
        "position_reason": placement.position_reason,
        "sha256": photo.sha256,
        "byte_size": str(photo.byte_size),
        "media_type": photo.media_type,
        "source": photo.source.value,
        "uploaded_by": _person(photo.uploaded_by, names),
        "received_at": _time(photo.created_at),
        "client_at": _time(photo.client_at),
        "browser_position": {
            "latitude": _text(photo.latitude),
            "longitude": _text(photo.longitude),
            "accuracy_m": _text(photo.accuracy_m),
            "at": _time(photo.position_at),
        },
        "reading": _reading(placed.reading),
        "pictures": pictures.get(photo.id, []),
    }


def _reading(reading: PhotoReading | None) -> dict[str, Any] | None:
    if reading is None:
        return None
    plain = (
        "reason",
        "width",
        "height",
        "orientation",
        "taken_at",
        "taken_offset",
        "latitude",
        "longitude",
        "altitude_m",
        "accuracy_m",
        "device",
        "parser_version",
    )
    return {
        "verdict": reading.verdict.value,
        "notes": numbers_as_text(reading.notes),
        "exif_sha256": digest_of(reading.exif),
        **{name: _text(getattr(reading, name)) for name in plain},
    }


def _pictures(report_id: UUID) -> Pictures:
    """The derivatives of each placed photo, oldest first."""
    placed = select(PhotoPlacement.photo_id).where(
        PhotoPlacement.report_id == report_id, PhotoPlacement.removed_at.is_(None)
    )
    rows = db.session.scalars(
        select(Derivative)
        .where(Derivative.photo_id.in_(placed))
        .order_by(Derivative.created_at, Derivative.id)
    )
    found: dict[UUID, list[dict[str, str]]] = {}
    for row in rows:
        named = {
            "kind": row.kind.value,
            "recipe": row.recipe,
            "sha256": row.sha256,
            "width": str(row.width),
            "height": str(row.height),
        }
        found.setdefault(row.photo_id, []).append(named)
    return found


def _removed_placements(report_id: UUID) -> Iterable[PhotoPlacement]:
    return db.session.scalars(
        select(PhotoPlacement)
        .where(PhotoPlacement.report_id == report_id, PhotoPlacement.removed_at.is_not(None))
        .options(joinedload(PhotoPlacement.photo, innerjoin=True))
        .order_by(PhotoPlacement.removed_at, PhotoPlacement.id)
    )


def _removed(row: PhotoPlacement) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "photo": str(row.photo_id),
        "field": row.field_id,
        "sha256": row.photo.sha256,
        "received_at": _time(row.photo.created_at),
        "removed_at": _time(row.removed_at),
    }


def _signature(signature: Signature, current: str, names: Names) -> dict[str, Any]:
    """`strokes_sha256` is the hash of the stored strokes in RFC 8785 form, with numbers as text."""
    drawn = signature.strokes
    strokes = digest_of(drawn) if drawn else None
    return {
        "id": str(signature.id),
        "signer": signature.signer_name,
        "image_sha256": signature.image_sha256,
        "strokes_sha256": strokes,
        "content_hash": signature.content_hash,
        "is_valid": signature.content_hash == current,
        "taken_by": _person(signature.taken_by, names),
        "witness": witness_named(signature.witness_id),
        "signed_at": _time(signature.created_at),
        "client_at": _time(signature.client_at),
    }


def _names() -> Names:
    """The names of all people of the tenant; a report names a few of them many times."""
    rows = db.session.execute(select(Account.id, Account.name))
    return {row.id: row.name for row in rows}


def _person(account_id: UUID | None, names: Names) -> dict[str, str] | None:
    return {"id": str(account_id), "name": names[account_id]} if account_id else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _time(moment: datetime | None) -> str | None:
    """UTC with microseconds, in the format of the audit chain."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if moment else None
