"""The name of a downloaded PDF."""

from __future__ import annotations

from app.downloads.files import file_name
from app.models import Document, Report

PREVIEW = "-PREVIEW"


def document_file_name(document: Document, report: Report) -> str:
    """`<number>-R<revision>-<title>.pdf`; a preview has `-PREVIEW` before the title."""
    mark = PREVIEW if document.is_preview else ""
    return file_name(f"{report.full_number}{mark}-{report.title}", suffix=".pdf")
