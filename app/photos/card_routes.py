"""Route of a photo's card, which other routes of photos answer with too, and its way back."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.models import STAFF
from app.photos import blueprint, queries
from app.web.fragments import render_fragment
from app.web.guards import current_actor, requires


@blueprint.get("/photos/<uuid:placement_id>/card")
@requires(*STAFF)
def card(placement_id: UUID) -> Response:
    queries.get_view(placement_id, person=current_actor())
    return card_of(placement_id)


def card_of(placement_id: UUID, *, status: int = 200, error: str | None = None) -> Response:
    """The card, and the count of its field for its own place."""
    found = queries.get_field_photos(placement_id, person=current_actor())
    return render_fragment(
        "photos/_card_answer.html",
        status=status,
        view=found.view,
        field=found.field,
        count=found.count,
        progress=found.progress,
        error=error,
    )


def field_url(report_id: UUID, field_id: str) -> str:
    return url_for("reports.fill", report_id=report_id, at=field_id, _anchor=f"field-{field_id}")
