"""The route of a photo's card, and the card and the URL of its field for other routes."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for

from app.errors import NotFound
from app.models import STAFF
from app.photos import blueprint, queries
from app.photos.cards import draw_card, draw_found
from app.web.fragments import varied
from app.web.guards import current_actor, requires


@blueprint.get("/photos/<uuid:placement_id>/card")
@requires(*STAFF)
def card(placement_id: UUID) -> Response:
    """The card; 204 if a page that asks `every` so many seconds has it already."""
    every, person = request.args.get("every", 0, type=int), current_actor()
    if queries.is_still_read(placement_id, person=person, every=every):
        return varied(Response(status=204))
    found = queries.get_field_photos(placement_id, person=person)
    if found.view is None:
        raise NotFound
    return varied(Response(draw_found(found)))


def card_of(placement_id: UUID, *, status: int = 200, error: str | None = None) -> Response:
    """The card, and the number of photos of its field, which the page shows elsewhere."""
    card = draw_card(placement_id, person=current_actor(), error=error)
    return varied(Response(card, status))


def field_url(report_id: UUID, field_id: str) -> str:
    return url_for("reports.fill", report_id=report_id, at=field_id, _anchor=f"field-{field_id}")
