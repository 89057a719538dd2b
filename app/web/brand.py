"""A tenant's colours and logos as stylesheet and URLs. app/branding changes them."""

from __future__ import annotations

import hashlib
import re

from flask import url_for
from flask_login import current_user

from app.models import Tenant

COLOUR = re.compile(r"#[0-9a-f]{6}")
INK, PAPER = "#14191e", "#ffffff"
MIN_CONTRAST = 4.5
"""The least contrast that small text needs (WCAG 2.2 AA)."""


def luminance(colour: str) -> float:
    """Relative luminance, 0 to 1, of an '#rrggbb' colour (WCAG 2.2)."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Contrast ratio, 1 to 21, of two '#rrggbb' colours (WCAG 2.2)."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def text_colour(ground: str) -> str:
    """Ink or paper, whichever has more contrast on this background."""
    return max((PAPER, INK), key=lambda text: contrast(text, ground))


def ground_colour(colour: str) -> str:
    """The colour, darkened if neither ink nor paper is readable on it (WCAG 2.2 AA)."""
    while contrast(colour, text_colour(colour)) < MIN_CONTRAST:
        parts = (int(int(colour[at : at + 2], 16) * 0.97) for at in (1, 3, 5))
        colour = "#" + "".join(f"{part:02x}" for part in parts)
    return colour


def brand_css(tenant: Tenant) -> str:
    """The stylesheet that overrides the neutral colours with the tenant's."""
    accent = ground_colour(tenant.colour_accent)
    colours = {
        "accent": accent,
        "accent-contrast": text_colour(accent),
        "second": tenant.colour_second,
        "third": tenant.colour_third,
    }
    lines = "".join(f"  --brand-{name}: {colour};\n" for name, colour in colours.items())
    return ":root {\n" + lines + "}\n"


def brand_digest(tenant: Tenant) -> str:
    """A digest of the stylesheet for its URL, so that it can be cached indefinitely."""
    return hashlib.sha256(brand_css(tenant).encode()).hexdigest()[:12]


def _own_tenant() -> Tenant | None:
    return current_user.tenant if current_user.is_authenticated else None


def brand_css_url() -> str | None:
    """The URL of the tenant's stylesheet; None if no brand applies."""
    tenant = _own_tenant()
    if tenant is None:
        return None
    return url_for("branding.stylesheet", tenant_id=tenant.id, digest=brand_digest(tenant))


def tenant_logo_url(kind: str = "first") -> str | None:
    """The URL of the company's 'first' or 'second' logo; None if it has none or nobody is logged
    in."""
    tenant = _own_tenant()
    key = tenant and (tenant.logo_key if kind == "first" else tenant.second_logo_key)
    if not tenant or not key:
        return None
    digest = key.rsplit("/", 1)[-1][:12]
    return url_for("branding.logo", tenant_id=tenant.id, kind=kind, v=digest)
