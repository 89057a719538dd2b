"""The list of what is missing before the submit, for the review page and for phones."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from typing import Any
from uuid import UUID

from app.definition.missing import Missing
from app.definition.schema import Definition
from app.models import Actor
from app.reports.completing.service import Check, get_review
from app.reports.wording import section_words
from app.web.fragments import render_text


def missing_items(found: Check) -> dict[str, Any]:
    """What reports/_missing.html shows."""
    definition = found.facts.definition
    return {
        "report": found.report,
        "definition": definition,
        "groups": list(_by_section(definition, found.missing)),
        "roles": [[item] for item in found.missing if item.role_id],
    }


def draw_missing(report_id: UUID, *, person: Actor) -> str:
    """Each missing item with a link to it. Raises NotFound."""
    return render_text(
        "reports/_missing.html", **missing_items(get_review(report_id, person=person))
    )


def _by_section(
    definition: Definition, missing: Iterable[Missing]
) -> Iterable[tuple[str, list[list[Missing]]]]:
    """The missing items of each field, grouped by section title; signatures are listed apart."""
    at_fields = [item for item in missing if item.field_id]
    fields = [list(items) for _id, items in groupby(at_fields, key=lambda item: item.field_id)]
    for title, asked in groupby(
        fields, key=lambda items: section_words(definition, str(items[0].field_id))
    ):
        yield title, list(asked)
