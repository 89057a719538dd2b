"""The form of the brand page: logos, colours, contact, photo watermark, PDFs."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from markupsafe import Markup
from werkzeug.datastructures import FileStorage
from wtforms import BooleanField, Field, IntegerField, RadioField
from wtforms.validators import AnyOf, InputRequired, ValidationError
from wtforms.widgets import html_params

from app.branding.draft import Draft
from app.imaging.logo_sandbox import MAX_LOGO_BYTES
from app.imaging.settings import LEAST_OPACITY, StripPosition, StripTheme, WatermarkSettings
from app.layouts import Layout
from app.pdf.settings import (
    MAX_FOOTER,
    MAX_NOTE,
    MAX_NOTE_LINES,
    PageFormat,
    PdfSettings,
    PhotoSize,
)
from app.web.brand import COLOUR
from app.web.contact import ContactFields, contact_values
from app.web.forms import LongTextField, TextField, options
from app.words import LAYOUTS

PICTURES = {"accept": "image/png,image/jpeg"}
CONTACT = 500


class ColourWidget:
    """A colour picker next to a hex text field.

    A hidden input with the value shown comes first; all three inputs have the same name.
    """

    def __call__(self, field: ColourField, **attributes: Any) -> Markup:
        valid = COLOUR.fullmatch((field.data or "").lower())
        shown = field.data.lower() if valid and field.data else field.shown
        words = {"id": field.id, "value": field.data or "", "maxlength": 7, "spellcheck": "false"}
        inputs = (
            {"type": "hidden", "value": shown},
            {
                "type": "color",
                "value": shown,
                "aria-label": _("Pick a colour"),
                "class": "colour-pick",
            },
            {"type": "text", "autocomplete": "off", **attributes, **words},
        )
        drawn = "".join(f"<input {html_params(name=field.name, **one)}>" for one in inputs)
        return Markup(f'<span class="colour-pair" data-colour>{drawn}</span>')  # noqa: S704


class ColourField(Field):
    """'#rrggbb'. Without JavaScript, picker and text can differ: the one that was changed wins."""

    widget = ColourWidget()
    data: str | None

    @property
    def shown(self) -> str:
        return str(self.object_data or "#000000")

    def process_formdata(self, valuelist: list[Any]) -> None:
        if not valuelist:
            return
        words = [str(value).strip().lower() for value in valuelist]
        before, typed = words[0], words[-1]
        picked = words[1] if len(words) == 3 else typed
        self.data = (picked if typed == before else typed)[:7]
        if not COLOUR.fullmatch(self.data):
            raise ValueError(_("Enter a colour as # and six digits, for example #1f5fa8."))


class BrandForm(ContactFields, FlaskForm):  # type: ignore[misc]
    logo = FileField(_l("Your logo"), render_kw=PICTURES)
    remove_logo = BooleanField(_l("Remove this logo"))
    second_logo = FileField(
        _l("Second logo"),
        description=_l("For example, your client's logo. Shown on the cover only."),
        render_kw=PICTURES,
    )
    remove_second_logo = BooleanField(_l("Remove this logo"))
    accent = ColourField(
        _l("Main colour"),
        description=_l("Buttons, links and the cover band."),
        validators=[InputRequired()],
    )
    second = ColourField(
        _l("Second colour"),
        description=_l("Small titles and part of the band."),
        validators=[InputRequired()],
    )
    third = ColourField(
        _l("Third colour"),
        description=_l("Short rules and the end of the band."),
        validators=[InputRequired()],
    )
    contact = LongTextField(
        _l("Note"),
        max_length=CONTACT,
        description=_l("Anything else to show, for example a second office."),
        render_kw={"rows": 3},
    )
    strip_logo = BooleanField(_l("Logo"))
    strip_report = BooleanField(_l("Report number"))
    strip_coordinates = BooleanField(_l("Coordinates, nearest place, distance to the site"))
    strip_place = BooleanField(_l("Site: project and address"))
    strip_position = RadioField(
        _l("Strip position"),
        choices=options(
            [
                (StripPosition.BELOW.value, _l("Below the image")),
                (StripPosition.ON.value, _l("On the lower edge")),
            ]
        ),
        validators=[InputRequired()],
    )
    strip_theme = RadioField(
        _l("Strip background"),
        choices=options(
            [(StripTheme.LIGHT.value, _l("Light")), (StripTheme.DARK.value, _l("Dark"))]
        ),
        validators=[InputRequired()],
    )
    strip_opacity = IntegerField(
        _l("Opacity of the background on an image, in per cent"),
        description=_l("From 40 to 100. Below the image, the background is always opaque."),
        validators=[
            InputRequired(_l("The opacity must be between 40 and 100.")),
            # NumberRange breaks on a number of 400 digits.
            AnyOf(range(LEAST_OPACITY, 101), _l("The opacity must be between 40 and 100.")),
        ],
        render_kw={"type": "number", "min": LEAST_OPACITY, "max": 100, "step": 5},
    )
    layout = RadioField(
        _l("Layout"),
        choices=options([(layout.value, _l(LAYOUTS.english[layout])) for layout in Layout]),
        validators=[InputRequired()],
    )
    photo_size = RadioField(
        _l("Photos of the classic layout"),
        choices=options(
            [
                (PhotoSize.LARGE.value, _l("Large, two per row")),
                (PhotoSize.COMPACT.value, _l("Compact, three per row")),
            ]
        ),
        validators=[InputRequired()],
    )
    page_format = RadioField(
        _l("Page"),
        choices=options([(PageFormat.A4.value, "A4"), (PageFormat.LETTER.value, "US Letter")]),
        validators=[InputRequired()],
    )
    show_hashes = BooleanField(
        _l("Hash under each photo"),
        description=_l("Otherwise one list at the end has all hashes."),
    )
    cover_note = LongTextField(
        _l("Cover note"),
        max_length=MAX_NOTE,
        description=_l("For example, how long the report may be kept or who it is for."),
        render_kw={"rows": 3},
    )
    footer = TextField(
        _l("Footer line on each page"),
        max_length=MAX_FOOTER,
        description=_l("For example, a registration number or a confidentiality note."),
    )

    def validate_cover_note(self, field: LongTextField) -> None:
        if len((field.data or "").splitlines()) > MAX_NOTE_LINES:
            raise ValidationError(_("The note can have at most %(n)s lines.", n=MAX_NOTE_LINES))

    @property
    def draft(self) -> Draft:
        """The settings of a valid form, without logos."""
        return Draft(
            accent=self.accent.data or "",
            second=self.second.data or "",
            third=self.third.data or "",
            contact=(self.contact.data or "").strip(),
            contact_parts=self.contact_parts,
            watermark=WatermarkSettings(
                logo=self.strip_logo.data,
                coordinates=self.strip_coordinates.data,
                place=self.strip_place.data,
                report=self.strip_report.data,
                theme=self.strip_theme.data,
                position=self.strip_position.data,
                opacity=self.strip_opacity.data or LEAST_OPACITY,
            ),
            pdf=PdfSettings(
                layout=self.layout.data,
                page_format=self.page_format.data,
                photo_size=self.photo_size.data,
                show_hashes=self.show_hashes.data,
                cover_note=(self.cover_note.data or "").strip(),
                footer=self.footer.data or "",
            ),
        )

    def logo_bytes(self, name: str) -> bytes | None:
        """The file chosen as 'logo' or 'second_logo'.

        Reads at most one byte more than the size limit, enough to detect a file that is too large.
        """
        file: FileStorage | None = self[name].data
        return file.stream.read(MAX_LOGO_BYTES + 1) if file and file.filename else None

    @property
    def removed_logos(self) -> frozenset[str]:
        """The logos to remove."""
        return frozenset(name for name in ("logo", "second_logo") if self[f"remove_{name}"].data)


def values_of(draft: Draft) -> dict[str, Any]:
    """The draft as values of the form's fields."""
    strip, paper = draft.watermark, draft.pdf
    return {
        **draft.colours,
        "contact": draft.contact,
        **contact_values(draft.contact_parts),
        "strip_logo": strip.logo,
        "strip_coordinates": strip.coordinates,
        "strip_place": strip.place,
        "strip_report": strip.report,
        "strip_theme": strip.theme.value,
        "strip_position": strip.position.value,
        "strip_opacity": strip.opacity,
        "layout": paper.layout.value,
        "photo_size": paper.photo_size.value,
        "page_format": paper.page_format.value,
        "show_hashes": paper.show_hashes,
        "cover_note": paper.cover_note,
        "footer": paper.footer,
    }
