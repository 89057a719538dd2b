"""Routes of witnesses, who have no account: open the link, read, accept, comment, sign.

The link's token becomes a cookie for the address of this witness alone, and the address that the
browser goes to has no token: it stands in no history, log or Referer. No session is read but for
the token of its forms.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Response, current_app, g, make_response, redirect, request, url_for
from flask_babel import gettext as _
from flask_limiter import RequestLimit

from app.downloads.files import IMAGE_HEADERS, open_stored, send_stored
from app.errors import DomainError, NotFound
from app.extensions import db
from app.models import Actor
from app.reports.queries import ReportClosed
from app.reports.signing import service as signing
from app.reports.signing.service import RefusedSignature, SignatureInput
from app.web.addresses import read_id, read_moment
from app.web.errors import sentence_for, translated
from app.web.fragments import render_text
from app.web.guards import unlisted
from app.web.headers import request_id
from app.web.locale import address_locale
from app.web.tries import Allowance, address_key, always, counted, per_day, per_minute
from app.witnessing import blueprint, items, queries, visits
from app.witnessing.forms import CodeForm, CommentForm
from app.witnessing.page import RefusedComment, WitnessPage, witness_page
from app.witnessing.visits import CodeDue, LinkRefused, Visit

View = Callable[..., Response]


class CannotTakeChanges(DomainError):
    """%(company)s takes no changes at the moment: the report can be read, but not signed or
    commented on. Ask the person who sent you the link."""

    status = 403


def _too_many(_limit: RequestLimit) -> Response:
    return _message(429, _("Too many attempts"), sentence_for(429))


def _link_key() -> str:
    return str((request.view_args or {}).get("witness_id", ""))


def _openings_allowed() -> str:
    return f"{current_app.config['CHECKS_PER_MINUTE']} per minute"


limits_openings = counted(
    "witness link", Allowance(_openings_allowed, address_key), on_breach=_too_many, is_wrong=always
)
limits_codes = counted(
    "witness code", per_minute(_link_key), per_day(_link_key), on_breach=_too_many
)
limits_acts = counted(
    "witness acts",
    Allowance(lambda: "60 per minute", _link_key),
    on_breach=_too_many,
    is_wrong=always,
)


def visiting(view: View) -> View:
    """Call the view with the Visit of the cookie, in the company's scope and time zone and in the
    reader's language; tell why a link does not work, and ask for a code word that is due."""

    @wraps(view)
    def visited(witness_id: UUID, **values: Any) -> Response:
        cookie = request.cookies.get(_cookie_name(), "")
        try:
            with visits.visiting(witness_id, cookie) as visit:
                g.reader_zone = ZoneInfo(visit.tenant.time_zone)
                return view(visit, **values)
        except LinkRefused as error:
            return _link_refused(error)
        except CodeDue as due:
            if request.method != "GET":
                return _redirect(witness_id)
            return _code_page(due.visit)

    return visited


@blueprint.get("/w/<token>")
@unlisted
@limits_openings
def open(token: str) -> Response:
    """Keep the token in a cookie and go on to an address without it."""
    try:
        with visits.opening(token) as visit:
            witness_id = visit.witness.id
            response = _redirect(witness_id)
            _set_cookie(response, visit, token)
            if request.method == "GET" and visit.witness.code_hash is None:
                visits.note_opening(visit, actor=_actor(visit))
                db.session.commit()
    except (LinkRefused, NotFound) as error:
        return _link_refused(error)
    return response


@blueprint.get("/witness/<uuid:witness_id>/")
@unlisted
@visiting
def report(visit: Visit) -> Response:
    return _report_page(visit)


@blueprint.post("/witness/<uuid:witness_id>/code")
@unlisted
@limits_codes
def give_code(witness_id: UUID) -> Response:
    form = CodeForm()
    try:
        with visits.asking(witness_id, request.cookies.get(_cookie_name(), "")) as visit:
            if not form.validate_on_submit():
                return _code_page(visit, form, status=422)
            cookie = visits.give_code(visit, form.code.data or "")
            response = _redirect(witness_id)
            _set_cookie(response, visit, cookie)
            visits.note_opening(visit, actor=_actor(visit))
            db.session.commit()
    except visits.WrongCode as error:
        form.code.errors = [translated(error)]
        return _code_page(visit, form, status=422)
    except LinkRefused as error:
        return _link_refused(error)
    return response


@blueprint.post("/witness/<uuid:witness_id>/items/<field_id>/accept")
@unlisted
@limits_acts
@visiting
def accept(visit: Visit, field_id: str) -> Response:
    try:
        _require_writable(visit)
        items.accept_item(
            witness=visit.witness,
            field_id=field_id,
            is_accepted=request.form.get("to") != "open",
            actor=_actor(visit),
        )
    except (ReportClosed, CannotTakeChanges) as error:
        return _refused(visit, error)
    db.session.commit()
    return _redirect(visit.witness.id, f"item-{field_id}")


@blueprint.post("/witness/<uuid:witness_id>/items/<field_id>/comments")
@unlisted
@limits_acts
@visiting
def comment(visit: Visit, field_id: str) -> Response:
    form = CommentForm()
    if not form.validate_on_submit():
        refused = RefusedComment(form.words.data or "", str(form.words.errors[0]))
        return _report_page(visit, comments={field_id: refused}, status=422)
    words = form.words.data or ""
    try:
        _require_writable(visit)
        items.comment_on_item(
            witness=visit.witness, field_id=field_id, words=words, actor=_actor(visit)
        )
    except (ReportClosed, CannotTakeChanges, items.TooManyComments) as error:
        db.session.rollback()
        refused = RefusedComment(words, translated(error))
        return _report_page(visit, comments={field_id: refused}, status=error.status)
    db.session.commit()
    return _redirect(visit.witness.id, f"item-{field_id}")


@blueprint.post("/witness/<uuid:witness_id>/signature")
@unlisted
@limits_acts
@visiting
def sign(visit: Visit) -> Response:
    image, strokes = request.files.get("image"), request.files.get("strokes")
    given = SignatureInput(
        signer_name=request.form.get("signer_name", ""),
        image=image.stream.read() if image else b"",
        strokes=strokes.stream.read() if strokes else None,
        client_id=read_id(request.form.get("client_id")),
        client_at=read_moment(request.form.get("client_at")),
    )
    seen = request.form.get("content", "")
    try:
        _require_writable(visit)
        signing.sign_as_witness(
            witness=visit.witness, given=given, seen_content=seen, actor=_actor(visit)
        )
    except (
        signing.SignatureRefused,
        signing.ReportChanged,
        signing.SignatureIdReused,
        ReportClosed,
        CannotTakeChanges,
    ) as error:
        db.session.rollback()
        refused = RefusedSignature(given.signer_name, translated(error))
        return _report_page(visit, signature=refused, status=error.status)
    db.session.commit()
    return _redirect(visit.witness.id, "signature")


@blueprint.get(
    "/witness/<uuid:witness_id>/photos/<uuid:placement_id>/<any(thumbnail, print):kind>.jpg"
)
@unlisted
@visiting
def photo(visit: Visit, placement_id: UUID, kind: str) -> Response:
    row = queries.get_picture(visit.witness, placement_id, kind)
    return send_stored(
        row.storage_key, media_type="image/jpeg", byte_size=row.byte_size, etag=row.sha256
    )


@blueprint.get("/witness/<uuid:witness_id>/signature.png")
@unlisted
@visiting
def signature_image(visit: Visit) -> Response:
    """The newest signature that came by this link."""
    signature = queries.get_signature(visit.witness)
    with open_stored(str(signature.image_key)) as image:
        return Response(image.read(), content_type="image/png", headers=IMAGE_HEADERS)


def _report_page(
    visit: Visit,
    *,
    signature: RefusedSignature | None = None,
    comments: dict[str, RefusedComment] | None = None,
    status: int = 200,
) -> Response:
    page: WitnessPage = witness_page(visit)
    return _page(
        "witnessing/report.html",
        status=status,
        page=page,
        report=page.report,
        witness=visit.witness,
        company=visit.tenant,
        refused=signature,
        refused_comments=comments or {},
    )


def _code_page(visit: Visit, form: CodeForm | None = None, *, status: int = 200) -> Response:
    return _page(
        "witnessing/code.html",
        status=status,
        form=form or CodeForm(formdata=None),
        witness=visit.witness,
        company=visit.tenant,
    )


def _refused(visit: Visit, error: DomainError) -> Response:
    db.session.rollback()
    return _message(error.status, _("Not saved"), translated(error), witness_id=visit.witness.id)


def _link_refused(error: DomainError) -> Response:
    refused = error if isinstance(error, LinkRefused) else LinkRefused()
    return _message(refused.status, _("This link does not work"), translated(refused))


def _message(status: int, title: str, sentence: str, *, witness_id: UUID | None = None) -> Response:
    return _page(
        "witnessing/message.html",
        status=status,
        title=title,
        sentence=sentence,
        witness_id=witness_id,
    )


def _page(template: str, *, status: int, **context: Any) -> Response:
    body = render_text(template, **context, chosen=address_locale())
    return make_response(body, status)


def _redirect(witness_id: UUID, anchor: str | None = None) -> Response:
    there = url_for(".report", witness_id=witness_id, lang=address_locale(), _anchor=anchor)
    return make_response(redirect(there, code=303))


def _set_cookie(response: Response, visit: Visit, value: str) -> None:
    """For the address of this witness alone, so that a browser can hold several links. Lax, because
    a link is followed from a mailbox of another site."""
    response.set_cookie(
        _cookie_name(),
        value,
        expires=visit.until,
        path=url_for(".report", witness_id=visit.witness.id),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _cookie_name() -> str:
    return "__Secure-witness" if current_app.config["SESSION_COOKIE_SECURE"] else "witness"


def _actor(visit: Visit) -> Actor:
    return visit.by(ip=request.remote_addr or "", request_id=request_id())


def _require_writable(visit: Visit) -> None:
    if visit.tenant.is_read_only:
        raise CannotTakeChanges(company=visit.tenant.name)
