"""A project as its page shows it: everything joined, in a number of queries that does not grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from app.definition.outcome import Outcome
from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    MANAGERS,
    OPEN_STATUSES,
    STAFF,
    Actor,
    Project,
    Report,
    Role,
)
from app.projects.queries import (
    ChecklistLine,
    Choices,
    EquipmentLine,
    PersonLine,
    get_project,
    is_open_to,
    list_default_checklists,
    list_equipment,
    list_members,
    list_people_to_add,
    list_published_checklists,
    list_viewers,
)
from app.reports.finding import is_late
from app.reports.lists import ReportLine, list_reports_of_project
from app.reports.queries import visible_to

SHOWN_REPORTS = 10


@dataclass(frozen=True, slots=True)
class Figures:
    """How many of the reports that the person may see are open, late of these, and finished."""

    open: int
    late: int
    finished: int

    @property
    def all(self) -> int:
        return self.open + self.finished


@dataclass(frozen=True, slots=True)
class Additions:
    """What whoever runs the project may add to it, without what it has already."""

    members: Choices = ()
    viewers: Choices = ()
    checklists: Choices = ()


@dataclass(frozen=True, slots=True)
class ReadProject:
    """All that the page of a project shows to one person."""

    project: Project
    figures: Figures
    reports: tuple[ReportLine, ...]
    members: tuple[PersonLine, ...]
    viewers: tuple[PersonLine, ...]
    checklists: tuple[ChecklistLine, ...]
    equipment: tuple[EquipmentLine, ...]
    additions: Additions
    result: Outcome | None
    may_manage: bool
    may_start: bool


def read_project(
    project_id: UUID, *, person: Actor, today: date, result: Outcome | None = None
) -> ReadProject:
    """`today` is the day by the company's clock; `result` narrows the reports. Raises NotFound."""
    project = get_project(project_id, person=person)
    members = list_members(project_id)
    may_manage = person.role in MANAGERS
    viewers = list_viewers(project_id) if may_manage else ()
    checklists = list_default_checklists(project_id)
    is_open = may_manage or is_open_to(person, project_id)
    return ReadProject(
        project=project,
        figures=_figures(project_id, person, today),
        reports=list_reports_of_project(
            project_id, person=person, result=result, limit=SHOWN_REPORTS
        ),
        members=members,
        viewers=viewers,
        checklists=checklists,
        equipment=list_equipment(project_id),
        additions=_additions(members, viewers, checklists) if may_manage else Additions(),
        result=result,
        may_manage=may_manage,
        may_start=is_open and project.archived_at is None,
    )


def _figures(project_id: UUID, person: Actor, today: date) -> Figures:
    counted = func.count()
    row = db.session.execute(
        select(
            counted.filter(Report.status.in_(OPEN_STATUSES)),
            counted.filter(is_late(today)),
            counted.filter(Report.status.in_(FINISHED_STATUSES)),
        ).where(visible_to(person), Report.project_id == project_id)
    ).one()
    return Figures(*row)


def _additions(
    members: tuple[PersonLine, ...],
    viewers: tuple[PersonLine, ...],
    checklists: tuple[ChecklistLine, ...],
) -> Additions:
    return Additions(
        members=_without(list_people_to_add(STAFF), members),
        viewers=_without(list_people_to_add((Role.VIEWER,)), viewers),
        checklists=_without(list_published_checklists(), checklists),
    )


def _without(choices: Choices, had: tuple[PersonLine, ...] | tuple[ChecklistLine, ...]) -> Choices:
    ids = {line.id for line in had}
    return tuple(choice for choice in choices if choice[0] not in ids)
