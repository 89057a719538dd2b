"""Reading what the photo forms send. Odd claims about time and place count as not given.

Whether a photo is taken is for the service: an honest picture is worth more than a tidy form.
"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from werkzeug.datastructures import FileStorage, MultiDict
from wtforms import IntegerField
from wtforms.validators import AnyOf, DataRequired

from app.models import PhotoSource
from app.photos.service import Upload
from app.storage import Received
from app.web.addresses import read_id, read_moment
from app.web.forms import LongTextField, TextField

SHA256 = re.compile(r"[0-9a-f]{64}")
MAX_ACCURACY_M = Decimal(100_000_000)


class CaptionForm(FlaskForm):  # type: ignore[misc]
    caption = TextField(_l("Caption"), max_length=500, default="")


class ReasonForm(FlaskForm):  # type: ignore[misc]
    reason = LongTextField(_l("Reason"), [DataRequired()], max_length=1000)


class MoveForm(FlaskForm):  # type: ignore[misc]
    step = IntegerField(validators=[AnyOf((-1, 1))])


def chosen_files(files: MultiDict[str, FileStorage]) -> list[FileStorage]:
    """The files of a post; an input that nobody filled sends one without a name."""
    return [file for file in files.getlist("file") if file.filename]


def read_upload(form: MultiDict[str, str], received: Received, *, is_alone: bool) -> Upload:
    """What the browser says of one file. Several in one post share all but id and hash."""
    latitude = _number(form.get("latitude"), Decimal(90), "0.000001")
    longitude = _number(form.get("longitude"), Decimal(180), "0.000001")
    accuracy = _number(form.get("accuracy"), MAX_ACCURACY_M, "0.1")
    upload = Upload(
        received=received,
        source=_source(form.get("source")),
        client_at=read_moment(form.get("client_at")),
    )
    # Where a device has no position, some browsers give 0, 0: a point in the ocean off Africa.
    if latitude is not None and longitude is not None and (latitude or longitude):
        upload = replace(
            upload,
            latitude=latitude,
            longitude=longitude,
            accuracy_m=accuracy if accuracy is not None and accuracy >= 0 else None,
            position_at=read_moment(form.get("position_at")),
        )
    if is_alone:
        digest = (form.get("sha256") or "").strip().lower()
        # A digest in another shape cannot be the file's: the service refuses what differs.
        upload = replace(
            upload,
            client_id=read_id(form.get("client_id")),
            sha256=digest if SHA256.fullmatch(digest) or not digest else "?",
        )
    return upload


def _source(text: str | None) -> PhotoSource:
    return PhotoSource.CAMERA if text == PhotoSource.CAMERA else PhotoSource.FILE


def _number(text: str | None, most: Decimal, step: str) -> Decimal | None:
    try:
        number = Decimal((text or "").strip()[:40])
    except InvalidOperation:
        return None
    if not number.is_finite() or abs(number) > most:
        return None
    return number.quantize(Decimal(step))
