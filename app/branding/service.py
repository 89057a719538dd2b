"""Changes a company's branding: logos, colours, contact, watermark and PDF settings."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

from app.contact import Contact, contact_of
from app.errors import DomainError
from app.evidence.service import record
from app.imaging.logo_sandbox import MAX_LOGO_BYTES, UnsupportedLogo, clean_logo_sandbox
from app.imaging.settings import WatermarkSettings
from app.imaging.sniff import HEADER_BYTES, ImageKind, sniff
from app.models import Actor, Tenant
from app.pdf.settings import PdfSettings
from app.rows import apply_changes, own_tenant
from app.storage import object_key, put_bytes
from app.stored import Stored
from app.tenancy import require_tenant
from app.transactions import pause
from app.web.brand import COLOUR


class NotAColour(DomainError):
    """ "%(text)s" is not a colour. Enter # and six digits, for example #1f5fa8."""

    status = 422


class LogoRefused(DomainError):
    """The logo was not accepted. Use a PNG or JPEG of at most 5 MB."""

    status = 422


class LogoTooLarge(LogoRefused):
    """The logo is larger than 5 MB. Export a smaller one: a width of 1200 pixels is enough."""


class LogoOfAnotherKind(LogoRefused):
    """This file is not a PNG or JPEG. SVG and other formats are not accepted: export the logo as a
    PNG, 1200 pixels wide."""


class LogoUnreadable(LogoRefused):
    """This image is damaged or has more than 20 million pixels. Export the logo again as a PNG,
    1200 pixels wide."""


@dataclass(frozen=True, slots=True)
class Brand:
    """The values to change; None keeps a value. Logos are PNG or JPEG bytes, colours '#rrggbb'.

    `contact` is the note below the parts of the contact. `removed_logos` names the logos to remove,
    'logo' or 'second_logo'; a new logo takes precedence.
    """

    logo: bytes | None = None
    second_logo: bytes | None = None
    accent: str | None = None
    second: str | None = None
    third: str | None = None
    contact: str | None = None
    contact_parts: Contact | None = None
    removed_logos: frozenset[str] = frozenset()


def brand_tenant(brand: Brand, *, actor: Actor) -> Tenant:
    """Change the bound tenant's branding. Raises NotAColour or LogoRefused (naming the logo)."""
    given = {
        "logo_key": _stored_logo(brand.logo, "logo"),
        "second_logo_key": _stored_logo(brand.second_logo, "second_logo"),
        "colour_accent": _colour(brand.accent),
        "colour_second": _colour(brand.second),
        "colour_third": _colour(brand.third),
        "contact": brand.contact.strip() if brand.contact is not None else None,
    }
    tenant = own_tenant()
    changes: dict[str, Any] = apply_changes(
        tenant,
        {
            name: value
            for name, value in given.items()
            if value is not None or name.removesuffix("_key") in brand.removed_logos
        },
    )
    if brand.contact_parts is not None:
        changes |= contact_of(tenant.contact_parts).changes(brand.contact_parts, "contact_")
        tenant.contact_parts = brand.contact_parts.overrides()
    if changes:
        record("tenant.branded", tenant, actor, changes=changes)
    return tenant


def change_watermark(settings: WatermarkSettings, *, actor: Actor) -> Tenant:
    """Change the watermark of photos. Photos of finished reports keep theirs."""
    tenant = own_tenant()
    changes = _changes(WatermarkSettings.of(tenant.watermark), settings)
    tenant.watermark = settings.overrides()
    if changes:
        record("tenant.watermark_changed", tenant, actor, changes=changes)
    return tenant


def change_pdf(settings: PdfSettings, *, actor: Actor) -> Tenant:
    """Change the layout of future PDFs. Existing PDFs do not change."""
    tenant = own_tenant()
    changes = _changes(PdfSettings.of(tenant.pdf), settings)
    tenant.pdf = settings.overrides()
    if changes:
        record("tenant.pdf_changed", tenant, actor, changes=changes)
    return tenant


def _changes(old: Stored, new: Stored) -> dict[str, Any]:
    """The old and new values of each changed setting; numbers as text, as in the audit chain."""
    before, after = (one.model_dump(mode="json") for one in (old, new))
    return {
        name: {"old": _plain(before[name]), "new": _plain(value)}
        for name, value in after.items()
        if value != before[name]
    }


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | str) else str(value)


def _colour(text: str | None) -> str | None:
    if text is None:
        return None
    colour = text.strip().lower()
    if not COLOUR.fullmatch(colour):
        raise NotAColour(text=text)
    return colour


def _stored_logo(data: bytes | None, which: str) -> str | None:
    """Clean and store a logo and return its storage key.

    The bytes are stored before any row refers to them, so that no row points to a missing file.
    """
    if data is None:
        return None
    pause()
    if len(data) > MAX_LOGO_BYTES:
        raise LogoTooLarge(which=which)
    if sniff(data[:HEADER_BYTES]) not in (ImageKind.PNG, ImageKind.JPEG):
        raise LogoOfAnotherKind(which=which)
    try:
        clean = clean_logo_sandbox(data)
    except UnsupportedLogo as error:
        raise LogoUnreadable(which=which) from error
    key = object_key(require_tenant(), "logo", hashlib.sha256(clean).hexdigest(), ".png")
    put_bytes(key, clean)
    return key
