"""The accounts of one tenant: making, closing, opening again, and what role each has.

Invitations are in inviting.py and accepting.py, a viewer's projects in granting.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.auth.passwords import hash_password
from app.auth.second_factor import reset_second_factors
from app.company.limits import require_room_for_person
from app.errors import DomainError, NotAllowed, NotFound
from app.evidence.service import record
from app.extensions import db
from app.mailbox import tidy_address
from app.models import Account, AccountSession, Actor, Invitation, ProjectGrant, Role, Tenant
from app.reports.assigning import reassign_open_reports
from app.team.approving import withdraw_approval

MAX_NAME = 120


class EmailTaken(DomainError):
    """Somebody has the e-mail %(email)s already. One e-mail is one person on all of Laudo."""


class BadEmail(DomainError):
    """ "%(email)s" is not an e-mail address."""

    status = 422


class NameMissing(DomainError):
    """A name has 1 to %(most)s characters."""

    status = 422


class LastAdmin(DomainError):
    """%(name)s is the last admin. Make somebody else an admin first."""


class OwnAccount(DomainError):
    """Nobody changes their own role, deactivates themselves or resets their own second factor
    here. Ask another admin to do it."""


def create_account(
    *,
    email: str,
    name: str,
    role: Role,
    password: str,
    actor: Actor,
    locale: str | None = None,
    time_zone: str | None = None,
    is_invited: bool = False,
) -> Account:
    """A new person of the bound tenant; who `is_invited` had their place since the invitation.

    Raises EmailTaken, BadEmail, NameMissing, WeakPassword, TooManyPeople.
    """
    email, name = tidy_email(email), tidy_name(name)
    company = db.session.scalar(select(Tenant.name)) or ""
    account = Account(
        email=email,
        name=name,
        role=role,
        password_hash=hash_password(password, email, name, company),
        locale=locale,
        time_zone=time_zone,
    )
    if not is_invited:
        require_room_for_person()
    try:
        with db.session.begin_nested():
            db.session.add(account)
    except IntegrityError as error:
        raise EmailTaken(email=email) from error
    _note("created", account, actor, email=email, name=account.name, role=role.value)
    return account


def deactivate_account(
    *, account_id: UUID, actor: Actor, hand_over_to: UUID | None = None
) -> Account:
    """Close an account and end its sessions; what the person did stays, but for invitations that
    nobody accepted: whoever leaves keeps no door open.

    Open reports go to `hand_over_to`, else they stay as they are. A second time changes nothing.
    Raises NotFound, OwnAccount, LastAdmin, NotAssignable, and NotAllowed for whoever is no admin
    any more.
    """
    account, admins = _lock(account_id, actor, hand_over_to)
    if not account.is_active:
        return account
    _require_another(account, actor)
    _keep_an_admin(account, admins)
    account.is_active = False
    account.deactivated_at = datetime.now(UTC)
    _end_sessions(account)
    open_invitations = _lock_invitations(account)
    handed = _hand_over(account, hand_over_to, actor)
    _take_back(open_invitations, account, actor)
    _note("deactivated", account, actor, email=account.email, handed_over=str(handed))
    return account


def reactivate_account(*, account_id: UUID, actor: Actor) -> Account:
    """Open a closed account again, with the role and the projects that it had.

    Raises NotFound, TooManyPeople, and NotAllowed for whoever is no admin any more.
    """
    account, _admins = _lock(account_id, actor)
    if account.is_active:
        return account
    require_room_for_person()
    account.is_active = True
    account.deactivated_at = None
    _note("reactivated", account, actor, email=account.email)
    return account


def change_role(
    *, account_id: UUID, role: Role, actor: Actor, hand_over_to: UUID | None = None
) -> Account:
    """Give another person a role. Who leaves the viewers' role loses the projects granted, and of
    who is no admin any more open invitations are taken back.

    Who becomes a viewer can fill in nothing, so open reports may go to `hand_over_to`. Raises
    NotFound, OwnAccount, LastAdmin, NotAssignable, and NotAllowed for whoever is no admin any more.
    """
    account, admins = _lock(account_id, actor, hand_over_to)
    if account.role is role:
        return account
    _require_another(account, actor)
    _keep_an_admin(account, admins)
    old, account.role = account.role, role
    if old is Role.VIEWER:
        _drop_grants(account)
    open_invitations = _lock_invitations(account) if old is Role.ADMIN else []
    handed = _hand_over(account, hand_over_to, actor) if role is Role.VIEWER else 0
    _take_back(open_invitations, account, actor)
    _note("role_changed", account, actor, old=old.value, new=role.value, handed_over=str(handed))
    return account


def reset_second_factor(*, account_id: UUID, actor: Actor) -> Account:
    """Take every second factor from somebody who lost theirs, and end their sessions.

    Raises NotFound, OwnAccount, and NotAllowed for whoever is no admin any more.
    """
    account, _admins = _lock(account_id, actor)
    _require_another(account, actor)
    reset_second_factors(account_id=account.id, actor=actor)
    return account


def tidy_email(text: str) -> str:
    """The address in the one form in which accounts have it. Raises BadEmail."""
    try:
        return tidy_address(text)
    except ValueError as error:
        raise BadEmail(email=text) from error


def tidy_name(text: str) -> str:
    """One line without spaces around. Raises NameMissing."""
    name = " ".join(text.split())
    if not 0 < len(name) <= MAX_NAME:
        raise NameMissing(most=MAX_NAME)
    return name


def _lock(
    account_id: UUID, actor: Actor, hand_over_to: UUID | None = None
) -> tuple[Account, set[UUID]]:  # fmt: skip
    """The person, and the ids of all active admins: none of them changes until the transaction
    ends, so that two who take the role from each other cannot both be right.

    Whoever gets the open reports is locked with them: one after the other, two people who hand
    over to each other would wait for each other.
    """
    is_admin = and_(Account.role == Role.ADMIN, Account.is_active)
    rows = db.session.scalars(
        select(Account)
        .where(or_(Account.id.in_([account_id, hand_over_to]), is_admin))
        .order_by(Account.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()
    admins = {row.id for row in rows if row.role is Role.ADMIN and row.is_active}
    if actor.role is Role.ADMIN and actor.account_id not in admins:
        raise NotAllowed
    for row in rows:
        if row.id == account_id:
            return row, admins
    raise NotFound


def _require_another(account: Account, actor: Actor) -> None:
    if account.id == actor.account_id:
        raise OwnAccount


def _keep_an_admin(account: Account, admins: set[UUID]) -> None:
    if admins == {account.id}:
        raise LastAdmin(name=account.name)


def _end_sessions(account: Account) -> None:
    db.session.execute(
        update(AccountSession)
        .where(AccountSession.account_id == account.id, AccountSession.revoked_at.is_(None))
        .values(revoked_at=func.now())
        .execution_options(synchronize_session=False)
    )


def _lock_invitations(account: Account) -> Sequence[Invitation]:
    """Those that the person sent or approved and nobody accepted; the order of locks has them after
    accounts and before reports."""
    return db.session.scalars(
        select(Invitation)
        .where(
            or_(Invitation.invited_by == account.id, Invitation.approved_by == account.id),
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .order_by(Invitation.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).all()


def _take_back(invitations: Sequence[Invitation], account: Account, actor: Actor) -> None:
    for invitation in invitations:
        if invitation.invited_by != account.id:
            withdraw_approval(invitation, actor)
            continue
        invitation.revoked_at = datetime.now(UTC)
        record(
            action="invitation.revoked",
            actor=actor,
            object_type="invitation",
            object_id=invitation.id,
            email=invitation.email,
        )


def _drop_grants(account: Account) -> None:
    db.session.execute(delete(ProjectGrant).where(ProjectGrant.account_id == account.id))


def _hand_over(account: Account, to_account_id: UUID | None, actor: Actor) -> int:
    """How many open reports went to somebody else."""
    if to_account_id is None:
        return 0
    return reassign_open_reports(
        from_account_id=account.id, to_account_id=to_account_id, actor=actor
    )


def _note(verb: str, account: Account, actor: Actor, **facts: str) -> None:
    record(
        action=f"account.{verb}",
        actor=actor,
        object_type="account",
        object_id=account.id,
        **facts,
    )
