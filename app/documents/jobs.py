"""Registers the rendering of PDFs as background work."""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import Kind, Late, Perform
from app.jobs.registry import register as register_kind
from app.models import Document


def _load() -> Perform:
    # Only workers import it: WeasyPrint takes 20 MB and seconds, which web processes do not need.
    from app.documents.making import make_document

    return make_document


MAKING = Kind("document", Document, Late(_load), queue="documents", noun="PDF")


def register(app: Flask) -> None:
    register_kind(app, MAKING)
