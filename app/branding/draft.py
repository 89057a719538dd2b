"""The branding settings in the form of the brand page, saved or not. Plain data without logos."""

from __future__ import annotations

from typing import Any

from app.contact import Contact, contact_of
from app.imaging.settings import WatermarkSettings
from app.models import Tenant
from app.pdf.settings import PdfSettings
from app.stored import Stored


class Draft(Stored):
    """Colours, contact, watermark and PDF settings. A preview shows logos only after saving."""

    accent: str
    second: str
    third: str
    contact: str = ""
    contact_parts: Contact = Contact()
    watermark: WatermarkSettings = WatermarkSettings()
    pdf: PdfSettings = PdfSettings()

    @property
    def colours(self) -> dict[str, str]:
        return {"accent": self.accent, "second": self.second, "third": self.third}


def draft_of(tenant: Tenant) -> Draft:
    """The company's saved settings."""
    return Draft(
        accent=tenant.colour_accent,
        second=tenant.colour_second,
        third=tenant.colour_third,
        contact=tenant.contact,
        contact_parts=contact_of(tenant.contact_parts),
        watermark=WatermarkSettings.of(tenant.watermark),
        pdf=PdfSettings.of(tenant.pdf),
    )


def as_settings(draft: Draft, tenant: Tenant) -> dict[str, Any]:
    """Everything that a preview depends on, as JSON. Equal settings need no new preview."""
    return {
        **draft.model_dump(mode="json"),
        "name": tenant.name,
        "logo_key": tenant.logo_key,
        "second_logo_key": tenant.second_logo_key,
        "locale": tenant.locale,
        "time_zone": tenant.time_zone,
    }
