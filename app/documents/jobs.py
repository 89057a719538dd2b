"""Registers the rendering of PDFs and their time stamps as background work."""

from __future__ import annotations

from flask import Flask

from app.jobs.registry import Kind, Late, Perform
from app.jobs.registry import register as register_kind
from app.models import Document, DocumentStamp


def _load_making() -> Perform:
    # Only workers import it: WeasyPrint takes 20 MB and seconds, which web processes do not need.
    from app.documents.making import make_document

    return make_document


def _load_stamping() -> Perform:
    # Only workers import it, because of pyHanko.
    from app.documents.stamping import stamp_document

    return stamp_document


MAKING = Kind("document", Document, Late(_load_making), queue="documents", noun="PDF")
STAMPING = Kind(
    "document_stamp",
    DocumentStamp,
    Late(_load_stamping),
    queue="stamps",
    noun="time stamp",
    when_late="look at TSA_URL and at the workers' log; PDFs do not wait for their time stamps",
)


def register(app: Flask) -> None:
    register_kind(app, MAKING)
    register_kind(app, STAMPING)
