"""Following an invitation's link: what it says, why it opens nothing, and the account it makes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy import select

from app.auth.doors import TenantDoor, Visit
from app.auth.service import open_session
from app.errors import DomainError
from app.evidence.service import record
from app.evidence.ways_in import OF_PLATFORM
from app.extensions import db
from app.models import Actor, Invitation, Role, Tenant
from app.signing import read_row
from app.team.approving import awaits_approval, require_approval
from app.team.granting import grant, known_projects
from app.team.service import EmailTaken, create_account
from app.tenancy import call_definer, require_tenant, tenant_scope

PURPOSE = "invitation"


class LinkRefused(DomainError):
    """This invitation opens nothing. Ask whoever invited you to send it again."""

    status = 410


class LinkUnknown(LinkRefused):
    """This invitation link is not whole, or it is not known here. Open it from the e-mail again;
    if that does not help, ask whoever invited you to send it again."""

    status = 404


class LinkExpired(LinkRefused):
    """This invitation has expired: it was good for seven days. Ask whoever invited you to send it
    again."""


class LinkReplaced(LinkRefused):
    """A newer invitation was sent to you. Open the link of the newest e-mail, or ask whoever
    invited you to send it again."""


class LinkRevoked(LinkRefused):
    """This invitation was taken back. If you think that is a mistake, ask whoever invited you to
    send it again."""


class LinkUsed(LinkRefused):
    """This invitation was used already. Log in with your e-mail and the password that you chose."""


class CompanyPaused(LinkRefused):
    """%(company)s cannot take anybody in at the moment. Ask whoever invited you to send the
    invitation again later."""


class LinkAwaitsApproval(LinkRefused):
    """This invitation waits for an administrator of %(company)s to approve it. You get another
    e-mail as soon as the link works."""

    status = 403


class AddressInUse(LinkRefused):
    """Somebody on Laudo has the e-mail %(email)s already. Log in with it, or ask whoever invited
    you to send an invitation to another address."""


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """What a link says, to show to whoever follows it; loaded, so no scope is needed."""

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
    def speaks(self) -> str:
        """The language to write to this person in."""
        return self.locale or self.company_locale


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What the new person says of themselves; None takes the company's."""

    name: str
    password: str
    locale: str | None = None
    time_zone: str | None = None


def read_invitation(token: str) -> OpenInvitation:
    """What the link says, whoever is logged in. Raises the LinkRefused that fits."""
    named = read_row(PURPOSE, token)
    rows = call_definer("find_invitation", p_id=named[0]) if named else []
    if not named or not rows:
        raise LinkUnknown
    with tenant_scope(rows[0].tenant_id):
        invitation = _get(named[0])
        tenant = _tenant()
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
    *, invitation_id: UUID, generation: int, chosen: Chosen, visit: Visit
) -> str:  # fmt: skip
    """Make the account that the invitation is for, in the bound tenant; the token of its first
    session. The place was counted when it was sent, so no limit is asked here.

    Raises the LinkRefused that fits, NameMissing or WeakPassword.
    """
    invitation = _get(invitation_id, lock=True)
    tenant = _tenant()
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
        action="invitation.accepted",
        actor=visit.actor(account),
        object_type="invitation",
        object_id=invitation.id,
        email=invitation.email,
        account=str(account.id),
        **({OF_PLATFORM: True} if invitation.is_of_platform else {}),
    )
    return open_session(door=TenantDoor(db.session(), account), how="invitation", visit=visit)


def _check(invitation: Invitation, generation: int, tenant: Tenant) -> None:
    """Whether this generation of the link opens the invitation still."""
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


def _tenant() -> Tenant:
    return db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()
