"""The values that a list of reports may be filtered by."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)

from app.definition.schema import Language
from app.models import (
    FINISHED_STATUSES,
    Account,
    Actor,
    Checklist,
    Equipment,
    Project,
    Report,
    ReportStatus,
    Role,
    Version,
    checklist_name,
)
from app.prepared import Prepared, bound, prepare
from app.reports.listing.filters import LISTED_STATUSES, Open, ReportFilter
from app.reports.queries import any_person, projects_open_to, visible_to
from app.web.locale import reader_language

KEPT = 64

Choices = tuple[tuple[UUID, str], ...]


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """The values that this person may filter by, as (id, words) sorted by name. Equipment is that
    of the chosen project, versions are the numbers of those of the chosen checklist."""

    statuses: tuple[ReportStatus | Open, ...]
    checklists: Choices
    versions: Choices
    projects: Choices
    equipment: Choices
    people: Choices


class ListName(StrEnum):
    """The lists that one query reads, by their names in FilterChoices."""

    CHECKLISTS = "checklists"
    VERSIONS = "versions"
    PROJECTS = "projects"
    EQUIPMENT = "equipment"
    PEOPLE = "people"


def list_filter_choices(person: Actor, criteria: ReportFilter | None = None) -> FilterChoices:
    """The choices of the filter, in one query. A viewer gets those that occur in reports that they
    may read."""
    asked = criteria or ReportFilter()
    chosen = {
        "project_id": asked.project_id,
        "equipment_id": asked.equipment_id,
        "checklist_id": asked.checklist_id,
        "version_id": asked.version_id,
    }
    given = {name: id for name, id in chosen.items() if id is not None}
    statement = _prepare(person.role, reader_language(), frozenset(given))
    found: dict[str, list[tuple[UUID, str]]] = {name: [] for name in ListName}
    for row in statement.run(**given, account_id=person.account_id):
        found[row.list_name].append((row.id, row.words))
    statuses = FINISHED_STATUSES if person.role is Role.VIEWER else LISTED_STATUSES
    return FilterChoices(statuses, **{name: tuple(words) for name, words in found.items()})


@lru_cache(maxsize=KEPT)
def _prepare(role: Role | None, language: Language, given: Set[str]) -> Prepared:
    """The statement of all lists, for anybody of the role; `given` are the names of chosen ids."""
    person = any_person(role)
    lists = {
        ListName.CHECKLISTS: _checklists(person, language),
        ListName.PROJECTS: _projects(person),
    }
    if given & {"project_id", "equipment_id"}:
        lists[ListName.EQUIPMENT] = _equipment(person, given)
    if given & {"checklist_id", "version_id"}:
        lists[ListName.VERSIONS] = _versions(person, given)
    if role not in (Role.VIEWER, Role.TECHNICIAN):
        lists[ListName.PEOPLE] = _people()
    read = union_all(*(statement.add_columns(_named(name)) for name, statement in lists.items()))
    return prepare(read.order_by("place"))


def _named(name: ListName) -> ColumnElement[str]:
    return literal(name.value, Text).label("list_name")


def _place(*order: Any) -> ColumnElement[int]:
    """The place of a choice in its list."""
    return func.row_number().over(order_by=order).label("place")


def _checklists(person: Actor, language: Language) -> Select[UUID, str, int]:
    name = checklist_name(language)
    statement = select(
        Checklist.id,
        (name + " (" + Checklist.code + ")").label("words"),
        _place(name, Checklist.code),
    )
    if person.role is not Role.VIEWER:
        return statement
    seen = (
        select(Version.checklist_id)
        .join(Report, Report.version_id == Version.id)
        .where(visible_to(person))
    )
    return statement.where(Checklist.id.in_(seen))


def _projects(person: Actor) -> Select[UUID, str, int]:
    """The projects open to the person, and for a technician also those of their own reports."""
    found = projects_open_to(person)
    if person.role is Role.TECHNICIAN:
        found = or_(found, Project.id.in_(select(Report.project_id).where(visible_to(person))))
    return select(Project.id, Project.name, _place(func.lower(Project.name))).where(found)


def _equipment(person: Actor, given: Set[str]) -> Select[UUID, str, int]:
    """The tags of visible reports in the chosen project, and the tag chosen in the address."""
    used = select(Report.equipment_id).where(visible_to(person))
    chosen = or_(
        Equipment.project_id == bound("project_id") if "project_id" in given else false(),
        Equipment.id == bound("equipment_id") if "equipment_id" in given else false(),
    )
    place = _place(Equipment.tag, Equipment.id)
    return select(Equipment.id, Equipment.tag, place).where(chosen, Equipment.id.in_(used))


def _versions(person: Actor, given: Set[str]) -> Select[UUID, str, int]:
    """The versions with visible reports of the chosen checklist, and the version chosen in the
    address."""
    used = select(Report.version_id).where(visible_to(person))
    chosen = or_(
        Version.checklist_id == bound("checklist_id") if "checklist_id" in given else false(),
        Version.id == bound("version_id") if "version_id" in given else false(),
    )
    place = _place(Version.number.desc(), Version.id)
    return select(Version.id, cast(Version.number, Text), place).where(chosen, Version.id.in_(used))


def _people() -> Select[UUID, str, int]:
    place = _place(Account.name, Account.id)
    return select(Account.id, Account.name, place).where(Account.role != Role.VIEWER)
