"""Adds the evidence bundle to the page of a report."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from app.exports.bundle.service import find_newest
from app.models import Actor, Report
from app.reports.showing.parts import PagePart, add_part


def register(app: Flask) -> None:
    add_part(app, PagePart("exports/_report_bundle.html", _panel))


def _panel(report: Report, person: Actor) -> Mapping[str, object]:
    return {"bundle": find_newest(report.id, person=person) if report.is_finished else None}
