"""Changing how a company presents itself: logos, colours, contact, watermark and PDFs."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from app.contact import Contact, contact_of
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.imaging.logo_apart import MAX_LOGO_BYTES, UnsupportedLogo, clean_logo_apart
from app.imaging.settings import WatermarkSettings
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff
from app.models import Actor, Tenant
from app.pdf.settings import PdfSettings
from app.storage import object_key, put_bytes
from app.stored import Stored
from app.tenancy import require_tenant
from app.transactions import pause
from app.web.brand import COLOUR


class NotAColour(DomainError):
    """ "%(text)s" is not a colour. Write it as # and six digits, for example #1f5fa8."""

    status = 422


class LogoRefused(DomainError):
    """The logo was not accepted. A PNG or JPEG of at most 5 MB is right."""

    status = 422


class LogoTooLarge(LogoRefused):
    """The logo has more than 5 MB. Export it smaller: 1200 pixels wide are enough."""


class LogoOfAnotherKind(LogoRefused):
    """This file is neither PNG nor JPEG. SVG and other kinds are not taken: export the logo as a
    PNG, 1200 pixels wide."""


class LogoUnreadable(LogoRefused):
    """This picture is damaged, or has more than 20 million pixels. Export the logo once more as a
    PNG, 1200 pixels wide."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What to change; None leaves it as it is. Logos are PNG or JPEG bytes, colours '#rrggbb',
    `contact` is the note below the parts of the contact.

    `without` names the logos to take away, 'logo' or 'second_logo'; a new one goes before.
    """

    logo: bytes | None = None
    second_logo: bytes | None = None
    accent: str | None = None
    second: str | None = None
    third: str | None = None
    contact: str | None = None
    contact_parts: Contact | None = None
    without: frozenset[str] = frozenset()


def brand_tenant(brand: Brand, *, actor: Actor) -> Tenant:
    """Change the bound tenant's branding. Raises NotAColour or LogoRefused (of which logo)."""
    new = {
        "logo_key": _stored_logo(brand.logo, "logo"),
        "second_logo_key": _stored_logo(brand.second_logo, "second_logo"),
        "colour_accent": _colour(brand.accent),
        "colour_second": _colour(brand.second),
        "colour_third": _colour(brand.third),
        "contact": brand.contact.strip() if brand.contact is not None else None,
    }
    tenant, changes = _tenant(), {}
    for name, value in new.items():
        old = getattr(tenant, name)
        if value is not None and value != old:
            setattr(tenant, name, value)
            changes[name] = {"old": old, "new": value}
        elif value is None and name.removesuffix("_key") in brand.without and old is not None:
            setattr(tenant, name, None)
            changes[name] = {"old": old, "new": None}
    if brand.contact_parts is not None:
        changes |= contact_of(tenant.contact_parts).changes(brand.contact_parts, "contact_")
        tenant.contact_parts = brand.contact_parts.overrides()
    _note("tenant.branded", tenant, changes, actor)
    return tenant


def change_watermark(settings: WatermarkSettings, *, actor: Actor) -> Tenant:
    """How the strips of photos look from now on; those of finished reports stay as they are."""
    tenant = _tenant()
    changes = _changes(WatermarkSettings.of(tenant.watermark), settings)
    tenant.watermark = settings.overrides()
    _note("tenant.watermark_changed", tenant, changes, actor)
    return tenant


def change_pdf(settings: PdfSettings, *, actor: Actor) -> Tenant:
    """How PDFs look that are made from now on; those that were made stay as they are."""
    tenant = _tenant()
    changes = _changes(PdfSettings.of(tenant.pdf), settings)
    tenant.pdf = settings.overrides()
    _note("tenant.pdf_changed", tenant, changes, actor)
    return tenant


def _tenant() -> Tenant:
    return db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()


def _changes(old: Stored, new: Stored) -> dict[str, Any]:
    """What differs, with both values; numbers as text, as the audit chain has them."""
    before, after = (one.model_dump(mode="json") for one in (old, new))
    return {
        name: {"old": _plain(before[name]), "new": _plain(value)}
        for name, value in after.items()
        if value != before[name]
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | str) else str(value)


def _note(action: str, tenant: Tenant, changes: dict[str, Any], actor: Actor) -> None:
    if changes:
        record(
            action=action,
            actor=actor,
            object_type="tenant",
            object_id=tenant.id,
            changes=changes,
        )


def _colour(text: str | None) -> str | None:
    if text is None:
        return None
    colour = text.strip().lower()
    if not COLOUR.fullmatch(colour):
        raise NotAColour(text=text)
    return colour


def _stored_logo(data: bytes | None, which: str) -> str | None:
    """The storage key of the cleaned logo; its bytes are stored before any row points at them."""
    if data is None:
        return None
    pause()
    if len(data) > MAX_LOGO_BYTES:
        raise LogoTooLarge(which=which)
    if sniff(data[:HEADER_BYTES]) not in (ImageKind.PNG, ImageKind.JPEG):
        raise LogoOfAnotherKind(which=which)
    try:
        clean = clean_logo_apart(data)
    except UnsupportedLogo as error:
        raise LogoUnreadable(which=which) from error
    key = object_key(require_tenant(), "logo", hashlib.sha256(clean).hexdigest(), ".png")
    put_bytes(key, clean)
    return key
