"""Inviting people by e-mail: sending, resending and revoking links.

A link works once, for seven days. Following it is in accepting.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select

from app.email_address import require_email
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.locks import Turn, lock_row, take_turn
from app.mail.service import mail_invitation
from app.models import TENANT_ROLES, Account, Actor, Invitation, Mail, MailKind, Role
from app.models.invitation import VALID_FOR
from app.plans.limits import require_room_for_person
from app.rows import apply_changes, differences
from app.team.approving import ApprovalDue, InvitationClosed, awaits_approval
from app.team.granting import known_projects

# A second tap on the button sends no second mail.
PAUSE = timedelta(minutes=1)
# Without this limit, revoking and inviting again would flood the mailbox despite the pause.
MAX_PER_DAY = 10


class AlreadyHere(DomainError):
    """%(name)s has the e-mail %(email)s and is already in your company."""

    status = 422


class WasDeactivated(DomainError):
    """%(name)s has the e-mail %(email)s and was deactivated. Reactivate the account instead of
    inviting them again."""

    status = 422


class InvitedTooOften(DomainError):
    """%(most)s invitations were sent to %(email)s within a day, and sending more will not help. Ask
    the person to check their spam folder, or send another one tomorrow."""

    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationFacts:
    """Whom to invite, and with which role. A `locale` of None takes the company's. Only viewers
    have projects."""

    email: str
    role: Role
    name: str = ""
    locale: str | None = None
    project_ids: tuple[UUID, ...] = ()


def invite_person(*, facts: InvitationFacts, actor: Actor) -> Invitation:
    """Create an invitation and its mail. If the address is already invited, its row gets the new
    facts and a new link.

    Other companies are not checked: the response is the same whether or not the address has an
    account in one of them; only the mail says so (app/mail/sending.py). Raises BadEmail,
    AlreadyHere, WasDeactivated, InvitedTooOften or TooManyPeople.
    """
    facts = _tidy(facts)
    _require_unknown_email(facts.email)
    take_turn(Turn.INVITATION, facts.email)
    invitation = _find_open(facts.email)
    if invitation is not None:
        return _send_again(invitation, facts, actor)
    _require_below_daily_limit(facts.email)
    require_room_for_person()
    invitation = Invitation(
        **_columns(facts),
        **_sender(actor),
        email=facts.email,
        expires_at=datetime.now(UTC) + VALID_FOR,
    )
    db.session.add(invitation)
    db.session.flush()
    _mail(invitation)
    record("invitation.sent", invitation, actor, email=invitation.email, role=facts.role.value)
    return invitation


def resend_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Send a new link for seven days and invalidate earlier ones. Nothing is sent within a minute
    of the last mail.

    Raises NotFound, InvitationClosed, ApprovalDue, AlreadyHere, WasDeactivated, InvitedTooOften or
    TooManyPeople.
    """
    email = db.session.scalar(select(Invitation.email).where(Invitation.id == invitation_id))
    if email is None:
        raise NotFound
    _require_unknown_email(email)
    invitation = lock_row(Invitation, invitation_id)
    if invitation.is_closed:
        raise InvitationClosed(email=email)
    if awaits_approval(invitation):
        raise ApprovalDue(email=email)
    return _send_again(invitation, None, actor)


def revoke_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Revoke the link; idempotent. Raises NotFound or InvitationClosed."""
    invitation = lock_row(Invitation, invitation_id)
    if invitation.accepted_at is not None:
        raise InvitationClosed(email=invitation.email)
    if invitation.revoked_at is None:
        invitation.revoked_at = datetime.now(UTC)
        record("invitation.revoked", invitation, actor, email=invitation.email)
    return invitation


def _send_again(invitation: Invitation, facts: InvitationFacts | None, actor: Actor) -> Invitation:
    columns = _columns(facts) if facts else {}
    is_new = bool(differences(invitation, columns))
    now = datetime.now(UTC)
    sent_at = invitation.expires_at - VALID_FOR
    if not is_new and sent_at > now - PAUSE:
        return invitation
    _require_below_daily_limit(invitation.email)
    if invitation.is_expired:
        require_room_for_person()  # an open invitation is already counted
    apply_changes(invitation, columns | _sender(actor))
    invitation.generation += 1
    invitation.renew()
    _mail(invitation)
    record(
        "invitation.resent", invitation, actor, email=invitation.email, role=invitation.role.value
    )
    return invitation


def _mail(invitation: Invitation) -> None:
    """Mail the link, unless an approval is due: then the approval sends it."""
    if not awaits_approval(invitation):
        mail_invitation(invitation)


def _tidy(facts: InvitationFacts) -> InvitationFacts:
    is_viewer = facts.role is Role.VIEWER
    projects = sorted(known_projects(facts.project_ids)) if is_viewer else ()
    return replace(facts, email=require_email(facts.email), project_ids=tuple(projects))


def _columns(facts: InvitationFacts) -> dict[str, object]:
    return {
        "name": facts.name,
        "role": facts.role,
        "locale": facts.locale,
        "project_ids": [str(one) for one in facts.project_ids],
    }


def _sender(actor: Actor) -> dict[str, object]:
    """Record the last sender as the inviter: the invitation is revoked when they leave. A link
    resent by the platform needs a new approval."""
    is_member = actor.role in TENANT_ROLES
    return {
        "invited_by": actor.account_id if is_member else None,
        "invited_by_name": actor.name,
        "approved_by": None,
        "approved_at": None,
    }


def _require_unknown_email(email: str) -> None:
    """Raises AlreadyHere or WasDeactivated."""
    here = db.session.scalars(select(Account).where(Account.email == email)).one_or_none()
    if here is not None:
        refusal = AlreadyHere if here.is_active else WasDeactivated
        raise refusal(name=here.name, email=email, account_id=here.id)


def _require_below_daily_limit(email: str) -> None:
    """Raises InvitedTooOften."""
    sent = db.session.scalar(
        select(func.count(Mail.id)).where(
            Mail.kind == MailKind.INVITATION,
            Mail.recipient == email,
            Mail.created_at > datetime.now(UTC) - timedelta(days=1),
        )
    )
    if (sent or 0) >= MAX_PER_DAY:
        raise InvitedTooOften(email=email, most=MAX_PER_DAY)


def _find_open(email: str) -> Invitation | None:
    return db.session.scalars(
        select(Invitation)
        .where(
            Invitation.email == email,
            Invitation.accepted_at.is_(None),
            Invitation.revoked_at.is_(None),
        )
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    ).one_or_none()
