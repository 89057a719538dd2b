"""What a witness does with one question of the report: accept it, or comment on it.

An acceptance holds the hash of what was accepted. If the answer or its photos change, the hashes
differ, and the question is not accepted any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from sqlalchemy import func, select

from app.errors import DomainError, NotFound
from app.evidence.service import canonical_json, record
from app.extensions import db
from app.locks import lock_row
from app.models import Actor, Report, ReviewComment, Witness
from app.reports.content import report_content
from app.reports.facts import load_facts
from app.reports.locking import lock_witnessed_report
from app.reports.queries import closed_error
from app.witnessing.visits import require_open

MOST_COMMENTS = 300


class TooManyComments(DomainError):
    """You wrote %(most)s comments on this report, which is the limit. Tell the person who sent you
    the link what else you found."""

    status = 422


def hashes_of(content: Mapping[str, Any]) -> dict[str, str]:
    """By field id, the SHA-256 (hex) of its answer and photos in the report's content; fields
    without either are missing."""
    found: dict[str, dict[str, Any]] = {
        field_id: {"answer": answer} for field_id, answer in content["answers"].items()
    }
    for photo in content["photos"]:
        found.setdefault(photo["field"], {}).setdefault("photos", []).append(photo)
    return {
        field_id: sha256(canonical_json(one).encode()).hexdigest()
        for field_id, one in found.items()
    }


def accept_item(*, witness: Witness, field_id: str, is_accepted: bool, actor: Actor) -> None:
    """Accept the current answer and photos of a question, or take it back.

    Raises NotFound, ReportClosed, LinkRefused.
    """
    report, current = _lock(witness, field_id)
    held = {key: value for key, value in current.accepted.items() if key != field_id}
    facts = {"field": field_id, "witness_id": str(current.id)}
    if not is_accepted:
        if field_id in current.accepted:
            current.accepted = held
            record("witness.acceptance_withdrawn", report, actor, **facts)
        return
    digest = hashes_of(report_content(report, load_facts(report))).get(field_id, "")
    if current.accepted.get(field_id) != digest:
        current.accepted = {**held, field_id: digest}
        record("witness.accepted", report, actor, **facts)


def comment_on_item(*, witness: Witness, field_id: str, words: str, actor: Actor) -> ReviewComment:
    """Pin a comment to a question; it is not accepted any more.

    The same words twice are one comment. Raises NotFound, ReportClosed, LinkRefused,
    TooManyComments.
    """
    report, current = _lock(witness, field_id)
    mine = select(ReviewComment).where(ReviewComment.witness_id == current.id)
    same = mine.where(ReviewComment.field_id == field_id, ReviewComment.words == words)
    if known := db.session.scalars(same.limit(1)).one_or_none():
        return known
    count = db.session.scalar(select(func.count()).select_from(mine.subquery())) or 0
    if count >= MOST_COMMENTS:
        raise TooManyComments(most=MOST_COMMENTS)
    said = ReviewComment(report_id=report.id, witness_id=current.id, field_id=field_id, words=words)
    if field_id in current.accepted:
        current.accepted = {k: v for k, v in current.accepted.items() if k != field_id}
    db.session.add(said)
    db.session.flush()
    record(
        "witness.commented",
        report,
        actor,
        field=field_id,
        witness_id=str(current.id),
        comment_id=str(said.id),
        comment=words,
    )
    return said


def list_comments_of(witness: Witness) -> dict[str, list[ReviewComment]]:
    """The witness's own comments by field, oldest first."""
    rows = db.session.scalars(
        select(ReviewComment)
        .where(ReviewComment.witness_id == witness.id)
        .order_by(ReviewComment.created_at, ReviewComment.id)
    )
    found: dict[str, list[ReviewComment]] = {}
    for one in rows:
        found.setdefault(one.field_id, []).append(one)
    return found


def _lock(witness: Witness, field_id: str) -> tuple[Report, Witness]:
    """The locked report, which still changes, and the locked witness, whose link is still open."""
    report = lock_witnessed_report(witness)
    if report.is_finished:
        raise closed_error(report.status, report.number)
    current = lock_row(Witness, witness.id)
    require_open(current)
    field = report.version.definition.field(field_id)
    if field is None or not field.is_question:
        raise NotFound
    return report, current
