"""The content of a report as one canonical value, and its hash: this is what a signature covers.

The assessment of a report is here too, because it depends on which signatures still hold.

Included: the report's identity, its version, every answer, the placed photos in their order.
Excluded: who saved what and when, the worker's readings and the signatures themselves, because
none of them may void a signature. No database access here; completing/snapshot.py freezes reports.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from app.definition.assessment import Assessment
from app.definition.judging import AnswerFacts, has_text
from app.evidence.service import canonical_json
from app.models import Report
from app.reports.facts import PlacedPhoto, ReportFacts

FORMAT = "laudo.content/1"


def report_content(report: Report, facts: ReportFacts) -> dict[str, Any]:
    """Plain JSON data, numbers as strings. Photos are ordered by field and position."""
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
        # A cleared answer is not content: the report has the same content as before the answer.
        "answers": {
            field_id: answer_content(answer)
            for field_id, answer in facts.answers.items()
            if has_content(answer)
        },
        "photos": [_photo(placed) for placed in facts.photos],
    }


def content_hash(report: Report, facts: ReportFacts) -> str:
    """SHA-256 (hex) of the canonical JSON (RFC 8785, UTF-8) of `report_content`."""
    return sha256(canonical_json(report_content(report, facts)).encode()).hexdigest()


def signed_hash(report: Report, facts: ReportFacts) -> str:
    """The hash of the content, with which signatures are compared; empty if nobody has signed."""
    return content_hash(report, facts) if facts.signatures else ""


def assess_report(report: Report, facts: ReportFacts) -> Assessment:
    """What is missing from the report, its progress and its result."""
    return facts.assess(facts.signature_facts(signed_hash(report, facts)))


def has_content(answer: AnswerFacts) -> bool:
    """Whether an answer has a value, a comment or a reason."""
    return answer.value is not None or has_text(answer.comment) or has_text(answer.na_reason)


def answer_content(answer: AnswerFacts) -> dict[str, Any]:
    """Value, comment and reason of an answer; None where empty."""
    return {"value": answer.value, "comment": answer.comment, "na_reason": answer.na_reason}


def _photo(placed: PlacedPhoto) -> dict[str, Any]:
    """`position_reason` is included only if it is set: reports that were signed before the field
    existed must keep their hash."""
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
