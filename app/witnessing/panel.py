"""Adds the witnesses to the page of a report, for those who may send links."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Flask

from app.models import MANAGERS, Actor, Report
from app.reports.showing.parts import PagePart, add_part
from app.witnessing.links import list_links


def register(app: Flask) -> None:
    add_part(app, PagePart("witnessing/_panel.html", _panel))


def _panel(report: Report, person: Actor) -> Mapping[str, object]:
    may_send = person.role in MANAGERS
    return {"may_send_links": may_send, "links": list_links(report) if may_send else []}
