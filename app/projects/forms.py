"""The forms of a project, and of adding a person or a checklist to it."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, SelectField
from wtforms.validators import DataRequired, InputRequired
from wtforms.widgets import TextInput

from app.contact import MAX_ADDRESS
from app.models import DEFAULT_RADIUS_M, MAX_RADIUS_M, MIN_RADIUS_M
from app.projects.queries import Choices
from app.web.contact import ContactFields
from app.web.forms import LongTextField, TextField, as_id, options

SIX_PLACES = Decimal("0.000001")
DIGITS = re.compile(r"[0-9]{1,9}")


def _not_degrees(text: str) -> str:
    return str(
        _('"%(text)s" is not a valid number of degrees. Enter it like -23.550520.', text=text[:40])
    )


class CoordinateField(Field):
    """Decimal degrees with comma or point, between `-limit` and `limit`; None if empty."""

    widget = TextInput()
    data: Decimal | None

    def __init__(self, *args: Any, limit: int, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"maxlength": 20, "autocomplete": "off"}
        super().__init__(*args, **kwargs)
        self.limit = limit

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return "" if self.data is None else f"{self.data:f}"

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = None
        text = str(valuelist[0]).strip() if valuelist else ""
        if not text:
            return
        try:
            degrees = Decimal(text.replace(",", ".").replace("−", "-")).quantize(SIX_PLACES)
        except ArithmeticError as error:
            raise ValueError(_not_degrees(text)) from error
        if degrees.is_nan():
            raise ValueError(_not_degrees(text))
        if abs(degrees) > self.limit:
            raise ValueError(_("Degrees must be between -%(n)s and %(n)s.", n=self.limit))
        self.data = degrees


class RadiusField(Field):
    """Whole metres; the default radius if empty."""

    widget = TextInput()
    data: int | None

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"maxlength": 20, "autocomplete": "off", "inputmode": "numeric"}
        kwargs["default"] = DEFAULT_RADIUS_M
        super().__init__(*args, **kwargs)

    def _value(self) -> str:
        return str(self.raw_data[0]) if self.raw_data else str(self.data)

    def process_formdata(self, valuelist: list[Any]) -> None:
        self.data = DEFAULT_RADIUS_M
        text = "".join(str(valuelist[0]).split()) if valuelist else ""
        # Digits only: 1.000 is a thousand in Portuguese and one in English.
        if not text:
            return
        if not DIGITS.fullmatch(text) or not MIN_RADIUS_M <= int(text) <= MAX_RADIUS_M:
            raise ValueError(
                _(
                    "The radius must be between %(least)s and %(most)s metres. Use digits "
                    "only, such as 1000.",
                    least=MIN_RADIUS_M,
                    most=MAX_RADIUS_M,
                )
            )
        self.data = int(text)


class ProjectForm(ContactFields, FlaskForm):  # type: ignore[misc]
    """A project. The contact fields are those of its client."""

    contact_address = LongTextField(
        _l("Client address"), max_length=MAX_ADDRESS, render_kw={"rows": 2}
    )
    name = TextField(
        _l("Name"),
        max_length=200,
        description=_l("The site or contract. It appears on every report."),
        validators=[DataRequired(_l("Enter the project's name."))],
    )
    client = TextField(_l("Client"), max_length=200)
    address = LongTextField(_l("Address"), max_length=500, render_kw={"rows": 2})
    latitude = CoordinateField(
        _l("Latitude"), limit=90, description=_l("North is positive: -23.550520")
    )
    longitude = CoordinateField(
        _l("Longitude"), limit=180, description=_l("East is positive: -46.633308")
    )
    radius_m = RadiusField(
        _l("Site radius, in metres"),
        description=_l(
            "A photo taken farther from these coordinates is listed as an exception, "
            "but the report can still be submitted. The accuracy of its position is "
            "taken into account."
        ),
    )

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        pair = (self.latitude, self.longitude)
        if any(field.errors for field in pair):
            return False
        for missing, given in (pair, pair[::-1]):
            if missing.data is None and given.data is not None:
                missing.errors = [_("Enter both coordinates, or neither.")]
                valid = False
        if self.latitude.data == self.longitude.data == 0:
            self.latitude.errors = [
                _(
                    "0, 0 is a point in the ocean. Enter the site's coordinates, or leave "
                    "both empty."
                )
            ]
            valid = False
        return valid

    @property
    def facts(self) -> dict[str, Any]:
        """The arguments of ProjectFacts."""
        columns = {
            field.short_name: field.data
            for field in self
            if field.type != "CSRFTokenField" and not field.short_name.startswith("contact_")
        }
        return {**columns, "client_contact": self.contact_parts}


class PickForm(FlaskForm):  # type: ignore[misc]
    """One person or checklist to add to a project; the prefix `kind` keeps HTML ids unique."""

    # The service decides what may be added; adding something twice is not an error.
    chosen_id = SelectField(
        coerce=as_id,
        validate_choice=False,
        validators=[InputRequired(_l("Choose one from the list."))],
    )

    def __init__(self, kind: str, choices: Choices, **kwargs: Any) -> None:
        super().__init__(prefix=f"{kind}-", **kwargs)
        self.chosen_id.choices = options([("", _("Choose")), *choices])
