"""The fields of a contact in a form: one set for a company's own and for its client's.

What each part may be is app/contact.py; which page shows them and what is stored is the form's.
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
    Unfit,
    doubt_of_tax_number,
    tidy_email,
    tidy_phone,
    tidy_tax_number,
    tidy_website,
)
from app.mailbox import MAX_EMAIL
from app.web.forms import LongTextField, TextField


class ContactFields:
    """Mixin of a form; what is typed comes out as `contact_parts`."""

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
            "type": "email", "autocomplete": "off", "inputmode": "email",
            "autocapitalize": "none", "spellcheck": "false",
        },
    )  # fmt: skip
    contact_website = TextField(
        _l("Website"),
        max_length=MAX_WEBSITE,
        render_kw={
            "inputmode": "url", "autocomplete": "off", "autocapitalize": "none",
            "spellcheck": "false",
        },
    )  # fmt: skip
    contact_tax_number = TextField(
        _l("Tax number"),
        max_length=MAX_TAX_NUMBER,
        description=_l("In Brazil the CNPJ."),
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
        """What a valid form says."""
        said = {part: (getattr(self, f"contact_{part}").data or "").strip() for part in PARTS}
        return Contact(**said)

    @property
    def says_contact(self) -> bool:
        """Whether any part is filled in or was refused, so that it must not be folded away."""
        fields = [getattr(self, f"contact_{part}") for part in PARTS]
        return any(field.data or field.errors for field in fields)

    @property
    def tax_doubt(self) -> str:
        """What to look at again in the tax number; it is taken as it is."""
        doubt = doubt_of_tax_number(self.contact_tax_number.data or "")
        return str(_(doubt.msgid)) if doubt else ""


def contact_values(contact: Contact) -> dict[str, Any]:
    """A contact as the form's fields."""
    return {f"contact_{part}": value for part, value in contact.model_dump().items()}


def _tidy(field: TextField, tidy: Callable[[str], str]) -> None:
    if not field.data:
        return
    try:
        field.data = tidy(field.data)
    except Unfit as error:
        raise ValidationError(_(error.sentence.msgid, **error.sentence.params)) from error
