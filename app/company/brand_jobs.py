"""Registers the background work of a company's own pages.

The work itself is imported when it runs: no web process needs WeasyPrint or Pillow.
"""

from __future__ import annotations

from flask import Flask

from app.company import previews
from app.jobs.registry import Claim, Kind
from app.jobs.registry import register as register_kind
from app.models import BrandPreview


def register(app: Flask) -> None:
    register_kind(
        app,
        Kind(previews.KIND, BrandPreview, _preview, previews.QUEUE, "app.company.previewing"),
    )


def _preview(claim: Claim) -> None:
    from app.company.previewing import make_preview

    make_preview(claim)
