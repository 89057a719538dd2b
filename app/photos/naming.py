"""The file name of a downloaded photo, which tells where the photo belongs."""

from __future__ import annotations

from app.downloads.files import file_name
from app.models import Report
from app.photos.queries import PhotoView

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/heic": ".heic"}


def photo_file_name(view: PhotoView, report: Report) -> str:
    """`<tag or number>_<section>_<question>_<nn>.jpg`."""
    subject = report.equipment.tag if report.equipment else report.number
    field_id = view.placement.field_id
    definition = report.version.definition
    section = next(
        (one.id for one in definition.sections if any(f.id == field_id for f in one.fields)), "info"
    )
    stem = f"{subject}_{section}_{field_id}_{view.ordinal:02d}".replace(" ", "-")
    return file_name(stem, suffix=SUFFIXES.get(view.photo.media_type, ".bin"))
