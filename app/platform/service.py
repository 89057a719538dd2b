"""What the platform changes: new companies and superadmins. The caller commits the session.

What happens to a company later is in tenants.py and deletion.py, looks into one in support.py.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.passwords import hash_password
from app.company.plans import Plan
from app.errors import DomainError
from app.evidence.service import canonical_json
from app.models import Actor, PlatformAuditEntry, Superadmin, Tenant, TenantStatus
from app.team.service import EmailTaken, tidy_email, tidy_name
from app.web.locale import LOCALES, known_time_zones

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MAX_SLUG = 63


class SlugTaken(DomainError):
    """There is a company with the slug %(slug)s already."""


class BadSlug(DomainError):
    """ "%(slug)s" cannot be a slug: small letters, digits and hyphens, at most 63."""

    status = 422


class UnknownLocale(DomainError):
    """Laudo does not speak %(locale)s. It speaks: %(known)s."""

    status = 422


class UnknownTimeZone(DomainError):
    """%(time_zone)s is not the name of a time zone, as America/Sao_Paulo is."""

    status = 422


def suggest_slug(name: str) -> str:
    """A slug out of a name: "Elétrica São João Ltda." becomes "eletrica-sao-joao-ltda"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAX_SLUG].strip("-")


def create_tenant(
    session: Session,
    *,
    name: str,
    slug: str,
    actor: Actor,
    locale: str = "en",
    time_zone: str = "UTC",
    plan: Plan = Plan.STANDARD,
    trial_ends_at: datetime | None = None,
) -> Tenant:
    """A new company on a platform session; on the trial plan it is a trial until `trial_ends_at`.

    Raises NameMissing, SlugTaken, BadSlug, UnknownLocale or UnknownTimeZone.
    """
    if not SLUG.fullmatch(slug):
        raise BadSlug(slug=slug)
    require_known(locale, time_zone)
    tenant = Tenant(
        name=tidy_name(name),
        slug=slug,
        locale=locale,
        time_zone=time_zone,
        plan=plan.value,
        status=status_of(plan),
        trial_ends_at=trial_ends_at if plan is Plan.TRIAL else None,
    )
    session.add(tenant)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise SlugTaken(slug=slug) from error
    note(
        session, "tenant.created", actor,
        tenant_id=tenant.id, name=tenant.name, slug=slug, plan=plan.value,
    )  # fmt: skip
    return tenant


def status_of(plan: Plan | str) -> TenantStatus:
    """What a company is that is not suspended."""
    return TenantStatus.TRIAL if plan == Plan.TRIAL.value else TenantStatus.ACTIVE


def require_known(locale: str, time_zone: str) -> None:
    """Raises UnknownLocale or UnknownTimeZone."""
    if locale not in LOCALES:
        raise UnknownLocale(locale=locale, known=", ".join(LOCALES))
    if time_zone not in known_time_zones():
        raise UnknownTimeZone(time_zone=time_zone)


def create_superadmin(
    session: Session, *, email: str, name: str, password: str, actor: Actor
) -> Superadmin:
    """Raises EmailTaken, BadEmail, NameMissing or WeakPassword."""
    email, name = tidy_email(email), tidy_name(name)
    person = Superadmin(email=email, name=name, password_hash=hash_password(password, email, name))
    session.add(person)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise EmailTaken(email=email) from error
    note(session, "superadmin.created", actor, email=email)
    return person


def deactivate_superadmin(session: Session, *, email: str, actor: Actor) -> bool:
    """Close the account; its sessions end with it. False where there is no such superadmin."""
    known = select(Superadmin).where(Superadmin.email == email, Superadmin.is_active)
    person = session.scalars(known).one_or_none()
    if person is None:
        return False
    person.is_active = False
    note(session, "superadmin.deactivated", actor, email=email)
    return True


def note(
    session: Session, action: str, actor: Actor, *, tenant_id: UUID | None = None, **facts: Any
) -> None:
    """One entry of the platform's own audit; `facts` are plain JSON, numbers as strings.

    Nobody's e-mail of a company belongs in it: this stays when the company is erased.
    """
    body = {"ip": actor.ip, "request": actor.request_id, **facts}
    session.add(
        PlatformAuditEntry(
            action=action, tenant_id=tenant_id, actor_name=actor.name, body=canonical_json(body)
        )
    )
