"""The lines of a contact in a PDF, in the checklist's first language."""

from __future__ import annotations

from app.contact import Contact
from app.pdf.labels import Labels


def contact_lines(contact: Contact, labels: Labels) -> tuple[str, ...]:
    """Address, telephone, e-mail, website and tax number, one line each, empty ones left out.

    The website has no scheme, which nobody types from paper.
    """
    address = ", ".join(line.strip(" ,") for line in contact.address.splitlines() if line.strip())
    tax = f"{labels.first('tax_number')}\u00a0{contact.tax_number}" if contact.tax_number else ""
    website = contact.website.removeprefix("https://")
    lines = (address, contact.phone, contact.email, website, tax)
    return tuple(line for line in lines if line)
