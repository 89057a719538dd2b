"""What the platform changes: new tenants and superadmins. The caller commits the session."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.auth.passwords import hash_password
from app.errors import DomainError
from app.evidence.service import canonical_json
from app.models import Actor, PlatformAuditEntry, Superadmin, Tenant
from app.team.service import EmailTaken, tidy_email, tidy_name
from app.web.locale import LOCALES, known_time_zones

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


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


def create_tenant(
    session: Session,
    *,
    name: str,
    slug: str,
    actor: Actor,
    locale: str = "en",
    time_zone: str = "UTC",
) -> Tenant:
    """A new company on a platform session. Raises SlugTaken, BadSlug and the Unknown ones."""
    if not SLUG.fullmatch(slug):
        raise BadSlug(slug=slug)
    if locale not in LOCALES:
        raise UnknownLocale(locale=locale, known=", ".join(LOCALES))
    if time_zone not in known_time_zones():
        raise UnknownTimeZone(time_zone=time_zone)
    tenant = Tenant(name=tidy_name(name), slug=slug, locale=locale, time_zone=time_zone)
    session.add(tenant)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise SlugTaken(slug=slug) from error
    _note(session, "tenant.created", actor, tenant=tenant, name=tenant.name, slug=slug)
    return tenant


def create_superadmin(
    session: Session, *, email: str, name: str, password: str, actor: Actor
) -> Superadmin:
    """Raises EmailTaken, BadEmail, NameMissing or WeakPassword."""
    email = tidy_email(email)
    person = Superadmin(email=email, name=tidy_name(name), password_hash=hash_password(password))
    session.add(person)
    try:
        session.flush()
    except IntegrityError as error:
        session.rollback()
        raise EmailTaken(email=email) from error
    _note(session, "superadmin.created", actor, email=email)
    return person


def deactivate_superadmin(session: Session, *, email: str, actor: Actor) -> bool:
    """Close the account; its sessions end with it. False where there is no such superadmin."""
    known = select(Superadmin).where(Superadmin.email == email, Superadmin.is_active)
    person = session.scalars(known).one_or_none()
    if person is None:
        return False
    person.is_active = False
    _note(session, "superadmin.deactivated", actor, email=email)
    return True


def _note(
    session: Session, action: str, actor: Actor, *, tenant: Tenant | None = None, **facts: str
) -> None:
    session.add(
        PlatformAuditEntry(
            action=action,
            tenant_id=tenant.id if tenant else None,
            actor_name=actor.name,
            body=canonical_json(facts),
        )
    )
