"""Loads everything that a person's start page shows, depending on the role."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import lru_cache
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select

from app.definition.outcome import Outcome
from app.definition.schema import Language
from app.home.company import CompanyMatters, get_company_matters
from app.home.queries import (
    SHORT,
    CompanyWeek,
    ProjectReportCounts,
    ReportCounts,
    any_week,
    get_figures,
    select_failed_documents,
    select_finished,
    select_longest_untouched,
    select_needing_action,
    select_quarantined,
    select_waiting,
)
from app.models import Actor, Role, Tenant
from app.prepared import Prepared, prepare
from app.reports.listing.order import AnySelect
from app.reports.listing.queries import ReportLine, lines_of, read_lists, select_lines
from app.reports.queries import any_person
from app.reports.reviewing.queries import WaitingReview, list_waiting_reviews
from app.web.locale import reader_language

NOTHING_TO_MANAGE = CompanyMatters()
Lines = tuple[ReportLine, ...]


@dataclass(frozen=True, slots=True)
class TechnicianDesk:
    """`quarantined` counts its photos, `failed` are reports whose newest PDF failed; `reviews` are
    the person's reports that somebody reviews."""

    figures: ReportCounts
    reviews: list[WaitingReview]
    waiting: Lines
    quarantined: Lines
    failed: Lines
    finished: Lines


@dataclass(frozen=True, slots=True)
class ManagerDesk:
    """The start page of managers and admins; only admins have matters of the `company`.

    `untouched` are the open reports that were not changed for the longest time, `reviews` those
    that the person may review.
    """

    figures: ReportCounts
    reviews: list[WaitingReview]
    needing: Lines
    untouched: Lines
    quarantined: Lines
    failed: Lines
    finished: Lines
    projects: list[ProjectReportCounts]
    company: CompanyMatters = NOTHING_TO_MANAGE


@dataclass(frozen=True, slots=True)
class ViewerDesk:
    finished: Lines


Desk = TechnicianDesk | ManagerDesk | ViewerDesk


def get_desk(person: Actor, tenant: Tenant, zone: str, result: Outcome | None = None) -> Desk:
    """Load the start page of a person of the bound tenant, whose own time zone is `zone`; `result`
    filters finished reports."""
    week = company_week(tenant.time_zone, zone)
    if person.role is Role.VIEWER:
        return ViewerDesk(finished=list_finished_of(person, week, result))
    figures = get_figures(person, week)
    reviews = list_waiting_reviews(person, may_approve_own=tenant.may_approve_own)
    lists = _prepare_lists(person.role, reader_language(), result)
    values = {"account_id": person.account_id, "today": week.today, "week_start": week.start}
    is_technician = person.role is Role.TECHNICIAN
    read = lines_of(lists.run(**values), 4 if is_technician else 5)
    finished, quarantined, failed, *others = read
    if is_technician:
        (waiting,) = others
        return TechnicianDesk(figures.reports, reviews, waiting, quarantined, failed, finished)
    needing, untouched = others
    is_admin = person.role is Role.ADMIN
    return ManagerDesk(
        figures=figures.reports,
        reviews=reviews,
        needing=needing,
        untouched=untouched,
        quarantined=quarantined,
        failed=failed,
        finished=finished,
        projects=figures.projects,
        company=get_company_matters(person, tenant) if is_admin else NOTHING_TO_MANAGE,
    )


@lru_cache
def _prepare_lists(role: Role, language: Language, result: Outcome | None) -> Prepared:
    """The statement of all lists of a start page, for anybody of the role in any week."""
    person, week = any_person(role), any_week()
    lists: list[AnySelect] = [
        _select_finished_of(person, week, result),
        select_quarantined(person),
        select_failed_documents(person),
        *_select_others(person, week),
    ]
    return prepare(select_lines(lists, language))


def _select_others(person: Actor, week: CompanyWeek) -> list[Select[UUID]]:
    if person.role is Role.TECHNICIAN:
        return [select_waiting(person)]
    return [select_needing_action(person, week), select_longest_untouched(person, week)]


def list_finished_of(person: Actor, week: CompanyWeek, result: Outcome | None) -> Lines:
    """The finished reports on the start page. Managers and admins see those of this week."""
    (lines,) = read_lists([_select_finished_of(person, week, result)])
    return lines


def _select_finished_of(person: Actor, week: CompanyWeek, result: Outcome | None) -> Select[UUID]:
    if person.role is Role.VIEWER:
        return select_finished(person, result=result, limit=20)
    if person.role is Role.TECHNICIAN:
        return select_finished(person, result=result, limit=SHORT)
    return select_finished(person, since=week.start, result=result)


def company_week(time_zone: str, zone: str) -> CompanyWeek:
    """Today in the company's time zone, on which due days are based, and the start of the week
    (Monday) in the reader's `zone`, where the days of a list begin."""
    today = datetime.now(ZoneInfo(zone)).date()
    monday = today - timedelta(days=today.weekday())
    return CompanyWeek(
        datetime.now(ZoneInfo(time_zone)).date(), datetime.combine(monday, time(), ZoneInfo(zone))
    )
