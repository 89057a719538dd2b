"""Adds the filled copy of the client's workbook to the page of a report."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from app.exports.workbook_copies.service import offer_of
from app.models import Actor, Report
from app.reports.showing.parts import PagePart, add_part


def register(app: Flask) -> None:
    add_part(app, PagePart("exports/_report_workbook.html", _panel))


def _panel(report: Report, _person: Actor) -> Mapping[str, object]:
    return offer_of(report)
