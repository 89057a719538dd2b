"""The route of photos that were taken near a place."""

from __future__ import annotations

from flask import Response, current_app, request

from app.errors import DomainError
from app.paging import Page
from app.photos import blueprint
from app.photos.near import FoundPhoto, list_photos_in
from app.reports.listing.near import Circle, address_of_circle, read_circle
from app.web.errors import translated
from app.web.fragments import render_page
from app.web.guards import MEMBERS, current_actor, requires

# The most characters of a refused place that are shown again in its field.
MOST_TYPED = 100


@blueprint.get("/photos/")
@requires(*MEMBERS)
def index() -> Response:
    try:
        circle = read_circle(request.args.get("near", ""), request.args.get("radius", ""))
    except DomainError as error:
        return _page(None, None, refusal=translated(error))
    if circle is None:
        return _page(None, None)
    found = list_photos_in(
        circle,
        person=current_actor(),
        page=request.args.get("page", 1, type=int),
        page_size=current_app.config["PAGE_SIZE"],
    )
    return _page(circle, found)


def _page(circle: Circle | None, found: Page[FoundPhoto] | None, *, refusal: str = "") -> Response:
    return render_page(
        "photos/index.html",
        "results",
        status=422 if refusal else 200,
        circle=circle,
        found=found,
        address=address_of_circle(circle),
        typed={name: request.args.get(name, "")[:MOST_TYPED] for name in ("near", "radius")},
        refusal=refusal,
    )
