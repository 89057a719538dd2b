"""Registers the reading and the comparing of photos as background work."""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import Kind, Late, Perform, register_hourly
from app.jobs.registry import register as register_kind
from app.models import PhotoCheck, PhotoComparison
from app.photos.comparisons import catch_up

# Only workers import what these load: no web process may load the decoders (libheif,
# libjpeg-turbo), which an untrusted file could attack.


def _load_checking() -> Perform:
    from app.photos.checking import check_photo

    return check_photo


def _load_comparing() -> Perform:
    from app.photos.comparing import compare_photo

    return compare_photo


CHECKING = Kind(
    "photo_check",
    PhotoCheck,
    Late(_load_checking),
    queue="photos",
    noun="reading of a photo",
    is_forked=False,
)
COMPARING = Kind(
    "photo_comparison",
    PhotoComparison,
    Late(_load_comparing),
    queue="comparisons",
    noun="comparison of a photo",
    is_forked=False,
    is_last=True,
)


def register(app: Flask) -> None:
    register_kind(app, CHECKING)
    register_kind(app, COMPARING)
    register_hourly(app, catch_up)
