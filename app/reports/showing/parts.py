"""Registers the parts that features above reports add to a report's page, such as its PDFs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Flask, current_app

from app.models import Actor, Report


@dataclass(frozen=True, slots=True)
class PagePart:
    """A fragment of the page. `load(report, person)` returns the template's other variables, for a
    person who may see the report; their names must not clash with those of the page."""

    template: str
    load: Callable[[Report, Actor], Mapping[str, object]]


PARTS = "laudo_report_page_parts"


def add_part(app: Flask, part: PagePart) -> None:
    """Show this part on the page of every report. Adding it twice has no further effect."""
    app.extensions.setdefault(PARTS, {})[part] = None


def list_parts() -> list[PagePart]:
    """The parts in the order in which they were added."""
    return list(current_app.extensions.get(PARTS, ()))
