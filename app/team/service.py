"""The accounts of one tenant: creation, deactivation, reactivation and roles.

Invitations are in inviting.py and accepting.py, a viewer's projects in granting.py. Accounts are
locked before invitations, and invitations before reports (docs/adr/0020).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import and_, delete, func, or_, select, update
from sqlalchemy.exc import IntegrityError

from app.auth.passwords import hash_password
from app.auth.second_factor import reset_second_factors
from app.email_address import require_email
from app.errors import DomainError, NotAllowed, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import Account, AccountSession, Actor, Invitation, ProjectGrant, Role, Tenant
from app.plans.limits import require_room_for_person
from app.reports.assigning.service import reassign_open_reports
from app.team.approving import withdraw_approval

MAX_NAME = 120


class EmailTaken(DomainError):
    """Someone already has the e-mail %(email)s. Across Laudo, each e-mail belongs to one person."""


class NameMissing(DomainError):
    """A name must have 1 to %(most)s characters."""

    status = 422


class LastAdmin(DomainError):
    """%(name)s is the last admin. Make someone else an admin first."""


class OwnAccount(DomainError):
    """You cannot change your own role, deactivate your own account or reset your own second factor
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
    """Create a person of the bound tenant. `is_invited` skips the limit: the invitation counted.

    Raises EmailTaken, BadEmail, NameMissing, WeakPassword, TooManyPeople.
    """
    email, name = require_email(email), tidy_name(name)
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
    record("account.created", account, actor, email=email, name=account.name, role=role.value)
    return account


def deactivate_account(
    *, account_id: UUID, actor: Actor, hand_over_to: UUID | None = None
) -> Account:
    """Deactivate an account and end its sessions; idempotent. The person's work stays, but their
    open invitations are revoked, since they could use one to come back.

    Open reports go to `hand_over_to`, or stay assigned if it is None. Raises NotFound, OwnAccount,
    LastAdmin, NotAssignable, and NotAllowed if the actor is no longer an admin.
    """
    account, admins = _lock(account_id, actor, hand_over_to)
    if not account.is_active:
        return account
    _require_another(account, actor)
    _require_another_admin(account, admins)
    account.is_active = False
    account.deactivated_at = datetime.now(UTC)
    _end_sessions(account)
    open_invitations = _lock_invitations(account)
    handed = _hand_over(account, hand_over_to, actor)
    _revoke(open_invitations, account, actor)
    record("account.deactivated", account, actor, email=account.email, handed_over=str(handed))
    return account


def reactivate_account(*, account_id: UUID, actor: Actor) -> Account:
    """Reactivate an account with its previous role and projects.

    Raises NotFound, TooManyPeople, and NotAllowed if the actor is no longer an admin.
    """
    account, _admins = _lock(account_id, actor)
    if account.is_active:
        return account
    require_room_for_person()
    account.is_active = True
    account.deactivated_at = None
    record("account.reactivated", account, actor, email=account.email)
    return account


def change_role(
    *, account_id: UUID, role: Role, actor: Actor, hand_over_to: UUID | None = None
) -> Account:
    """Change another person's role. A former viewer loses the granted projects; the open
    invitations of a former admin are revoked.

    A new viewer can fill in nothing, so open reports may go to `hand_over_to`. Raises NotFound,
    OwnAccount, LastAdmin, NotAssignable, and NotAllowed if the actor is no longer an admin.
    """
    account, admins = _lock(account_id, actor, hand_over_to)
    if account.role is role:
        return account
    _require_another(account, actor)
    _require_another_admin(account, admins)
    old, account.role = account.role, role
    if old is Role.VIEWER:
        _drop_grants(account)
    open_invitations = _lock_invitations(account) if old is Role.ADMIN else []
    handed = _hand_over(account, hand_over_to, actor) if role is Role.VIEWER else 0
    _revoke(open_invitations, account, actor)
    record(
        "account.role_changed",
        account,
        actor,
        old=old.value,
        new=role.value,
        handed_over=str(handed),
    )
    return account


def reset_second_factor(*, account_id: UUID, actor: Actor) -> Account:
    """Remove every second factor of a person who lost theirs, and end their sessions.

    Raises NotFound, OwnAccount, and NotAllowed if the actor is no longer an admin.
    """
    account, _admins = _lock(account_id, actor)
    _require_another(account, actor)
    reset_second_factors(account_id=account.id, actor=actor)
    return account


def tidy_name(text: str) -> str:
    """The name on one line, trimmed. Raises NameMissing."""
    name = " ".join(text.split())
    if not 0 < len(name) <= MAX_NAME:
        raise NameMissing(most=MAX_NAME)
    return name


def _lock(
    account_id: UUID, actor: Actor, hand_over_to: UUID | None = None
) -> tuple[Account, set[UUID]]:
    """Lock the person and all active admins until the transaction ends; returns the person and the
    admins' ids. So two admins cannot demote each other and leave none.

    The new assignee is locked in the same statement: with a separate lock, two people who hand
    over to each other would deadlock.
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


def _require_another_admin(account: Account, admins: set[UUID]) -> None:
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
    """Lock the open invitations that the person sent or approved; the lock order puts them after
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


def _revoke(invitations: Sequence[Invitation], account: Account, actor: Actor) -> None:
    for invitation in invitations:
        if invitation.invited_by != account.id:
            withdraw_approval(invitation, actor)
            continue
        invitation.revoked_at = datetime.now(UTC)
        record("invitation.revoked", invitation, actor, email=invitation.email)


def _drop_grants(account: Account) -> None:
    db.session.execute(delete(ProjectGrant).where(ProjectGrant.account_id == account.id))


def _hand_over(account: Account, to_account_id: UUID | None, actor: Actor) -> int:
    """Reassign the open reports and return their number."""
    if to_account_id is None:
        return 0
    return reassign_open_reports(
        from_account_id=account.id, to_account_id=to_account_id, actor=actor
    )
