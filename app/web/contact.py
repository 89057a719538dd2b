"""Form fields of a contact, shared by the company's own contact and its clients'.

app/contact.py validates each part. The forms decide where the fields appear and what is stored.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms.validators import ValidationError

from app.contact import (
    MAX_ADDRESS,
    MAX_PHONE,
    MAX_TAX_NUMBER,
    MAX_WEBSITE,
    PARTS,
    Contact,
    InvalidContact,
    find_tax_number_warning,
    tidy_email,
    tidy_phone,
    tidy_tax_number,
    tidy_website,
)
from app.email_address import MAX_EMAIL
from app.web.forms import LongTextField, TextField


class ContactFields:
    """Form mixin; `contact_parts` returns the input."""

    contact_address = LongTextField(_l("Address"), max_length=MAX_ADDRESS, render_kw={"rows": 2})
    contact_phone = TextField(
        _l("Telephone"),
        max_length=MAX_PHONE,
        render_kw={"type": "tel", "autocomplete": "off"},
    )
    contact_email = TextField(
        _l("E-mail"),
        max_length=MAX_EMAIL,
        render_kw={
            "type": "email",
            "autocomplete": "off",
            "inputmode": "email",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
    contact_website = TextField(
        _l("Website"),
        max_length=MAX_WEBSITE,
        render_kw={
            "inputmode": "url",
            "autocomplete": "off",
            "autocapitalize": "none",
            "spellcheck": "false",
        },
    )
    contact_tax_number = TextField(
        _l("Tax number"),
        max_length=MAX_TAX_NUMBER,
        description=_l("In Brazil, the CNPJ."),
        render_kw={"autocomplete": "off", "spellcheck": "false"},
    )

    def validate_contact_phone(self, field: TextField) -> None:
        _tidy(field, tidy_phone)

    def validate_contact_email(self, field: TextField) -> None:
        _tidy(field, tidy_email)

    def validate_contact_website(self, field: TextField) -> None:
        _tidy(field, tidy_website)

    def validate_contact_tax_number(self, field: TextField) -> None:
        _tidy(field, tidy_tax_number)

    @property
    def contact_parts(self) -> Contact:
        """The contact of a valid form."""
        said = {part: (getattr(self, f"contact_{part}").data or "").strip() for part in PARTS}
        return Contact(**said)

    @property
    def has_contact(self) -> bool:
        """Whether any part is filled in or invalid, so that the section must be open."""
        fields = [getattr(self, f"contact_{part}") for part in PARTS]
        return any(field.data or field.errors for field in fields)

    @property
    def tax_number_warning(self) -> str:
        """A warning about the tax number, which is accepted anyway."""
        doubt = find_tax_number_warning(self.contact_tax_number.data or "")
        return str(_(doubt.msgid)) if doubt else ""


def contact_values(contact: Contact) -> dict[str, Any]:
    """A contact as form field values."""
    return {f"contact_{part}": value for part, value in contact.model_dump().items()}


def _tidy(field: TextField, tidy: Callable[[str], str]) -> None:
    if not field.data:
        return
    try:
        field.data = tidy(field.data)
    except InvalidContact as error:
        raise ValidationError(_(error.sentence.msgid, **error.sentence.params)) from error
