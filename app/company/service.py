"""Changing how a company presents itself: logos, colours, contact."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.imaging.logo import UnsupportedLogo, clean_logo
from app.models import Actor, Tenant
from app.storage import object_key, put_bytes
from app.tenancy import require_tenant
from app.web.brand import COLOUR


class NotAColour(DomainError):
    """ "%(text)s" is not a colour. Write it as # and six digits, for example #1f5fa8."""

    status = 422


class LogoRefused(DomainError):
    """The logo was not accepted: %(reason)s. A PNG or JPEG of at most 5 MB is right."""

    status = 422


@dataclass(frozen=True, slots=True)
class Brand:
    """What to change; None leaves it as it is. Logos are PNG or JPEG bytes, colours '#rrggbb'."""

    logo: bytes | None = None
    second_logo: bytes | None = None
    accent: str | None = None
    second: str | None = None
    third: str | None = None
    contact: str | None = None


def brand_tenant(brand: Brand, *, actor: Actor) -> Tenant:
    """Change the bound tenant's branding. Raises NotAColour or LogoRefused."""
    tenant = db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()
    new = {
        "logo_key": _stored_logo(tenant.id, brand.logo),
        "second_logo_key": _stored_logo(tenant.id, brand.second_logo),
        "colour_accent": _colour(brand.accent),
        "colour_second": _colour(brand.second),
        "colour_third": _colour(brand.third),
        "contact": brand.contact.strip() if brand.contact is not None else None,
    }
    changes = {}
    for name, value in new.items():
        old = getattr(tenant, name)
        if value is not None and value != old:
            setattr(tenant, name, value)
            changes[name] = {"old": old, "new": value}
    if changes:
        record(
            action="tenant.branded",
            actor=actor,
            object_type="tenant",
            object_id=tenant.id,
            changes=changes,
        )
    return tenant


def _colour(text: str | None) -> str | None:
    if text is None:
        return None
    colour = text.strip().lower()
    if not COLOUR.fullmatch(colour):
        raise NotAColour(text=text)
    return colour


def _stored_logo(tenant_id: UUID, data: bytes | None) -> str | None:
    """The storage key of the cleaned logo; its bytes are stored before any row points at them."""
    if data is None:
        return None
    try:
        clean = clean_logo(data)
    except UnsupportedLogo as error:
        raise LogoRefused(reason=str(error)) from error
    key = object_key(tenant_id, "logo", hashlib.sha256(clean).hexdigest(), ".png")
    put_bytes(key, clean)
    return key
