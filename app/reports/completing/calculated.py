"""Stores the calculated values of a report as answers, at its submit.

Until then they are computed whenever the report is read (app/reports/facts.py). Such an answer has
no author.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from app.evidence.service import record_now
from app.extensions import db
from app.models import Actor, Answer, Report
from app.reports.content import answer_content
from app.reports.facts import ReportFacts, answer_facts

# The actor of entries that no person causes.
LAUDO = Actor(name="Laudo")


@dataclass(frozen=True, slots=True)
class CalculatedAnswer:
    """What changed in a stored answer; `version` is its row version now."""

    old: Mapping[str, Any] | None
    new: Mapping[str, Any]
    version: int


Calculated = Mapping[str, CalculatedAnswer]


def write_calculated(report: Report, facts: ReportFacts) -> Calculated:
    """Store the values that are not stored yet, by field id. An empty value has no row."""
    now, written = datetime.now(UTC), {}
    for field in facts.definition.all_fields():
        if field.calculation is None:
            continue
        value = facts.answers[field.id].value
        row = facts.rows.get(field.id)
        if (row.value if row else None) == value:
            continue
        old = answer_content(answer_facts(row)) if row else None
        if row is None:
            row = Answer(report_id=report.id, field_id=field.id, row_version=0)
            db.session.add(row)
        row.value, row.answered_at, row.answered_by = value, now, None
        row.row_version += 1
        written[field.id] = CalculatedAnswer(
            old, answer_content(answer_facts(row)), row.row_version
        )
    db.session.flush()
    return written


def record_calculated(report: Report, written: Calculated) -> None:
    """Record each of them before the submit's entry, like the report's own values."""
    for field_id, one in written.items():
        record_now(
            "answer.calculated",
            report,
            LAUDO,
            field=field_id,
            old=one.old,
            new=one.new,
            new_version=str(one.version),
        )
