"""Loads everything that the page of a project shows, in a constant number of queries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import func, select

from app.contact import Contact, contact_of
from app.definition.outcome import Outcome
from app.equipment.queries import EquipmentLine, list_equipment
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
    Choices,
    DefaultChecklistLine,
    ProjectPersonLine,
    get_project,
    is_open_to,
    list_default_checklists,
    list_members,
    list_people_to_add,
    list_published_checklists,
    list_viewers,
)
from app.reports.listing.filters import is_late
from app.reports.listing.near import Circle, NearCounts, circle_around, count_in, has_photo_in
from app.reports.listing.queries import ReportLine, list_lines, list_reports_of_project
from app.reports.queries import visible_to
from app.reports.reviewing.rules import list_reviewers
from app.reports.revisions import is_superseded

SHOWN_REPORTS = 10
NEAR_M, SHOWN_NEAR = 500, 5


@dataclass(frozen=True, slots=True)
class ProjectCounts:
    """Counts of the reports that the person may see; late reports are also counted as open."""

    open: int
    late: int
    finished: int

    @property
    def all(self) -> int:
        return self.open + self.finished


@dataclass(frozen=True, slots=True)
class AddableItems:
    """What a manager can add to the project, without what it already has."""

    members: Choices = ()
    viewers: Choices = ()
    checklists: Choices = ()


@dataclass(frozen=True, slots=True)
class NearbyReports:
    """Reports of any project with photos taken near the site; `reports` are the first few."""

    circle: Circle
    counts: NearCounts
    reports: tuple[ReportLine, ...]


@dataclass(frozen=True, slots=True)
class ProjectView:
    """Everything that the page of a project shows to one person; `reviewers` can be named."""

    project: Project
    figures: ProjectCounts
    reports: tuple[ReportLine, ...]
    members: tuple[ProjectPersonLine, ...]
    viewers: tuple[ProjectPersonLine, ...]
    checklists: tuple[DefaultChecklistLine, ...]
    equipment: tuple[EquipmentLine, ...]
    additions: AddableItems
    near: NearbyReports | None
    reviewers: Mapping[UUID, str]
    result: Outcome | None
    may_manage: bool
    may_start: bool

    @property
    def client_contact(self) -> Contact:
        return contact_of(self.project.client_contact)


def load_project_view(
    project_id: UUID, *, person: Actor, today: date, result: Outcome | None = None
) -> ProjectView:
    """Load the page of a project. Raises NotFound.

    `today` is the day in the company's time zone; `result` filters the reports.
    """
    project = get_project(project_id, person=person)
    members = list_members(project_id)
    may_manage = person.role in MANAGERS
    viewers = list_viewers(project_id) if may_manage else ()
    checklists = list_default_checklists(project_id)
    is_open = may_manage or is_open_to(person, project_id)
    return ProjectView(
        project=project,
        figures=_count_reports(project_id, person, today),
        reports=list_reports_of_project(
            project_id, person=person, result=result, limit=SHOWN_REPORTS
        ),
        members=members,
        viewers=viewers,
        checklists=checklists,
        equipment=list_equipment(project_id),
        additions=_addable_items(members, viewers, checklists) if may_manage else AddableItems(),
        near=_nearby_reports(project, person),
        reviewers=list_reviewers() if may_manage else {},
        result=result,
        may_manage=may_manage,
        may_start=is_open and project.archived_at is None,
    )


def _count_reports(project_id: UUID, person: Actor, today: date) -> ProjectCounts:
    counted = func.count()
    row = db.session.execute(
        select(
            counted.filter(Report.status.in_(OPEN_STATUSES)),
            counted.filter(is_late(today)),
            counted.filter(Report.status.in_(FINISHED_STATUSES), ~is_superseded()),
        ).where(visible_to(person), Report.project_id == project_id)
    ).one()
    return ProjectCounts(*row)


def _nearby_reports(project: Project, person: Actor) -> NearbyReports | None:
    """The reports near the site, or None if the project has no coordinates."""
    circle = circle_around(project.latitude, project.longitude, NEAR_M)
    if circle is None:
        return None
    counts = count_in(circle, person=person)
    lines = list_lines(visible_to(person), has_photo_in(circle), limit=SHOWN_NEAR)
    return NearbyReports(circle, counts, lines if counts.reports else ())


def _addable_items(
    members: tuple[ProjectPersonLine, ...],
    viewers: tuple[ProjectPersonLine, ...],
    checklists: tuple[DefaultChecklistLine, ...],
) -> AddableItems:
    return AddableItems(
        members=_without(list_people_to_add(STAFF), members),
        viewers=_without(list_people_to_add((Role.VIEWER,)), viewers),
        checklists=_without(list_published_checklists(), checklists),
    )


def _without(
    choices: Choices, had: tuple[ProjectPersonLine, ...] | tuple[DefaultChecklistLine, ...]
) -> Choices:
    ids = {line.id for line in had}
    return tuple(choice for choice in choices if choice[0] not in ids)
