"""Queries about the people of the bound company and its open invitations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from app.auth.account_stores import TenantAccountStore
from app.auth.devices import Device, device_of
from app.auth.queries import Factors, get_factors
from app.extensions import db
from app.models import (
    OPEN_STATUSES,
    STAFF,
    TENANT_ROLES,
    Account,
    AccountSession,
    Invitation,
    Mail,
    Project,
    Report,
    Role,
    WorkState,
)
from app.paging import Page, cut
from app.rows import one_or_404

MAX_WORDS = 8
SHOWN_SIGN_INS = 5
_IS_UNANSWERED = (Invitation.accepted_at.is_(None), Invitation.revoked_at.is_(None))


class State(StrEnum):
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """The filter of the people list; a `state` of None matches everybody."""

    search: str = ""
    role: Role | None = None
    state: State | None = State.ACTIVE


@dataclass(frozen=True, slots=True)
class PersonLine:
    """One person of the list; `seen_at` is None if they never logged in."""

    id: UUID
    name: str
    email: str
    role: Role
    is_active: bool
    seen_at: datetime | None


@dataclass(frozen=True, slots=True)
class InvitationLine:
    """An open invitation; `mail` is the state of the newest e-mail. `is_waiting` means that the
    platform sent it and an admin of the company must approve it."""

    id: UUID
    email: str
    name: str
    role: Role
    invited_by: str
    expires_at: datetime
    is_expired: bool
    is_waiting: bool
    is_of_platform: bool
    sent_at: datetime
    mail: WorkState | None


@dataclass(frozen=True, slots=True)
class LoginLine:
    """One login, and when that browser was last seen."""

    at: datetime
    seen_at: datetime
    ip: str
    device: Device


def list_people(filters: PeopleFilter, *, page: int = 1, page_size: int) -> Page[PersonLine]:
    """One page of people by name, in two queries regardless of their number."""
    matching = _conditions(filters)
    total = db.session.scalar(select(func.count(Account.id)).where(*matching)) or 0
    at = cut(total, page, page_size)
    # Select the page first, so that only the sessions of its people are read.
    on_it = (
        select(Account.id)
        .where(*matching)
        .order_by(func.lower(Account.name), Account.id)
        .limit(at.size)
        .offset(at.offset)
    )
    seen = (
        select(func.max(AccountSession.seen_at))
        .where(AccountSession.account_id == Account.id)
        .correlate(Account)
        .scalar_subquery()
    )
    rows = db.session.execute(
        select(Account.id, Account.name, Account.email, Account.role, Account.is_active, seen)
        .where(Account.id.in_(on_it))
        .order_by(func.lower(Account.name), Account.id)
    )
    return at.holding(PersonLine(*row) for row in rows)


def has_active_admin() -> bool:
    """Whether the bound company has an active admin."""
    admin = select(Account.id).where(Account.role == Role.ADMIN, Account.is_active)
    return db.session.scalar(select(admin.exists())) or False


def count_roles() -> dict[Role, int]:
    """The number of active people per role; every company role is a key."""
    rows = db.session.execute(
        select(Account.role, func.count(Account.id)).where(Account.is_active).group_by(Account.role)
    ).all()
    counted = {row[0]: row[1] for row in rows}
    return {role: counted.get(role, 0) for role in TENANT_ROLES}


def has_invitations() -> ColumnElement[bool]:
    """Whether `list_invitations` would find any, for a statement that reads other things too."""
    return select(Invitation.id).where(*_IS_UNANSWERED).exists()


def list_invitations() -> list[InvitationLine]:
    """Invitations neither accepted nor revoked, newest first, in one query."""
    newest = (
        select(Mail.invitation_id, Mail.state)
        .ext(distinct_on(Mail.invitation_id))
        .where(Mail.invitation_id.is_not(None))
        .order_by(Mail.invitation_id, Mail.created_at.desc())
        .subquery()
    )
    rows = db.session.execute(
        select(Invitation, newest.c.state)
        .outerjoin(newest, newest.c.invitation_id == Invitation.id)
        .where(*_IS_UNANSWERED)
        .order_by(Invitation.created_at.desc(), Invitation.id)
    )
    return [
        InvitationLine(
            one.id,
            one.email,
            one.name,
            one.role,
            one.invited_by_name,
            one.expires_at,
            one.is_expired,
            one.is_unapproved,
            one.is_of_platform,
            one.created_at,
            state,
        )
        for one, state in rows
    ]


def get_person(account_id: UUID) -> Account:
    """Raises NotFound."""
    return one_or_404(select(Account).where(Account.id == account_id))


def list_sign_ins(account_id: UUID) -> list[LoginLine]:
    """The person's last logins, newest first."""
    rows = db.session.scalars(
        select(AccountSession)
        .where(AccountSession.account_id == account_id)
        .order_by(AccountSession.created_at.desc())
        .limit(SHOWN_SIGN_INS)
    )
    return [
        LoginLine(row.created_at, row.seen_at, row.ip, device_of(row.user_agent)) for row in rows
    ]


def get_second_factors(account: Account) -> Factors:
    """The person's second factors."""
    return get_factors(TenantAccountStore(db.session(), account))


def list_projects() -> list[tuple[UUID, str]]:
    """(id, name) of every project, archived ones too: their reports stay readable."""
    rows = db.session.execute(
        select(Project.id, Project.name).order_by(func.lower(Project.name), Project.id)
    )
    return [(row.id, row.name) for row in rows]


def list_possible_assignees(*, exclude: UUID) -> list[tuple[UUID, str]]:
    """(id, name) of the people who may take over open reports."""
    rows = db.session.execute(
        select(Account.id, Account.name)
        .where(Account.is_active, Account.role.in_(STAFF), Account.id != exclude)
        .order_by(func.lower(Account.name), Account.id)
    )
    return [(row.id, row.name) for row in rows]


def count_open_reports_of(account_id: UUID) -> int:
    """The number of open reports assigned to the person."""
    statement = select(func.count(Report.id)).where(
        Report.assignee_id == account_id,
        Report.status.in_(OPEN_STATUSES),
        Report.discarded_at.is_(None),
    )
    return db.session.scalar(statement) or 0


def _conditions(filters: PeopleFilter) -> list[ColumnElement[bool]]:
    """Every search word must occur in name or e-mail, in any order, ignoring accents and case."""
    words = func.fold_words(Account.name + " " + Account.email)
    found = [
        func.strpos(words, func.fold_words(word)) > 0 for word in filters.search.split()[:MAX_WORDS]
    ]
    if filters.role is not None:
        found.append(Account.role == filters.role)
    if filters.state is not None:
        found.append(Account.is_active.is_(filters.state is State.ACTIVE))
    return found
