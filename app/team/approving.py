"""Approval of admin invitations that the platform sends to a company.

Without it, the operator of Laudo could make an admin account in any company and write there.
Accepting checks the approval again (accepting.py), and so does the table's trigger, because the
facts may have changed since the invitation was sent.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from app.errors import DomainError, NotAllowed
from app.evidence.service import record
from app.extensions import db
from app.locks import Turn, lock_row, take_turn
from app.mail.service import mail_invitation
from app.models import Account, Actor, Invitation, Role
from app.plans.limits import require_room_for_person
from app.team.queries import has_active_admin


class InvitationClosed(DomainError):
    """The invitation to %(email)s has already been accepted or revoked. Reload the list."""


class ApprovalDue(DomainError):
    """The invitation to %(email)s came from the Laudo operator and is waiting for approval. Approve
    or reject it; there is nothing to send before that."""


def awaits_approval(invitation: Invitation) -> bool:
    """Whether an admin of the bound company must approve it before its link works."""
    return invitation.is_unapproved and has_active_admin()


def require_approval(invitation: Invitation, refusal: DomainError) -> None:
    """Raises `refusal` if an approval is due.

    Takes a turn until the transaction ends: two people invited to a company without an admin may
    accept at the same time.
    """
    if invitation.is_unapproved:
        take_turn(Turn.APPROVAL)
        if has_active_admin():
            raise refusal


def approve_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Approve the platform's invitation and send its link, valid for seven days from now.

    Idempotent. Raises NotFound, InvitationClosed, TooManyPeople, and NotAllowed if the actor is no
    longer an admin.
    """
    _require_admin(actor)
    invitation = lock_row(Invitation, invitation_id)
    if invitation.is_closed:
        raise InvitationClosed(email=invitation.email)
    if not invitation.is_unapproved:
        return invitation
    if invitation.is_expired:
        require_room_for_person()  # an open invitation is already counted
    invitation.approved_by = actor.account_id
    invitation.approved_at = datetime.now(UTC)
    invitation.renew()
    mail_invitation(invitation)
    record("invitation.approved", invitation, actor, email=invitation.email)
    return invitation


def refuse_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Revoke the platform's invitation; idempotent.

    Raises NotFound, InvitationClosed, and NotAllowed if the actor is no longer an admin.
    """
    _require_admin(actor)
    invitation = lock_row(Invitation, invitation_id)
    if invitation.accepted_at is not None or not invitation.is_of_platform:
        raise InvitationClosed(email=invitation.email)
    if invitation.revoked_at is None:
        invitation.revoked_at = datetime.now(UTC)
        record("invitation.refused", invitation, actor, email=invitation.email)
    return invitation


def withdraw_approval(invitation: Invitation, actor: Actor) -> None:
    """Withdraw the approval of a person who leaves: an approval needs an active admin behind it."""
    invitation.approved_by = invitation.approved_at = None
    record("invitation.approval_withdrawn", invitation, actor, email=invitation.email)


def _require_admin(actor: Actor) -> None:
    """Lock the admin's account, so that their role cannot change meanwhile. Raises NotAllowed."""
    own = select(Account.id).where(
        Account.id == actor.account_id, Account.role == Role.ADMIN, Account.is_active
    )
    if db.session.scalars(own.with_for_update(read=True)).one_or_none() is None:
        raise NotAllowed
