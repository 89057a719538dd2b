"""Routes of signatures: sign, withdraw, show a role, and the image."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from flask import Response, request, url_for
from werkzeug.datastructures import FileStorage

from app.downloads.files import IMAGE_HEADERS, open_stored
from app.extensions import db
from app.models import STAFF
from app.reports import blueprint
from app.reports.facts import load_facts
from app.reports.filling.page import fill_page
from app.reports.filling.routes import render_fill_page
from app.reports.queries import get_report
from app.reports.signing import service as signing
from app.reports.signing.place import draw_place
from app.reports.signing.service import RefusedSignature, SignatureInput, SignatureRefused
from app.web.addresses import read_id, read_moment
from app.web.errors import translated
from app.web.fragments import redirect_to, varied, wants_fragment
from app.web.guards import MEMBERS, current_actor, requires


@blueprint.post("/reports/<uuid:report_id>/signatures/<role_id>")
@requires(*STAFF)
def sign(report_id: UUID, role_id: str) -> Response:
    given = SignatureInput(
        signer_name=request.form.get("signer_name", ""),
        image=_part("image", signing.MAX_IMAGE_BYTES) or b"",
        strokes=_part("strokes", signing.MAX_DRAWN_BYTES),
        client_id=read_id(request.form.get("client_id")),
        client_at=read_moment(request.form.get("client_at")),
    )
    person = current_actor()
    try:
        signing.sign_report(report_id=report_id, role_id=role_id, given=given, actor=person)
    except SignatureRefused as error:
        if wants_fragment():
            raise
        refused = RefusedSignature(given.signer_name, translated(error))
        return _refused(report_id, role_id, refused)
    db.session.commit()
    return _answer(report_id, role_id)


@blueprint.post("/reports/<uuid:report_id>/signatures/<role_id>/withdraw")
@requires(*STAFF)
def withdraw_signature(report_id: UUID, role_id: str) -> Response:
    signing.withdraw_signature(report_id=report_id, role_id=role_id, actor=current_actor())
    db.session.commit()
    return _answer(report_id, role_id)


@blueprint.get("/reports/<uuid:report_id>/signatures/<role_id>")
@requires(*MEMBERS)
def show_signing_place(report_id: UUID, role_id: str) -> Response:
    return _fragment(report_id, role_id)


@blueprint.get("/reports/<uuid:report_id>/signatures/<uuid:signature_id>.png")
@requires(*MEMBERS)
def signature_image(report_id: UUID, signature_id: UUID) -> Response:
    signature = signing.get_signature(report_id, signature_id, person=current_actor())
    with open_stored(str(signature.image_key)) as image:
        return Response(image.read(), content_type="image/png", headers=IMAGE_HEADERS)


def _part(name: str, most: int) -> bytes | None:
    """A file part, cut one byte past the limit so that excess can be detected; None if missing."""
    part: FileStorage | None = request.files.get(name)
    return part.stream.read(most + 1) if part else None


def _answer(report_id: UUID, role_id: str) -> Response:
    if not wants_fragment():
        anchor = f"signature-{role_id}"
        return redirect_to(url_for(".fill", report_id=report_id, at="signatures", _anchor=anchor))
    return _fragment(report_id, role_id)


def _refused(report_id: UUID, role_id: str, refused: RefusedSignature) -> Response:
    """Without scripts: the fill page, with the typed name and the reason at the signature."""
    db.session.rollback()
    report = get_report(report_id, person=current_actor())
    page = fill_page(report, load_facts(report), at="signatures")
    places = [
        replace(place, refused=refused) if place.role.id == role_id else place
        for place in page.places
    ]
    return render_fill_page(replace(page, places=places), 422)


def _fragment(report_id: UUID, role_id: str) -> Response:
    return varied(Response(draw_place(report_id, role_id, person=current_actor())))
