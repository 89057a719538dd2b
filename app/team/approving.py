"""The platform's invitations of admins: when the company must let one through, and who does.

Whoever runs Laudo could else make an admin account of their own in any company, and write there.
The acceptance asks again (accepting.py), and so does the table's trigger: what was so when the
invitation was sent may not be so any more.
"""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select, text

from app.company.limits import require_room_for_person
from app.errors import DomainError, NotAllowed, NotFound
from app.evidence.service import record
from app.extensions import db
from app.mail.service import mail_invitation
from app.models import Account, Actor, Invitation, Role
from app.team.queries import has_active_admin
from app.tenancy import require_tenant


class InvitationClosed(DomainError):
    """The invitation of %(email)s was accepted or taken back already. Load the list again."""


class ApprovalDue(DomainError):
    """The invitation of %(email)s came from whoever runs Laudo and waits for an approval. Approve
    or refuse it; there is nothing to send before that."""


def awaits_approval(invitation: Invitation) -> bool:
    """Whether its link works only once an admin of the bound company has approved it."""
    return invitation.is_unapproved and has_active_admin()


def require_approval(invitation: Invitation, refusal: DomainError) -> None:
    """Raises `refusal` where an approval is due; holds the answer until the transaction ends, as
    two who are invited into a company without an admin may come at once."""
    if invitation.is_unapproved:
        db.session.execute(
            text("select pg_advisory_xact_lock(hashtextextended(:tenant, 7205011))"),
            {"tenant": str(require_tenant())},
        )
        if has_active_admin():
            raise refusal


def approve_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Let the platform's invitation through: its link is sent and good for seven days from now.

    A second time changes nothing. Raises NotFound, InvitationClosed, TooManyPeople, and NotAllowed
    for whoever is no admin any more.
    """
    _require_admin(actor)
    invitation = lock_invitation(invitation_id)
    if invitation.is_closed:
        raise InvitationClosed(email=invitation.email)
    if not invitation.is_unapproved:
        return invitation
    if invitation.is_expired:
        require_room_for_person()  # an open one holds its place already
    invitation.approved_by = actor.account_id
    invitation.approved_at = datetime.now(UTC)
    invitation.renew()
    mail_invitation(invitation)
    _note("approved", invitation, actor)
    return invitation


def refuse_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Void the platform's invitation; a second time changes nothing.

    Raises NotFound, InvitationClosed, and NotAllowed for whoever is no admin any more.
    """
    _require_admin(actor)
    invitation = lock_invitation(invitation_id)
    if invitation.accepted_at is not None or not invitation.is_of_platform:
        raise InvitationClosed(email=invitation.email)
    if invitation.revoked_at is None:
        invitation.revoked_at = datetime.now(UTC)
        _note("refused", invitation, actor)
    return invitation


def withdraw_approval(invitation: Invitation, actor: Actor) -> None:
    """Whoever approved it answers for it: the approval goes when they go."""
    invitation.approved_by = invitation.approved_at = None
    _note("approval_withdrawn", invitation, actor)


def lock_invitation(invitation_id: UUID) -> Invitation:
    """Held until the transaction ends. Raises NotFound."""
    invitation = db.session.scalars(
        select(Invitation)
        .where(Invitation.id == invitation_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
    if invitation is None:
        raise NotFound
    return invitation


def _require_admin(actor: Actor) -> None:
    """Held, so that nobody approves while their role is taken. Raises NotAllowed."""
    own = select(Account.id).where(
        Account.id == actor.account_id, Account.role == Role.ADMIN, Account.is_active
    )
    if db.session.scalars(own.with_for_update(read=True)).one_or_none() is None:
        raise NotAllowed


def _note(verb: str, invitation: Invitation, actor: Actor) -> None:
    record(
        action=f"invitation.{verb}",
        actor=actor,
        object_type="invitation",
        object_id=invitation.id,
        email=invitation.email,
    )
