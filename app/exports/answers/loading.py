"""Loads the reports of an export in batches.

The answers and photos of a finished report cannot change, so they are read from the live rows. The
names of its project, equipment and people can change, so they come from its snapshot, as in its
PDF.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, cast, func, literal_column, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import joinedload

from app.exports.answers.columns import ExportedVersion, Extra, FieldKey
from app.extensions import db
from app.models import Account, Actor, Answer, Checklist, Report, Snapshot, Tenant, Version
from app.reports.facts import ReportFacts, current_own_values, frozen_surroundings, load_facts_of
from app.reports.listing.filters import ReportFilter, conditions
from app.reports.listing.order import ordering
from app.reports.queries import visible_to
from app.reports.revisions import superseding_revision
from app.surroundings import Surroundings, surroundings_of
from app.tenancy import require_tenant

ID_BATCH = 1_000

# A reading needs no "as typed" column if its text is unambiguous and equals its number digit by
# digit. This condition finds all other readings and a few more; answers/rows.py decides.
_ODD_READINGS: ColumnElement[bool] = literal_column("""exists (
  select from jsonb_each(case
    when jsonb_typeof(answers.value) <> 'object' then '{}'::jsonb
    when answers.value ? 'text' then jsonb_build_object('', answers.value)
    else answers.value end) as readings (key, reading)
  where case
    when reading ? 'doubt' or length(regexp_replace(reading->>'decimal', '[^0-9]', '', 'g')) > 15
      or reading->>'text' !~ '^[-+]?[0-9]+([.,][0-9]+)?$'
      or reading->>'text' ~ '^[-+]?[0-9]{1,3}[.,][0-9]{3}$' then true
    else replace(reading->>'text', ',', '.')::numeric <> (reading->>'decimal')::numeric end)""")


@dataclass(frozen=True, slots=True)
class ExportedChecklist:
    """A checklist and its exported versions."""

    id: UUID
    code: str
    name: str
    versions: tuple[ExportedVersion, ...]


@dataclass(frozen=True, slots=True)
class ReportSubject:
    """The project, equipment and people of a report, under the names that this report uses."""

    project: str
    client: str
    tag: str | None
    equipment: str
    assignee: str
    started_by: str


@dataclass(frozen=True, slots=True)
class LoadedReport:
    """One report with its version and all entered data. `superseded_by` is the completed revision
    that counts instead, if there is one."""

    report: Report
    version: ExportedVersion
    facts: ReportFacts
    subject: ReportSubject
    superseded_by: int | None = None


def list_ids(criteria: ReportFilter, person: Actor) -> list[UUID]:
    """List the visible reports that match the filter, in the order of the reports list."""
    statement = (
        select(Report.id)
        .join(Report.project)
        .where(*conditions(criteria, person))
        .order_by(*ordering(criteria))
    )
    return list(db.session.scalars(statement))


def list_checklists(ids: Sequence[UUID]) -> list[ExportedChecklist]:
    """List the checklists of these reports by name, each with the versions in use."""
    used: set[UUID] = set()
    for batch in batches_of(ids, ID_BATCH):
        used.update(
            db.session.scalars(select(Report.version_id).where(Report.id.in_(batch)).distinct())
        )
    rows = db.session.execute(
        select(Version, Checklist.code, Checklist.name)
        .join(Checklist, Checklist.id == Version.checklist_id)
        .where(Version.id.in_(used))
        .order_by(Checklist.name, Checklist.code, Version.number)
    )
    found: dict[UUID, list[tuple[ExportedVersion, str, str]]] = defaultdict(list)
    for version, code, name in rows:
        one = ExportedVersion(version.id, version.number, version.definition)
        found[version.checklist_id].append((one, code, name))
    return [
        ExportedChecklist(checklist_id, lines[0][1], lines[0][2], tuple(line[0] for line in lines))
        for checklist_id, lines in found.items()
    ]


def find_extras(ids: Sequence[UUID]) -> dict[FieldKey, frozenset[Extra]]:
    """Find the details that each field has in any report, so that no column stays empty."""
    found: dict[FieldKey, set[Extra]] = defaultdict(set)
    details = func.bool_or(Answer.comment != ""), func.bool_or(Answer.na_reason != "")
    for batch in batches_of(ids, ID_BATCH):
        rows = db.session.execute(
            select(Report.version_id, Answer.field_id, *details, func.bool_or(_ODD_READINGS))
            .join(Report, Report.id == Answer.report_id)
            .where(Answer.report_id.in_(batch))
            .group_by(Report.version_id, Answer.field_id)
        )
        for version_id, field_id, is_commented, is_na, is_odd in rows:
            marks = {Extra.COMMENT: is_commented, Extra.NA_REASON: is_na, Extra.TYPED: is_odd}
            found[version_id, field_id].update(one for one, is_so in marks.items() if is_so)
    return {key: frozenset(extras) for key, extras in found.items()}


def load_reports(
    ids: Sequence[UUID], versions: Mapping[UUID, ExportedVersion], person: Actor
) -> list[LoadedReport]:
    """Load these reports in this order; the number of statements does not depend on their count.

    Reports that are no longer visible to the person (discarded or reassigned) are left out.
    """
    reports = db.session.scalars(
        select(Report)
        .where(Report.id.in_(ids), visible_to(person))
        .options(
            joinedload(Report.project), joinedload(Report.equipment), joinedload(Report.assignee)
        )
    )
    known = {one.id: one for one in reports}
    newer = dict(
        db.session.execute(
            select(Report.id, superseding_revision()).where(Report.id.in_(known))
        ).all()
    )
    frozen = _frozen(known)
    # The session holds rows weakly. This reference spares each open report a query for its company.
    _company = db.session.get(Tenant, require_tenant())
    definitions = {one.id: versions[one.version_id].definition for one in known.values()}
    facts = load_facts_of(
        definitions,
        {one.id: _surroundings(one, frozen.get(one.id)) for one in known.values()},
        {one.id: current_own_values(one, definitions[one.id]) for one in known.values()},
        [one.id for one in known.values() if one.is_open],
    )
    names = _names(known.values())
    return [
        LoadedReport(
            report=known[report_id],
            version=versions[known[report_id].version_id],
            facts=facts[report_id].shown(),
            subject=_subject(known[report_id], frozen.get(report_id, {}).get("report"), names),
            superseded_by=newer[report_id],
        )
        for report_id in ids
        if report_id in known
    ]


def batches_of(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _frozen(ids: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """Read the "report" and "places" parts of the snapshots.

    PostgreSQL extracts them, because whole snapshots are large.
    """
    body = cast(Snapshot.body, JSONB)
    rows = db.session.execute(
        select(Snapshot.report_id, body["report"], body["places"]).where(
            Snapshot.report_id.in_([*ids])
        )
    )
    return {
        report_id: {"report": body, "places": places} for report_id, body, places in rows if body
    }


def _surroundings(report: Report, frozen: Mapping[str, Any] | None) -> Surroundings:
    today = surroundings_of(report.project)
    return frozen_surroundings(lambda: frozen, today) if frozen else today


def _names(reports: Iterable[Report]) -> dict[UUID, str]:
    people = {person for one in reports for person in (one.assignee_id, one.started_by)}
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(people)))
    return {row.id: row.name for row in rows}


def _subject(
    report: Report, frozen: Mapping[str, Any] | None, names: Mapping[UUID, str]
) -> ReportSubject:
    """Take the names from the snapshot if there is one, else the current names."""
    if frozen:
        equipment = frozen["equipment"] or {}
        return ReportSubject(
            project=frozen["project"]["name"],
            client=frozen["project"]["client"],
            tag=equipment.get("tag"),
            equipment=equipment.get("name", ""),
            assignee=frozen["assignee"]["name"],
            started_by=frozen["started_by"]["name"],
        )
    return ReportSubject(
        project=report.project.name,
        client=report.project.client,
        tag=report.equipment.tag if report.equipment else None,
        equipment=report.equipment.name if report.equipment else "",
        assignee=names.get(report.assignee_id, ""),
        started_by=names.get(report.started_by, ""),
    )
