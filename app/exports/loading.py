"""Reading the reports of an export, some at a time: what is frozen of a finished one, live rows
else.

Answers and photos of a finished report cannot change; the names of project, equipment and people
can, so those come from its snapshot, as they do in its PDF.
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

from app.exports.columns import Extra, FieldKey, VersionOf
from app.extensions import db
from app.models import Account, Actor, Answer, Checklist, Report, Snapshot, Tenant, Version
from app.reports.facts import ReportFacts, frozen_surroundings, load_facts_of, own_of
from app.reports.finding import Wanted, conditions, ordering
from app.reports.queries import visible_to
from app.surroundings import Surroundings, surroundings_of
from app.tenancy import require_tenant

IDS_AT_ONCE = 1_000

# A reading whose number is what everybody reads off its text, to the digit, needs no second column.
# This finds all others and a few more: rows.py decides.
_ODD_READINGS: ColumnElement[bool] = literal_column("""exists (
  select from jsonb_each(case
    when jsonb_typeof(answers.value) <> 'object' then '{}'::jsonb
    when answers.value ? 'text' then jsonb_build_object('', answers.value)
    else answers.value end) as reading (key, said)
  where case
    when said ? 'doubt' or length(regexp_replace(said->>'decimal', '[^0-9]', '', 'g')) > 15
      or said->>'text' !~ '^[-+]?[0-9]+([.,][0-9]+)?$'
      or said->>'text' ~ '^[-+]?[0-9]{1,3}[.,][0-9]{3}$' then true
    else replace(said->>'text', ',', '.')::numeric <> (said->>'decimal')::numeric end)""")


@dataclass(frozen=True, slots=True)
class ChecklistOf:
    """A checklist and those of its versions that are exported."""

    id: UUID
    code: str
    name: str
    versions: tuple[VersionOf, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """What the report is about and who did it, as it is called in this report."""

    project: str
    client: str
    tag: str | None
    equipment: str
    assignee: str
    started_by: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """One report with everything that was entered, and its version."""

    report: Report
    version: VersionOf
    facts: ReportFacts
    subject: Subject


def list_ids(wanted: Wanted, person: Actor) -> list[UUID]:
    """The reports that are looked for and visible, in the order of the list."""
    statement = (
        select(Report.id)
        .join(Report.project)
        .where(*conditions(wanted, person))
        .order_by(*ordering(wanted))
    )
    return list(db.session.scalars(statement))


def list_checklists(ids: Sequence[UUID]) -> list[ChecklistOf]:
    """The checklists of these reports by name, each with the versions that they use."""
    used: set[UUID] = set()
    for some in parts_of(ids, IDS_AT_ONCE):
        used.update(
            db.session.scalars(select(Report.version_id).where(Report.id.in_(some)).distinct())
        )
    rows = db.session.execute(
        select(Version, Checklist.code, Checklist.name)
        .join(Checklist, Checklist.id == Version.checklist_id)
        .where(Version.id.in_(used))
        .order_by(Checklist.name, Checklist.code, Version.number)
    )
    found: dict[UUID, list[tuple[VersionOf, str, str]]] = defaultdict(list)
    for version, code, name in rows:
        one = VersionOf(version.id, version.number, version.definition)
        found[version.checklist_id].append((one, code, name))
    return [
        ChecklistOf(checklist_id, lines[0][1], lines[0][2], tuple(line[0] for line in lines))
        for checklist_id, lines in found.items()
    ]


def find_extras(ids: Sequence[UUID]) -> dict[FieldKey, frozenset[Extra]]:
    """What stands beside the answers of each field, so that no column is made for nothing."""
    found: dict[FieldKey, set[Extra]] = defaultdict(set)
    said = func.bool_or(Answer.comment != ""), func.bool_or(Answer.na_reason != "")
    for some in parts_of(ids, IDS_AT_ONCE):
        rows = db.session.execute(
            select(Report.version_id, Answer.field_id, *said, func.bool_or(_ODD_READINGS))
            .join(Report, Report.id == Answer.report_id)
            .where(Answer.report_id.in_(some))
            .group_by(Report.version_id, Answer.field_id)
        )
        for version_id, field_id, is_commented, is_na, is_odd in rows:
            marks = {Extra.COMMENT: is_commented, Extra.NA_REASON: is_na, Extra.TYPED: is_odd}
            found[version_id, field_id].update(one for one, is_so in marks.items() if is_so)
    return {key: frozenset(extras) for key, extras in found.items()}


def load_reports(
    ids: Sequence[UUID], versions: Mapping[UUID, VersionOf], person: Actor
) -> list[Loaded]:
    """These reports in this order, in a few statements however many; one that the person may see
    no longer, as it was discarded or handed over, is left out."""
    reports = db.session.scalars(
        select(Report)
        .where(Report.id.in_(ids), visible_to(person))
        .options(
            joinedload(Report.project), joinedload(Report.equipment), joinedload(Report.assignee)
        )
    )
    known = {one.id: one for one in reports}
    frozen = _frozen(known)
    # The session forgets what nobody holds, and each open report may ask for its company.
    _company = db.session.get(Tenant, require_tenant())
    definitions = {one.id: versions[one.version_id].definition for one in known.values()}
    facts = load_facts_of(
        definitions,
        {one.id: _surroundings(one, frozen.get(one.id)) for one in known.values()},
        {one.id: own_of(one, definitions[one.id]) for one in known.values()},
    )
    names = _names(known.values())
    return [
        Loaded(
            report=known[report_id],
            version=versions[known[report_id].version_id],
            facts=facts[report_id],
            subject=_subject(known[report_id], frozen.get(report_id, {}).get("report"), names),
        )
        for report_id in ids
        if report_id in known
    ]


def parts_of(ids: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _frozen(ids: Iterable[UUID]) -> dict[UUID, Mapping[str, Any]]:
    """What the snapshots say of the report itself and of the places near its photos; the database
    reads them, for they are long."""
    body = cast(Snapshot.body, JSONB)
    rows = db.session.execute(
        select(Snapshot.report_id, body["report"], body["places"]).where(
            Snapshot.report_id.in_([*ids])
        )
    )
    return {
        report_id: {"report": said, "places": places} for report_id, said, places in rows if said
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
) -> Subject:
    """As frozen, else as they are called today."""
    if frozen:
        equipment = frozen["equipment"] or {}
        return Subject(
            project=frozen["project"]["name"],
            client=frozen["project"]["client"],
            tag=equipment.get("tag"),
            equipment=equipment.get("name", ""),
            assignee=frozen["assignee"]["name"],
            started_by=frozen["started_by"]["name"],
        )
    return Subject(
        project=report.project.name,
        client=report.project.client,
        tag=report.equipment.tag if report.equipment else None,
        equipment=report.equipment.name if report.equipment else "",
        assignee=names.get(report.assignee_id, ""),
        started_by=names.get(report.started_by, ""),
    )
