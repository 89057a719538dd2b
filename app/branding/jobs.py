"""Registers the job that renders brand previews."""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import Kind, Late, Perform, Retention
from app.jobs.registry import register as register_kind
from app.models import BrandPreview


def _load() -> Perform:
    # Only workers import this: it loads WeasyPrint, PDFium and the image decoders.
    from app.branding.preview.making import make_preview

    return make_preview


PREVIEWING = Kind(
    "brand_preview",
    BrandPreview,
    Late(_load),
    queue="previews",
    noun="preview",
    retention=Retention.NEWEST_ROWS,
)


def register(app: Flask) -> None:
    register_kind(app, PREVIEWING)
