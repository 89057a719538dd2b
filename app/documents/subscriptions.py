"""Registers what documents do when a report is completed, and their part of a report's page."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from app.documents.queries import list_views
from app.documents.service import request_final, stop_previews
from app.models import Actor, Report
from app.reports.lifecycle import ReportEvent, subscribe, subscribe_early
from app.reports.showing.parts import PagePart, add_part


def register(app: Flask) -> None:
    subscribe_early(app, ReportEvent.COMPLETED, stop_previews)
    subscribe(app, ReportEvent.COMPLETED, request_final)
    add_part(app, PagePart("documents/_panel.html", _panel))


def _panel(report: Report, person: Actor) -> Mapping[str, object]:
    return {"views": list_views(report.id, person=person)}
