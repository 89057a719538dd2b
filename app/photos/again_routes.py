"""Routes of photos that are already in the report: show them, and place one again on request."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from flask import Response, request, url_for

from app.extensions import db
from app.models import STAFF
from app.photos import blueprint, placing, queries, service
from app.photos.card_routes import card_of, field_url
from app.web.addresses import read_id
from app.web.fragments import redirect_to, render_text, varied, wants_fragment
from app.web.guards import current_actor, requires

# Enough for a form without scripts; further repeats are found when they are sent again.
MOST = 20


@blueprint.get("/reports/<uuid:report_id>/fields/<field_id>/photos/again")
@requires(*STAFF)
def again(report_id: UUID, field_id: str) -> Response:
    """For a form without scripts: the sent photos that are already in the report."""
    service.check_place(report_id=report_id, field_id=field_id, actor=current_actor())
    placement_ids = _ids(request.args.getlist("placement"))
    repeats = queries.list_repeats(placement_ids, report_id, person=current_actor())
    if not repeats:
        return redirect_to(field_url(report_id, field_id))
    page = render_text(
        "photos/again.html",
        repeats=repeats,
        report_id=report_id,
        field=queries.get_field(report_id, field_id, person=current_actor()),
        back=field_url(report_id, field_id),
        new_id=uuid4,
    )
    return varied(Response(page))


@blueprint.post("/reports/<uuid:report_id>/fields/<field_id>/photos/<uuid:placement_id>/again")
@requires(*STAFF)
def place_again(report_id: UUID, field_id: str, placement_id: UUID) -> Response:
    placement = placing.place_again(
        report_id=report_id,
        field_id=field_id,
        placement_id=placement_id,
        client_id=read_id(request.form.get("client_id")) or uuid4(),
        actor=current_actor(),
    )
    new_id = placement.id
    db.session.commit()
    if wants_fragment():
        return card_of(new_id, status=201)
    if rest := _ids(request.form.getlist("rest")):
        return redirect_to(again_url(report_id, field_id, rest))
    return redirect_to(field_url(report_id, field_id))


def again_url(report_id: UUID, field_id: str, placement_ids: Sequence[UUID]) -> str:
    return url_for(
        "photos.again", report_id=report_id, field_id=field_id, placement=list(placement_ids)
    )


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = (read_id(text) for text in texts[:MOST])
    return list(dict.fromkeys(one for one in found if one))
