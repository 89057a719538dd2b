"""The name of a downloaded PDF."""

from __future__ import annotations

from app.models import Document, Report
from app.web.files import file_name

PREVIEW = "-PREVIEW"


def document_file_name(document: Document, report: Report) -> str:
    """`<number>-R<revision>-<title>.pdf`; a preview says so before the title."""
    mark = PREVIEW if document.is_preview else ""
    return file_name(f"{report.full_number}{mark}-{report.title}", suffix=".pdf")
