"""Routes of a photo that is in the report already: said at once, placed once more if wanted."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID, uuid4

from flask import Response, render_template, request, url_for

from app.extensions import db
from app.models import STAFF
from app.photos import blueprint, placing, queries, service
from app.photos.card_routes import card_of, field_url
from app.web.addresses import read_id
from app.web.fragments import redirect_to, render_fragment, varied, wants_fragment
from app.web.guards import current_actor, requires

# As many as a form without scripts may well bring; more are found by sending them again.
MOST = 20


@blueprint.get("/reports/<uuid:report_id>/fields/<field_id>/photos/again")
@requires(*STAFF)
def again(report_id: UUID, field_id: str) -> Response:
    """For a form without scripts: which of its photos stand in the report already."""
    service.check_place(report_id=report_id, field_id=field_id, actor=current_actor())
    wanted = _ids(request.args.getlist("placement"))
    repeats = queries.list_repeats(wanted, report_id, person=current_actor())
    if not repeats:
        return redirect_to(field_url(report_id, field_id))
    page = render_template(
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


def repeat_card(
    placement_id: UUID, report_id: UUID, field_id: str, client_id: UUID | None
) -> Response:
    """What an upload of the same bytes is answered with, in the place of its card.

    `client_id` is the upload's: sent again after the photo was placed once more, it finds that.
    """
    return render_fragment(
        "photos/_again_card.html",
        repeat=queries.get_repeat(placement_id, report_id, person=current_actor()),
        report_id=report_id,
        field=queries.get_field(report_id, field_id, person=current_actor()),
        client_id=client_id or uuid4(),
        in_place=True,
    )


def again_url(report_id: UUID, field_id: str, placement_ids: Sequence[UUID]) -> str:
    return url_for(
        "photos.again", report_id=report_id, field_id=field_id, placement=list(placement_ids)
    )


def _ids(texts: Sequence[str]) -> list[UUID]:
    found = (read_id(text) for text in texts[:MOST])
    return list(dict.fromkeys(one for one in found if one))
