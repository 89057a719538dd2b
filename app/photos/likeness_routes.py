"""The route of the page that shows a photo beside the earlier ones that it is like."""

from __future__ import annotations

from uuid import UUID

from flask import Response

from app.photos import blueprint
from app.photos.others import list_others
from app.web.fragments import render_text, varied
from app.web.guards import MEMBERS, current_actor, requires


@blueprint.get("/photos/<uuid:placement_id>/likenesses")
@requires(*MEMBERS)
def likenesses(placement_id: UUID) -> Response:
    others = list_others(placement_id, person=current_actor())
    return varied(Response(render_text("photos/likenesses.html", others=others)))
