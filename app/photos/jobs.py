"""Registers the background work of photos.

The work itself is imported when it runs: it brings Pillow and libheif, which no web process may
hold a stranger's file against.
"""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import Claim, Kind
from app.jobs.registry import register as register_kind
from app.models import PhotoCheck
from app.photos.service import KIND, QUEUE


def register(app: Flask) -> None:
    register_kind(app, Kind(KIND, PhotoCheck, _perform, QUEUE, "app.photos.checking"))


def _perform(claim: Claim) -> None:
    from app.photos.checking import check_photo

    check_photo(claim)
