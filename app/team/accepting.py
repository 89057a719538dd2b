"""Following an invitation link: reading it, refusing it, or making the account."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from app.auth.account_stores import TenantAccountStore, Visit
from app.auth.service import open_session
from app.errors import DomainError
from app.evidence.service import record
from app.evidence.ways_in import OF_PLATFORM
from app.extensions import db
from app.models import Actor, Invitation, Role, Tenant
from app.rows import own_tenant
from app.signing import INVITATION_LINK
from app.team.approving import awaits_approval, require_approval
from app.team.granting import grant, known_projects
from app.team.service import EmailTaken, create_account
from app.tenancy import call_definer, tenant_scope


class LinkRefused(DomainError):
    """This invitation does not work. Ask the person who invited you to send it again."""

    status = 410


class LinkUnknown(LinkRefused):
    """This invitation link is incomplete or unknown. Open it from the e-mail again; if that does
    not help, ask the person who invited you to send it again."""

    status = 404


class LinkExpired(LinkRefused):
    """This invitation has expired: it was valid for seven days. Ask the person who invited you to
    send it again."""


class LinkReplaced(LinkRefused):
    """A newer invitation was sent to you. Open the link in the newest e-mail, or ask the person who
    invited you to send it again."""


class LinkRevoked(LinkRefused):
    """This invitation was revoked. If you think that is a mistake, ask the person who invited you
    to send it again."""


class LinkUsed(LinkRefused):
    """This invitation has already been used. Log in with your e-mail and the password that you
    chose."""


class CompanyPaused(LinkRefused):
    """%(company)s cannot accept new people at the moment. Ask the person who invited you to send
    the invitation again later."""


class LinkAwaitsApproval(LinkRefused):
    """This invitation is waiting for approval by an admin of %(company)s. You will get another
    e-mail as soon as the link works."""

    status = 403


class AddressInUse(LinkRefused):
    """The e-mail %(email)s already belongs to a person on Laudo. Log in with it, or ask the person
    who invited you to send an invitation to another address."""


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """The content of an invitation link for display. Fully loaded, so no tenant scope is needed."""

    id: UUID
    tenant_id: UUID
    generation: int
    email: str
    name: str
    role: Role
    locale: str | None
    invited_by: str
    company: str
    company_locale: str
    company_zone: str

    @property
    def language(self) -> str:
        """The language in which to address this person."""
        return self.locale or self.company_locale


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPersonDetails:
    """What the new person entered; None takes the company's value."""

    name: str
    password: str
    locale: str | None = None
    time_zone: str | None = None


def read_invitation(token: str) -> OpenInvitation:
    """The content of the link, regardless of who is logged in. Raises a subclass of LinkRefused."""
    named = INVITATION_LINK.read(token)
    rows = call_definer("find_invitation", p_id=named[0]) if named else []
    if not named or not rows:
        raise LinkUnknown
    with tenant_scope(rows[0].tenant_id):
        invitation = _get(named[0])
        tenant = own_tenant()
        _check(invitation, named[1], tenant)
        if awaits_approval(invitation):
            raise LinkAwaitsApproval(company=tenant.name)
        return OpenInvitation(
            id=invitation.id,
            tenant_id=tenant.id,
            generation=invitation.generation,
            email=invitation.email,
            name=invitation.name,
            role=invitation.role,
            locale=invitation.locale,
            invited_by=invitation.invited_by_name,
            company=tenant.name,
            company_locale=tenant.locale,
            company_zone=tenant.time_zone,
        )


def accept_invitation(
    *, invitation_id: UUID, generation: int, chosen: NewPersonDetails, visit: Visit
) -> str:
    """Make the account in the bound tenant and return the token of its first session.

    The person limit was checked when the invitation was sent, so it is not checked here. Raises a
    subclass of LinkRefused, NameMissing or WeakPassword.
    """
    invitation = _get(invitation_id, lock=True)
    tenant = own_tenant()
    _check(invitation, generation, tenant)
    require_approval(invitation, LinkAwaitsApproval(company=tenant.name))
    try:
        account = create_account(
            email=invitation.email,
            name=chosen.name,
            role=invitation.role,
            password=chosen.password,
            locale=chosen.locale,
            time_zone=chosen.time_zone,
            is_invited=True,
            actor=Actor(chosen.name, invitation.role, None, visit.ip, visit.request_id),
        )
    except EmailTaken as error:
        raise AddressInUse(email=invitation.email) from error
    if account.role is Role.VIEWER:
        grant(account, known_projects(UUID(one) for one in invitation.project_ids))
    invitation.accepted_at = datetime.now(UTC)
    invitation.account_id = account.id
    record(
        "invitation.accepted",
        invitation,
        visit.actor(account),
        email=invitation.email,
        account=str(account.id),
        **({OF_PLATFORM: True} if invitation.is_of_platform else {}),
    )
    return open_session(
        store=TenantAccountStore(db.session(), account), how="invitation", visit=visit
    )


def _check(invitation: Invitation, generation: int, tenant: Tenant) -> None:
    """Check that this generation of the link is still valid."""
    if invitation.accepted_at is not None:
        raise LinkUsed
    if invitation.revoked_at is not None:
        raise LinkRevoked
    if invitation.generation != generation:
        raise LinkReplaced
    if invitation.is_expired:
        raise LinkExpired
    if tenant.is_read_only:
        raise CompanyPaused(company=tenant.name)


def _get(invitation_id: UUID, *, lock: bool = False) -> Invitation:
    statement = select(Invitation).where(Invitation.id == invitation_id)
    if lock:
        statement = statement.with_for_update(key_share=True).execution_options(
            populate_existing=True
        )
    invitation = db.session.scalars(statement).one_or_none()
    if invitation is None:
        raise LinkUnknown
    return invitation
