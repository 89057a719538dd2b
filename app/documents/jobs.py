"""Registers the background work of documents.

The work itself is imported when it runs: no web process needs WeasyPrint or Pillow.
"""

from __future__ import annotations

from flask import Flask

from app.documents.service import KIND, QUEUE
from app.jobs.registry import Claim, Kind
from app.jobs.registry import register as register_kind
from app.models import Document


def register(app: Flask) -> None:
    register_kind(app, Kind(KIND, Document, _perform, QUEUE, "app.documents.making"))


def _perform(claim: Claim) -> None:
    from app.documents.making import make_document

    make_document(claim)
