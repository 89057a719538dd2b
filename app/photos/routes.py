"""Routes of photos: upload, caption, reasons, order, removal, and the files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import BinaryIO, cast
from uuid import UUID

from flask import Response, abort, current_app, flash, request
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app import metrics
from app.downloads.files import send_stored
from app.downloads.links import redirect_to_file
from app.errors import DomainError
from app.extensions import db
from app.imaging.limits import PixelLimits
from app.models import STAFF, DerivativeKind, PhotoPlacement
from app.photos import blueprint, placing, queries, service
from app.photos.again_routes import again_url
from app.photos.card_routes import card_of, field_url
from app.photos.cards import draw_moved, draw_repeat
from app.photos.figures import photo_figure
from app.photos.forms import CaptionForm, MoveForm, ReasonForm
from app.photos.inputs import chosen_files, read_upload
from app.photos.naming import photo_file_name
from app.storage import receive
from app.transactions import pause
from app.web.addresses import read_id
from app.web.errors import translated
from app.web.fragments import redirect_to, varied, wants_fragment
from app.web.guards import MEMBERS, current_actor, requires

blueprint.add_app_template_filter(queries.photo_views)
blueprint.add_app_template_filter(photo_figure)
blueprint.add_app_template_filter(queries.count_different)


@blueprint.app_template_global()
def pixel_limits() -> dict[str, int]:
    """The maximum megapixels of a picture, by kind of file."""
    return PixelLimits.up_to(current_app.config["MAX_PICTURE_PIXELS"]).in_millions


# A change of the report's content voids its signatures and changes the progress.
CHANGED = {"HX-Trigger": "content-changed"}


@blueprint.post("/reports/<uuid:report_id>/fields/<field_id>/photos")
@requires(*STAFF)
def upload(report_id: UUID, field_id: str) -> Response:
    """Scripts send one file and get its card; a plain form sends several and is redirected."""
    # NotFound comes first: an empty upload must not reveal whether a report exists.
    service.check_place(report_id=report_id, field_id=field_id, actor=current_actor())
    files = chosen_files(request.files)
    if not files:
        return _nothing_chosen(report_id, field_id)
    if wants_fragment():
        return _receive_one(report_id, field_id, files[0])
    sent = _receive_all(report_id, field_id, files)
    db.session.commit()
    metrics.PHOTOS.labels("received").inc(sent.received)
    for sentence in dict.fromkeys(sent.refused):
        flash(sentence, "error")
    if sent.repeated:
        return redirect_to(again_url(report_id, field_id, sent.repeated))
    return redirect_to(field_url(report_id, field_id))


def _receive_one(report_id: UUID, field_id: str, file: FileStorage) -> Response:
    try:
        placement_id = _receive(report_id, field_id, file).id
    except service.PhotoAlreadyHere as error:
        db.session.rollback()
        client_id = read_id(request.form.get("client_id"))
        card = draw_repeat(
            error.placement_id, report_id, field_id, client_id, person=current_actor()
        )
        return varied(Response(card))
    db.session.commit()
    metrics.PHOTOS.labels("received").inc()
    return card_of(placement_id, status=201)


@blueprint.post("/photos/<uuid:placement_id>")
@requires(*STAFF)
def update(placement_id: UUID) -> Response:
    form = CaptionForm()
    if not form.validate():
        return card_of(placement_id, status=422, error=form.caption.errors[0])
    placement = placing.caption_photo(
        placement_id=placement_id, caption=form.caption.data or "", actor=current_actor()
    )
    return _changed(placement)


@blueprint.post("/photos/<uuid:placement_id>/reason")
@requires(*STAFF)
def explain(placement_id: UUID) -> Response:
    return _explained(placement_id, placing.explain_photo)


@blueprint.post("/photos/<uuid:placement_id>/position-reason")
@requires(*STAFF)
def explain_position(placement_id: UUID) -> Response:
    return _explained(placement_id, placing.explain_position)


def _explained(placement_id: UUID, explain: Callable[..., PhotoPlacement]) -> Response:
    form = ReasonForm()
    if not form.validate():
        sentence = (
            form.reason.errors[0] if form.reason.data else _("Enter the reason in a few words.")
        )
        return card_of(placement_id, status=422, error=sentence)
    reason = form.reason.data or ""
    return _changed(explain(placement_id=placement_id, reason=reason, actor=current_actor()))


@blueprint.post("/photos/<uuid:placement_id>/move")
@requires(*STAFF)
def move(placement_id: UUID) -> Response:
    """For htmx, return both cards, swapped: each placement keeps its element id."""
    form = MoveForm()
    if not form.validate():
        queries.get_placement(placement_id, person=current_actor())
        abort(422)
    moved = placing.move_photo(
        placement_id=placement_id, step=form.step.data or 0, actor=current_actor()
    )
    ids = [placement.id for placement in moved] or [placement_id]
    db.session.commit()
    if not wants_fragment():
        return _back_to(queries.get_placement(placement_id, person=current_actor()))
    return varied(Response(draw_moved(ids, person=current_actor()), headers=CHANGED))


@blueprint.post("/photos/<uuid:placement_id>/remove")
@requires(*STAFF)
def remove(placement_id: UUID) -> Response:
    placement = placing.remove_photo(placement_id=placement_id, actor=current_actor())
    back = field_url(placement.report_id, placement.field_id)
    db.session.commit()
    if wants_fragment():
        response = card_of(placement_id)
        response.headers.update(CHANGED)
        return response
    flash(_("The photo was removed from the report. The file and its history are kept."), "success")
    return redirect_to(back)


@blueprint.post("/photos/<uuid:placement_id>/read")
@requires(*STAFF)
def read_again(placement_id: UUID) -> Response:
    service.read_again(placement_id=placement_id, actor=current_actor())
    db.session.commit()
    placement = queries.get_placement(placement_id, person=current_actor())
    return card_of(placement_id) if wants_fragment() else _back_to(placement)


@blueprint.get("/photos/<uuid:placement_id>/original")
@requires(*MEMBERS)
def original(placement_id: UUID) -> Response:
    """The bytes as they were received, with a file name that tells where they belong."""
    view = queries.get_view(placement_id, person=current_actor())
    photo = view.photo
    return redirect_to_file(
        photo.storage_key,
        purpose="original",
        sha256=photo.sha256,
        media_type=photo.media_type,
        byte_size=photo.byte_size,
        file_name=photo_file_name(view, queries.get_report_of(view, person=current_actor())),
        actor=current_actor(),
    )


@blueprint.get("/photos/<uuid:placement_id>/<any(thumbnail, print):kind>.jpg")
@requires(*MEMBERS)
def derivative(placement_id: UUID, kind: str) -> Response:
    row = queries.get_derivative(placement_id, DerivativeKind(kind), person=current_actor())
    return send_stored(
        row.storage_key, media_type="image/jpeg", byte_size=row.byte_size, etag=row.sha256
    )


def _nothing_chosen(report_id: UUID, field_id: str) -> Response:
    """A plain form without a file is redirected to its field; scripts never send one."""
    if wants_fragment():
        raise service.NotAPicture
    flash(_("Choose a photo first."), "error")
    return redirect_to(field_url(report_id, field_id))


def _receive(report_id: UUID, field_id: str, file: FileStorage) -> PhotoPlacement:
    with _counting_refusals():
        return _place(report_id, field_id, _keep(file, is_alone=True))


@dataclass
class _Sent:
    """The outcome for the files of a request: `refused` are messages, `repeated` the placements
    that already have the same bytes."""

    received: int = 0
    refused: list[str] = dataclass_field(default_factory=list)
    repeated: list[UUID] = dataclass_field(default_factory=list)


def _receive_all(report_id: UUID, field_id: str, files: list[FileStorage]) -> _Sent:
    """Receive all files; a bad file never blocks the others.

    All bytes are stored before the first row is written, so that no lock waits for slow storage.
    """
    is_alone, sent = len(files) == 1, _Sent()
    kept: list[tuple[FileStorage, service.StoredUpload]] = []
    for file in files:
        with _noting_refusals(file, sent):
            kept.append((file, _keep(file, is_alone=is_alone)))
    for file, one in kept:
        with _noting_refusals(file, sent):
            _place(report_id, field_id, one)
            sent.received += 1
    return sent


def _keep(file: FileStorage, *, is_alone: bool) -> service.StoredUpload:
    pause()
    with receive(cast(BinaryIO, file.stream)) as received:
        return service.store_bytes(read_upload(request.form, received, is_alone=is_alone))


def _place(report_id: UUID, field_id: str, kept: service.StoredUpload) -> PhotoPlacement:
    return service.place_photo(
        report_id=report_id, field_id=field_id, kept=kept, actor=current_actor()
    )


@contextmanager
def _counting_refusals() -> Iterator[None]:
    try:
        yield
    except service.PhotoAlreadyHere:
        metrics.PHOTOS.labels("repeated").inc()
        raise
    except DomainError:
        metrics.PHOTOS.labels("refused").inc()
        raise


@contextmanager
def _noting_refusals(file: FileStorage, sent: _Sent) -> Iterator[None]:
    try:
        with _counting_refusals():
            yield
    except service.PhotoAlreadyHere as error:
        sent.repeated.append(error.placement_id)
    except DomainError as error:
        sent.refused.append(f"{file.filename}: {translated(error)}")


def _changed(placement: PhotoPlacement) -> Response:
    placement_id, report_id, field_id = placement.id, placement.report_id, placement.field_id
    db.session.commit()
    if not wants_fragment():
        return redirect_to(field_url(report_id, field_id))
    response = card_of(placement_id)
    response.headers.update(CHANGED)
    return response


def _back_to(placement: PhotoPlacement) -> Response:
    return redirect_to(field_url(placement.report_id, placement.field_id))
