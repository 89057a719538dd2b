"""Routes of photos: upload, card, caption, order, removal, and the files themselves."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast
from uuid import UUID

from flask import Response, abort, current_app, flash, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import FileStorage

from app import metrics
from app.errors import DomainError
from app.extensions import db
from app.imaging.limits import PixelLimits
from app.models import STAFF, DerivativeKind, Photo, PhotoPlacement
from app.photos import blueprint, queries, service
from app.photos.forms import CaptionForm, MoveForm, ReasonForm, chosen_files, read_upload
from app.photos.naming import photo_file_name
from app.storage import receive
from app.transactions import pause
from app.web.errors import translated
from app.web.files import send_stored
from app.web.fragments import redirect_to, render_fragment, varied, wants_fragment
from app.web.guards import MEMBERS, current_actor, requires
from app.web.links import hand_out

blueprint.add_app_template_filter(queries.photo_views)


@blueprint.app_template_global()
def pixel_limits() -> dict[str, int]:
    """The most megapixels of a picture, by kind."""
    return PixelLimits.up_to(current_app.config["MAX_PICTURE_PIXELS"]).in_millions


# A change of the report's content makes signatures void and moves the progress.
CHANGED = {"HX-Trigger": "content-changed"}


@blueprint.post("/reports/<uuid:report_id>/fields/<field_id>/photos")
@requires(*STAFF)
def upload(report_id: UUID, field_id: str) -> Response:
    """One file for scripts, which get its card; several for a plain form, which goes back."""
    # Whose report it is comes first: a stranger learns nothing from an empty upload.
    service.check_place(report_id=report_id, field_id=field_id, actor=current_actor())
    files = chosen_files(request.files)
    if not files:
        return _nothing_chosen(report_id, field_id)
    if wants_fragment():
        photo_id = _receive(report_id, field_id, files[0]).id
        db.session.commit()
        metrics.PHOTOS.labels("received").inc()
        return _card(photo_id, status=201)
    refused = _receive_all(report_id, field_id, files)
    db.session.commit()
    metrics.PHOTOS.labels("received").inc(len(files) - len(refused))
    for sentence in dict.fromkeys(refused):
        flash(sentence, "error")
    return redirect_to(_field_url(report_id, field_id))


@blueprint.get("/photos/<uuid:photo_id>/card")
@requires(*STAFF)
def card(photo_id: UUID) -> Response:
    queries.get_view(photo_id, person=current_actor())
    return _card(photo_id)


@blueprint.post("/photos/<uuid:photo_id>")
@requires(*STAFF)
def update(photo_id: UUID) -> Response:
    form = CaptionForm()
    if not form.validate():
        return _card(photo_id, status=422, error=form.caption.errors[0])
    placement = service.caption_photo(
        photo_id=photo_id, caption=form.caption.data or "", actor=current_actor()
    )
    return _changed(placement)


@blueprint.post("/photos/<uuid:photo_id>/reason")
@requires(*STAFF)
def explain(photo_id: UUID) -> Response:
    form = ReasonForm()
    if not form.validate():
        return _card(photo_id, status=422, error=_("Say in a few words why."))
    placement = service.explain_photo(
        photo_id=photo_id, reason=form.reason.data or "", actor=current_actor()
    )
    return _changed(placement)


@blueprint.post("/photos/<uuid:photo_id>/move")
@requires(*STAFF)
def move(photo_id: UUID) -> Response:
    """For htmx both cards, each in the other's place: a place on the page keeps its id."""
    form = MoveForm()
    if not form.validate():
        queries.get_placement(photo_id, person=current_actor())
        abort(422)
    moved = service.move_photo(photo_id=photo_id, step=form.step.data or 0, actor=current_actor())
    ids = [placement.photo_id for placement in moved] or [photo_id]
    db.session.commit()
    views = [queries.get_view(one, person=current_actor()) for one in ids]
    if not wants_fragment():
        return _back_to(views[0].placement)
    cards = [
        render_template("photos/_photo_card.html", view=view, elsewhere=view is views[0])
        for view in views[: len(moved)]
    ] or [render_template("photos/_photo_card.html", view=views[0])]
    done = queries.get_field_photos(photo_id, person=current_actor()).progress
    progress = render_template("reports/_progress.html", progress=done)
    return varied(Response("".join((*reversed(cards), progress)), headers=CHANGED))


@blueprint.post("/photos/<uuid:photo_id>/remove")
@requires(*STAFF)
def remove(photo_id: UUID) -> Response:
    placement = service.remove_photo(photo_id=photo_id, actor=current_actor())
    back = _field_url(placement.report_id, placement.field_id)
    db.session.commit()
    if wants_fragment():
        response = _card(photo_id)
        response.headers.update(CHANGED)
        return response
    flash(_("The photo was removed from the report. The file and its history stay."), "success")
    return redirect_to(back)


@blueprint.post("/photos/<uuid:photo_id>/read")
@requires(*STAFF)
def read_again(photo_id: UUID) -> Response:
    service.read_again(photo_id=photo_id, actor=current_actor())
    db.session.commit()
    placement = queries.get_placement(photo_id, person=current_actor())
    return _card(photo_id) if wants_fragment() else _back_to(placement)


@blueprint.get("/photos/<uuid:photo_id>/original")
@requires(*MEMBERS)
def original(photo_id: UUID) -> Response:
    """The bytes as they were received, under a name that says where they belong."""
    view = queries.get_view(photo_id, person=current_actor())
    photo = view.photo
    return hand_out(
        photo.storage_key,
        purpose="original",
        sha256=photo.sha256,
        media_type=photo.media_type,
        byte_size=photo.byte_size,
        file_name=photo_file_name(view, queries.get_report_of(view, person=current_actor())),
        actor=current_actor(),
    )


@blueprint.get("/photos/<uuid:photo_id>/<any(thumbnail, print):kind>.jpg")
@requires(*MEMBERS)
def derivative(photo_id: UUID, kind: str) -> Response:
    row = queries.get_derivative(photo_id, DerivativeKind(kind), person=current_actor())
    return send_stored(
        row.storage_key, media_type="image/jpeg", byte_size=row.byte_size, etag=row.sha256
    )


def _nothing_chosen(report_id: UUID, field_id: str) -> Response:
    """Only a plain form can be sent so; it goes back to its field."""
    if wants_fragment():
        raise service.NotAPicture
    flash(_("Choose a photo first."), "error")
    return redirect_to(_field_url(report_id, field_id))


def _receive(report_id: UUID, field_id: str, file: FileStorage) -> Photo:
    with _counting_refusals():
        return _place(report_id, field_id, _keep(file, is_alone=True))


def _receive_all(report_id: UUID, field_id: str, files: list[FileStorage]) -> list[str]:
    """What was refused, as sentences; a bad file never blocks the rest.

    The bytes of all are stored before the first row is written: nobody waits for a slow storage.
    """
    is_alone, refused = len(files) == 1, list[str]()
    kept: list[tuple[FileStorage, service.Kept]] = []
    for file in files:
        with _noting_refusals(file, refused):
            kept.append((file, _keep(file, is_alone=is_alone)))
    for file, one in kept:
        with _noting_refusals(file, refused):
            _place(report_id, field_id, one)
    return refused


def _keep(file: FileStorage, *, is_alone: bool) -> service.Kept:
    pause()
    with receive(cast(BinaryIO, file.stream)) as received:
        return service.keep_bytes(read_upload(request.form, received, is_alone=is_alone))


def _place(report_id: UUID, field_id: str, kept: service.Kept) -> Photo:
    return service.place_photo(
        report_id=report_id, field_id=field_id, kept=kept, actor=current_actor()
    )


@contextmanager
def _counting_refusals() -> Iterator[None]:
    try:
        yield
    except DomainError:
        metrics.PHOTOS.labels("refused").inc()
        raise


@contextmanager
def _noting_refusals(file: FileStorage, refused: list[str]) -> Iterator[None]:
    try:
        with _counting_refusals():
            yield
    except DomainError as error:
        refused.append(f"{file.filename}: {translated(error)}")


def _changed(placement: PhotoPlacement) -> Response:
    photo_id, report_id, field_id = placement.photo_id, placement.report_id, placement.field_id
    db.session.commit()
    if not wants_fragment():
        return redirect_to(_field_url(report_id, field_id))
    response = _card(photo_id)
    response.headers.update(CHANGED)
    return response


def _card(photo_id: UUID, *, status: int = 200, error: str | None = None) -> Response:
    """The card, and the count of its field for its own place."""
    found = queries.get_field_photos(photo_id, person=current_actor())
    return render_fragment(
        "photos/_card_answer.html",
        status=status,
        view=found.view,
        field=found.field,
        count=found.count,
        progress=found.progress,
        error=error,
    )


def _back_to(placement: PhotoPlacement) -> Response:
    return redirect_to(_field_url(placement.report_id, placement.field_id))


def _field_url(report_id: UUID, field_id: str) -> str:
    return url_for("reports.fill", report_id=report_id, at=field_id, _anchor=f"field-{field_id}")
