"""Inviting people by e-mail: a link that is good once, for seven days, sent again or taken back.

What happens when somebody follows the link is in accepting.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import func, select, text

from app.company.limits import require_room_for_person
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.mail.service import mail_invitation
from app.models import TENANT_ROLES, Account, Actor, Invitation, Mail, MailKind, Role
from app.models.invitation import GOOD_FOR
from app.team.approving import ApprovalDue, InvitationClosed, awaits_approval, lock_invitation
from app.team.granting import known_projects
from app.team.service import tidy_email
from app.tenancy import require_tenant

# A second tap on the button sends no second mail, and nobody's mailbox can be filled by tapping.
PAUSE = timedelta(minutes=1)
# Taken back and sent anew as often as one likes, they would fill it all the same.
MOST_A_DAY = 10


class AlreadyHere(DomainError):
    """%(name)s has the e-mail %(email)s and is in your company already."""

    status = 422


class WasDeactivated(DomainError):
    """%(name)s has the e-mail %(email)s and was deactivated. Reactivate them instead of inviting
    them again."""

    status = 422


class InvitedTooOften(DomainError):
    """%(most)s invitations went to %(email)s within a day, and more would be no help. Ask the
    person to look among unwanted mail, or send another one tomorrow."""

    status = 422


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationFacts:
    """Whom to invite as what; `locale` None takes the company's. Only viewers have projects."""

    email: str
    role: Role
    name: str = ""
    locale: str | None = None
    project_ids: tuple[UUID, ...] = ()


def invite_person(*, facts: InvitationFacts, actor: Actor) -> Invitation:
    """An open invitation with its mail. An address that is invited already gets the newer facts
    and a newer link in the same row.

    Of other companies nothing is asked: the answer is the same whether the address has an account
    in one of them or not, and only the mail says so (app/mail/sending.py). Raises BadEmail,
    AlreadyHere, WasDeactivated, InvitedTooOften or TooManyPeople.
    """
    facts = _tidy(facts)
    _require_stranger(facts.email)
    _take_turn(facts.email)
    invitation = _find_open(facts.email)
    if invitation is not None:
        return _send_again(invitation, facts, actor)
    _require_patience(facts.email)
    require_room_for_person()
    invitation = Invitation(
        **_columns(facts),
        **_sender(actor),
        email=facts.email,
        expires_at=datetime.now(UTC) + GOOD_FOR,
    )
    db.session.add(invitation)
    db.session.flush()
    _mail(invitation)
    _note("sent", invitation, actor, role=facts.role.value)
    return invitation


def resend_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """A new link for seven days; the links sent before are void. Within a minute of the last mail
    nothing is sent.

    Raises NotFound, InvitationClosed, ApprovalDue, AlreadyHere, WasDeactivated, InvitedTooOften or
    TooManyPeople.
    """
    email = db.session.scalar(select(Invitation.email).where(Invitation.id == invitation_id))
    if email is None:
        raise NotFound
    _require_stranger(email)
    invitation = lock_invitation(invitation_id)
    if invitation.is_closed:
        raise InvitationClosed(email=email)
    if awaits_approval(invitation):
        raise ApprovalDue(email=email)
    return _send_again(invitation, None, actor)


def revoke_invitation(*, invitation_id: UUID, actor: Actor) -> Invitation:
    """Void the link; a second time changes nothing. Raises NotFound or InvitationClosed."""
    invitation = lock_invitation(invitation_id)
    if invitation.accepted_at is not None:
        raise InvitationClosed(email=invitation.email)
    if invitation.revoked_at is None:
        invitation.revoked_at = datetime.now(UTC)
        _note("revoked", invitation, actor)
    return invitation


def _send_again(
    invitation: Invitation, facts: InvitationFacts | None, actor: Actor
) -> Invitation:  # fmt: skip
    columns = _columns(facts) if facts else {}
    is_new = any(getattr(invitation, name) != value for name, value in columns.items())
    now = datetime.now(UTC)
    sent_at = invitation.expires_at - GOOD_FOR
    if not is_new and sent_at > now - PAUSE:
        return invitation
    _require_patience(invitation.email)
    if invitation.is_expired:
        require_room_for_person()  # an open one holds its place already
    for name, value in (columns | _sender(actor)).items():
        setattr(invitation, name, value)
    invitation.generation += 1
    invitation.renew()
    _mail(invitation)
    _note("resent", invitation, actor, role=invitation.role.value)
    return invitation


def _mail(invitation: Invitation) -> None:
    """The link goes out with the approval where one is due."""
    if not awaits_approval(invitation):
        mail_invitation(invitation)


def _tidy(facts: InvitationFacts) -> InvitationFacts:
    is_viewer = facts.role is Role.VIEWER
    projects = sorted(known_projects(facts.project_ids)) if is_viewer else ()
    return replace(facts, email=tidy_email(facts.email), project_ids=tuple(projects))


def _columns(facts: InvitationFacts) -> dict[str, object]:
    return {
        "name": facts.name,
        "role": facts.role,
        "locale": facts.locale,
        "project_ids": [str(one) for one in facts.project_ids],
    }


def _sender(actor: Actor) -> dict[str, object]:
    """Whoever sent the link last answers for it: it goes when they go. What the platform sends
    anew is approved anew."""
    is_member = actor.role in TENANT_ROLES
    return {
        "invited_by": actor.account_id if is_member else None,
        "invited_by_name": actor.name,
        "approved_by": None,
        "approved_at": None,
    }


def _require_stranger(email: str) -> None:
    """Raises AlreadyHere or WasDeactivated."""
    here = db.session.scalars(select(Account).where(Account.email == email)).one_or_none()
    if here is not None:
        refusal = AlreadyHere if here.is_active else WasDeactivated
        raise refusal(name=here.name, email=email, account_id=here.id)


def _take_turn(email: str) -> None:
    """Wait for whoever invites the same address at this moment, so that both make one row."""
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 7205007))"),
        {"key": f"{require_tenant()} {email}"},
    )


def _require_patience(email: str) -> None:
    """Raises InvitedTooOften."""
    sent = db.session.scalar(
        select(func.count(Mail.id)).where(
            Mail.kind == MailKind.INVITATION,
            Mail.recipient == email,
            Mail.created_at > datetime.now(UTC) - timedelta(days=1),
        )
    )
    if (sent or 0) >= MOST_A_DAY:
        raise InvitedTooOften(email=email, most=MOST_A_DAY)


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


def _note(verb: str, invitation: Invitation, actor: Actor, **facts: str) -> None:
    record(
        action=f"invitation.{verb}",
        actor=actor,
        object_type="invitation",
        object_id=invitation.id,
        email=invitation.email,
        **facts,
    )
