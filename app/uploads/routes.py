"""Routes of uploads: the core of tus 1.0.0 with creation and creation-with-upload.

Pieces are read here in small steps, so that what arrived before a cut is kept.
"""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

from flask import Response, abort, current_app, request, url_for
from werkzeug.exceptions import ClientDisconnected

from app import metrics
from app.extensions import db
from app.models import STAFF, PhotoUpload, UploadState
from app.storage import Incoming
from app.transactions import pause
from app.uploads import blueprint, queries, service
from app.uploads.forms import (
    VERSION,
    check_version,
    metadata_of,
    read_new_upload,
    read_offset,
    require_piece,
)
from app.web.errors import error_response, translated
from app.web.guards import current_actor, requires
from app.web.offline import OPERATIONS

# A cut costs at most so much of what had arrived.
STEP_BYTES = 64 * 1024


@blueprint.before_request
def refuse_other_versions() -> None:
    check_version(request.headers)


@blueprint.after_request
def name_protocol(response: Response) -> Response:
    response.headers["Tus-Resumable"] = VERSION
    response.headers.update(OPERATIONS)
    if request.method == "OPTIONS" or response.status_code == 412:
        response.headers["Tus-Version"] = VERSION
        response.headers["Tus-Extension"] = "creation,creation-with-upload"
        response.headers["Tus-Max-Size"] = str(_most_bytes())
    return response


@blueprint.errorhandler(service.WrongOffset)
def tell_offset(error: service.WrongOffset) -> Response:
    db.session.rollback()
    return error_response(error.status, translated(error), **_offset(error.offset))


@blueprint.post("/uploads")
@requires(*STAFF)
def create() -> Response:
    """Announce a photo, with its first bytes or without. Repeated, it only tells the offset."""
    new = read_new_upload(request.headers)
    has_body = bool(_body_size())
    if has_body:
        require_piece(request.mimetype)
    upload = service.begin(new=new, most_bytes=_most_bytes(), actor=current_actor())
    db.session.commit()
    upload = queries.get_upload(new.client_id, person=current_actor())
    address = {"Location": url_for("uploads.append", client_id=new.client_id)}
    if has_body and upload.state is UploadState.OPEN and not upload.received:
        return _receive(upload, status=201, **address)
    return Response(status=201, headers={**_offset(upload.received), **address})


@blueprint.route("/uploads/<uuid:client_id>", methods=["HEAD"])
@requires(*STAFF)
def show(client_id: UUID) -> Response:
    upload = queries.get_upload(client_id, person=current_actor())
    headers = {
        **_offset(upload.received),
        "Upload-Length": str(upload.byte_size),
        "Upload-Metadata": metadata_of(upload),
    }
    return Response(status=200, headers=headers)


@blueprint.patch("/uploads/<uuid:client_id>")
@requires(*STAFF)
def append(client_id: UUID) -> Response:
    queries.get_upload(client_id, person=current_actor())
    require_piece(request.mimetype)
    offset = read_offset(request.headers)
    upload = service.expect_piece(client_id=client_id, offset=offset, actor=current_actor())
    return _receive(upload, status=204)


def _receive(upload: PhotoUpload, *, status: int, **headers: str) -> Response:
    """Add the body to the upload. What arrived before a cut is added, too."""
    pause()
    if _body_size() > upload.byte_size - upload.received:
        raise service.LongerThanAnnounced
    with Incoming() as file:
        _read_body(file)
        piece = file.received()
        # Gunicorn ends a body that the client left like a whole one.
        is_cut = piece.byte_size < _body_size()
        if not piece.byte_size and not is_cut:
            return Response(status=status, headers={**_offset(upload.received), **headers})
        outcome = service.add_piece(upload, piece) if piece.byte_size else None
        db.session.commit()
    metrics.UPLOADS.labels(_word_for(outcome, is_cut)).inc()
    if outcome is None or is_cut:
        raise ClientDisconnected
    service.delete_parts(outcome.stale)
    headers.update(_offset(outcome.offset))
    if outcome.refusal:
        return error_response(outcome.refusal.status, translated(outcome.refusal), **headers)
    return Response(status=status, headers=headers)


def _read_body(file: Incoming) -> None:
    """Write the body to the file, as far as it arrives."""
    with suppress(ClientDisconnected):
        while step := request.stream.read(STEP_BYTES):
            file.write(step)


def _body_size() -> int:
    """The size that the request states; a chunked body, which states none, gets 411."""
    if "Transfer-Encoding" in request.headers:
        abort(411)
    return request.content_length or 0


def _word_for(outcome: service.Outcome | None, is_cut: bool) -> str:
    if is_cut:
        return "cut"
    return "refused" if outcome and outcome.refusal else "received"


def _most_bytes() -> int:
    return int(current_app.config["MAX_UPLOAD_BYTES"])


def _offset(offset: int) -> dict[str, str]:
    return {"Upload-Offset": str(offset)}
