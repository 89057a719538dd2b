"""A report's own values (client, tag, technician and so on) for the fields that its checklist
fills from them.

While the report is open, each value is read from its source, so it follows changes there until
somebody answers the field. The submit stores it as an answer without an author.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

from app.definition.judging import AnswerFacts
from app.definition.schema import Definition, Prefill
from app.extensions import db
from app.models import Report, Tenant


@dataclass(frozen=True, slots=True)
class OwnValue:
    """The report's own value for a field, in the form of a stored answer, and its source."""

    source: Prefill
    value: str

    def differs_from(self, answer: AnswerFacts) -> bool:
        """Whether an answer differs from this value, ignoring case and whitespace."""
        typed = answer.value
        return isinstance(typed, str) and _plain(typed) != _plain(self.value)


OwnValues = Mapping[str, OwnValue]


class Origin(Protocol):
    """What a report's own values are read from, as it is now."""

    @property
    def client(self) -> str | None: ...
    @property
    def project(self) -> str: ...
    @property
    def address(self) -> str | None: ...
    @property
    def tag(self) -> str | None: ...
    @property
    def equipment(self) -> str | None: ...
    @property
    def technician(self) -> str: ...
    @property
    def company(self) -> str: ...
    @property
    def time_zone(self) -> str: ...
    @property
    def full_number(self) -> str: ...
    @property
    def started_at(self) -> datetime | None: ...


@dataclass(frozen=True, slots=True)
class PlainOrigin:
    """An Origin that was read with plain SQL."""

    client: str | None
    project: str
    address: str | None
    tag: str | None
    equipment: str | None
    technician: str
    company: str
    time_zone: str
    full_number: str
    started_at: datetime | None


class ReportOrigin:
    """An Origin that reads a loaded report, and loads what the report refers to when asked."""

    def __init__(self, report: Report) -> None:
        self._report = report

    @property
    def client(self) -> str | None:
        return self._report.project.client

    @property
    def project(self) -> str:
        return self._report.project.name

    @property
    def address(self) -> str | None:
        return self._report.project.address

    @property
    def tag(self) -> str | None:
        return self._report.equipment.tag if self._report.equipment else None

    @property
    def equipment(self) -> str | None:
        return self._report.equipment.name if self._report.equipment else None

    @property
    def technician(self) -> str:
        return self._report.assignee.name

    @property
    def company(self) -> str:
        return self._tenant.name

    @property
    def time_zone(self) -> str:
        return self._tenant.time_zone

    @property
    def full_number(self) -> str:
        return self._report.full_number

    @property
    def started_at(self) -> datetime | None:
        return self._report.started_at

    @property
    def _tenant(self) -> Tenant:
        """Queries the database only if the tenant is not in the session yet."""
        return db.session.get_one(Tenant, self._report.tenant_id)


def own_values(origin: Origin, definition: Definition) -> OwnValues:
    """The report's own values by field id, without the empty ones."""
    sources = prefilled(definition)
    known = {source: _READ[source](origin) for source in set(sources.values())}
    return {id: OwnValue(source, known[source]) for id, source in sources.items() if known[source]}


def prefilled(definition: Definition) -> Mapping[str, Prefill]:
    """The source of each field that the checklist fills from the report, by field id."""
    return {field.id: field.prefill for field in definition.all_fields() if field.prefill}


def differing_values(own: OwnValues, answers: Mapping[str, AnswerFacts]) -> dict[str, OwnValue]:
    """The own values, by field id, that differ from the answer to their field."""
    return {
        field_id: one
        for field_id, one in own.items()
        if field_id in answers and one.differs_from(answers[field_id])
    }


def _plain(words: str) -> str:
    return " ".join(words.split()).casefold()


def _line(text: str | None) -> str:
    return " ".join((text or "").split())


def _start_date(origin: Origin) -> str:
    """The start date in the company's time zone; today if the report has not begun."""
    moment = origin.started_at or datetime.now(UTC)
    return moment.astimezone(ZoneInfo(origin.time_zone)).date().isoformat()


_READ: Mapping[Prefill, Callable[[Origin], str]] = {
    Prefill.CLIENT: lambda origin: _line(origin.client),
    Prefill.PROJECT: lambda origin: _line(origin.project),
    Prefill.ADDRESS: lambda origin: _line(origin.address),
    Prefill.TAG: lambda origin: _line(origin.tag),
    Prefill.EQUIPMENT: lambda origin: _line(origin.equipment),
    Prefill.TECHNICIAN: lambda origin: _line(origin.technician),
    Prefill.COMPANY: lambda origin: _line(origin.company),
    Prefill.REPORT_NUMBER: lambda origin: origin.full_number,
    Prefill.START_DATE: _start_date,
}
