"""A project as its page shows it: everything joined, in a number of queries that does not grow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from app.contact import Contact, contact_of
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
from app.reports.lists import ReportLine, list_lines, list_reports_of_project
from app.reports.near import Circle, Counts, circle_around, count_in, has_photo_in
from app.reports.queries import visible_to

SHOWN_REPORTS = 10
NEAR_M, SHOWN_NEAR = 500, 5


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
class Surroundings:
    """What was photographed near the project's site, in whichever project; `reports` are some."""

    circle: Circle
    counts: Counts
    reports: tuple[ReportLine, ...]


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
    near: Surroundings | None
    result: Outcome | None
    may_manage: bool
    may_start: bool

    @property
    def client_contact(self) -> Contact:
        return contact_of(self.project.client_contact)


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
        near=_surroundings(project, person),
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


def _surroundings(project: Project, person: Actor) -> Surroundings | None:
    """None where the project has no coordinates."""
    circle = circle_around(project.latitude, project.longitude, NEAR_M)
    if circle is None:
        return None
    counts = count_in(circle, person=person)
    lines = list_lines(visible_to(person), has_photo_in(circle), limit=SHOWN_NEAR)
    return Surroundings(circle, counts, lines if counts.reports else ())


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
