"""What a report knows of itself: its client, tag, technician and the like, for the fields that its
checklist fills from them.

While the report is open such a value is read from where it stands, so it follows a change there
until somebody answers the field; the submit writes it down as an answer that nobody gave.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from app.definition.judging import AnswerFacts
from app.definition.schema import Definition, Prefill
from app.extensions import db
from app.models import Report, Tenant


@dataclass(frozen=True, slots=True)
class Own:
    """The report's own value for a field, as its answer is stored, and what of the report it is."""

    source: Prefill
    value: str

    def differs_from(self, answer: AnswerFacts) -> bool:
        """Whether an answer says something else; capitals and spaces say nothing."""
        typed = answer.value
        return isinstance(typed, str) and _plain(typed) != _plain(self.value)


OwnValues = Mapping[str, Own]


def own_values(report: Report, definition: Definition) -> OwnValues:
    """By field id, what the report knows for the fields that are filled from it; a fact that it
    lacks is left out."""
    wanted = {field.id: field.prefill for field in definition.all_fields() if field.prefill}
    known = {source: _READ[source](report) for source in set(wanted.values())}
    return {id: Own(source, known[source]) for id, source in wanted.items() if known[source]}


def differing(own: OwnValues, answers: Mapping[str, AnswerFacts]) -> dict[str, Own]:
    """By field id, the report's own values that the field's answer says otherwise."""
    return {
        field_id: one
        for field_id, one in own.items()
        if field_id in answers and one.differs_from(answers[field_id])
    }


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _tenant(report: Report) -> Tenant:
    """Asks the database only where nobody in this session did before."""
    return db.session.get_one(Tenant, report.tenant_id)


def _start_date(report: Report) -> str:
    """By the company's clock; until something is answered, the day on which it would start."""
    moment = report.started_at or datetime.now(UTC)
    return moment.astimezone(ZoneInfo(_tenant(report).time_zone)).date().isoformat()


_READ: Mapping[Prefill, Callable[[Report], str]] = {
    Prefill.CLIENT: lambda report: _line(report.project.client),
    Prefill.PROJECT: lambda report: _line(report.project.name),
    Prefill.ADDRESS: lambda report: _line(report.project.address),
    Prefill.TAG: lambda report: _line(report.equipment.tag if report.equipment else None),
    Prefill.EQUIPMENT: lambda report: _line(report.equipment.name if report.equipment else None),
    Prefill.TECHNICIAN: lambda report: _line(report.assignee.name),
    Prefill.COMPANY: lambda report: _line(_tenant(report).name),
    Prefill.REPORT_NUMBER: lambda report: report.full_number,
    Prefill.START_DATE: _start_date,
}
