"""Registers the reading of photos as background work."""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import Kind, Late, Perform
from app.jobs.registry import register as register_kind
from app.models import PhotoCheck


def _load() -> Perform:
    # Only workers import it: no web process may load the decoders (libheif, libjpeg-turbo), which
    # an untrusted file could attack.
    from app.photos.checking import check_photo

    return check_photo


CHECKING = Kind(
    "photo_check",
    PhotoCheck,
    Late(_load),
    queue="photos",
    noun="reading of a photo",
    is_forked=False,
)


def register(app: Flask) -> None:
    register_kind(app, CHECKING)
