"""What a report says, as one canonical value and its hash: the thing that a signature covers.

In: the report's identity, its version, every answer, the placed photos in their order. Out:
who saved what and when, the worker's readings and the signatures themselves, as none of them
may void a signature. Pure of the database; the frozen form of a whole report is snapshot.py.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from app.definition.judging import AnswerFacts, said
from app.evidence.service import canonical_json
from app.models import Report
from app.reports.facts import PlacedPhoto, ReportFacts

FORMAT = "laudo.content/1"


def report_content(report: Report, facts: ReportFacts) -> dict[str, Any]:
    """Plain JSON data, numbers as strings. Photos stand in the order of field and position."""
    return {
        "format": FORMAT,
        "report": {
            "id": str(report.id),
            "number": report.number,
            "revision": str(report.revision),
            "title": report.title,
            "project": str(report.project_id),
            "equipment": str(report.equipment_id) if report.equipment_id else None,
        },
        "version": str(report.version_id),
        # An answer that was taken back again is no content: the report says what it said before.
        "answers": {
            field_id: answer_content(answer)
            for field_id, answer in facts.answers.items()
            if is_said(answer)
        },
        "photos": [_photo(placed) for placed in facts.photos],
    }


def content_hash(report: Report, facts: ReportFacts) -> str:
    """SHA-256 (hex) of the canonical JSON (RFC 8785, UTF-8) of `report_content`."""
    return sha256(canonical_json(report_content(report, facts)).encode()).hexdigest()


def is_said(answer: AnswerFacts) -> bool:
    """Whether an answer holds anything: a value, a comment or a reason."""
    return answer.value is not None or said(answer.comment) or said(answer.na_reason)


def answer_content(answer: AnswerFacts) -> dict[str, Any]:
    """Value, comment and reason of an answer; None where empty."""
    return {"value": answer.value, "comment": answer.comment, "na_reason": answer.na_reason}


def _photo(placed: PlacedPhoto) -> dict[str, Any]:
    """Why it has no position is there only where a reason was given, so that what was signed before
    there were such reasons is still what was signed."""
    placement = placed.placement
    content = {
        "sha256": placed.photo.sha256,
        "field": placement.field_id,
        "caption": placement.caption,
        "quarantine_reason": placement.quarantine_reason,
    }
    if placement.position_reason:
        content["position_reason"] = placement.position_reason
    return content
