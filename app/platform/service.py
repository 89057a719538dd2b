"""Creates companies and superadmins. The caller commits the session.

Later changes to a company belong in tenants.py and deletion.py, support access in support.py.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.passwords import hash_password
from app.email_address import require_email
from app.errors import DomainError
from app.evidence.service import record_on_platform
from app.models import Actor, Superadmin, Tenant, TenantStatus
from app.plans.plans import Plan
from app.team.service import EmailTaken, tidy_name
from app.web.locale import LOCALES, known_time_zones

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
MAX_SLUG = 63


class SlugTaken(DomainError):
    """A company with the slug %(slug)s already exists."""


class BadSlug(DomainError):
    """ "%(slug)s" is not a valid slug: use lowercase letters, digits and hyphens, at most 63
    characters."""

    status = 422


class UnknownLocale(DomainError):
    """Laudo is not available in %(locale)s. Available languages: %(known)s."""

    status = 422


class UnknownTimeZone(DomainError):
    """%(time_zone)s is not the name of a time zone. An example is America/Sao_Paulo."""

    status = 422


def suggest_slug(name: str) -> str:
    """Derive a slug from a name: "Elétrica São João Ltda." becomes "eletrica-sao-joao-ltda"."""
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
    """Create a company on a platform session. `trial_ends_at` applies only to the trial plan.

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
    record_on_platform(
        "tenant.created",
        session,
        actor,
        tenant_id=tenant.id,
        name=tenant.name,
        slug=slug,
        plan=plan.value,
    )
    return tenant


def status_of(plan: Plan | str) -> TenantStatus:
    """The status of a company that is not suspended."""
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
    email, name = require_email(email), tidy_name(name)
    person = Superadmin(email=email, name=name, password_hash=hash_password(password, email, name))
    session.add(person)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise EmailTaken(email=email) from error
    record_on_platform("superadmin.created", session, actor, email=email)
    return person


def deactivate_superadmin(session: Session, *, email: str, actor: Actor) -> bool:
    """Deactivate the account, which ends its sessions. False if there is no such superadmin."""
    known = select(Superadmin).where(Superadmin.email == email, Superadmin.is_active)
    person = session.scalars(known).one_or_none()
    if person is None:
        return False
    person.is_active = False
    record_on_platform("superadmin.deactivated", session, actor, email=email)
    return True
