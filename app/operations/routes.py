"""The one route of operations, the settling of a conflict by a form, and the session of a phone."""

from __future__ import annotations

from uuid import UUID

from flask import Response, abort, jsonify, request, url_for
from flask_login import current_user
from flask_wtf.csrf import generate_csrf

from app import metrics
from app.extensions import db
from app.models import STAFF, TENANT_ROLES, Choice, OperationVerdict
from app.operations import blueprint, service
from app.operations.operation import Drawn
from app.operations.reading import MAX_AFTER, is_of_newer_release, read_operation
from app.operations.settling import settle_conflict
from app.operations.verdicts import verdict_json
from app.reports.conflicts import Viewed
from app.reports.filling.status import draw_stored
from app.reports.queries import get_report
from app.web.addresses import read_id
from app.web.fragments import redirect_to, varied, wants_fragment
from app.web.guards import current_actor, public, requires
from app.web.offline import OPERATIONS

MAX_FORM_BYTES = 4 * 1024 * 1024


@blueprint.before_request
def take_long_signatures() -> None:
    """A signature names all operations that its phone had not sent, and all photos that it saw."""
    request.max_form_parts = MAX_AFTER + 100
    request.max_form_memory_size = MAX_FORM_BYTES


@blueprint.after_request
def name_protocol(response: Response) -> Response:
    response.headers.update(OPERATIONS)
    return response


@blueprint.post("/reports/<uuid:report_id>/operations")
@requires(*STAFF)
def send(report_id: UUID) -> Response:
    """Carry out one operation. A verdict is always 200; every other status is none."""
    person = current_actor()
    read = read_operation(report_id, request.form, request.files)
    if read is None:
        get_report(report_id, person=person)  # what is unknown must look the same as what is hidden
        if is_of_newer_release(request.form):
            raise service.UnknownKind
        abort(422)
    kind, sent = read
    outcome = service.carry_out(kind, sent, person)
    db.session.commit()
    metrics.OPERATIONS.labels(kind.name, outcome.verdict.value).inc()
    is_early = outcome.verdict is OperationVerdict.EARLY
    drawn = Drawn() if is_early else kind.draw(sent, outcome, person)
    return _unkept(jsonify(verdict_json(sent, outcome, drawn)))


@blueprint.post("/reports/<uuid:report_id>/conflicts/<uuid:conflict_id>/<any(mine, theirs):keep>")
@requires(*STAFF)
def settle(report_id: UUID, conflict_id: UUID, keep: str) -> Response:
    """The buttons at a field; they work without scripts."""
    person = current_actor()
    settled = settle_conflict(
        report_id=report_id,
        conflict_id=conflict_id,
        choice=Choice(keep),
        viewed=Viewed(request.args.get("version", type=int), read_id(request.args.get("typed"))),
        actor=person,
    )
    db.session.commit()
    if wants_fragment():
        return varied(Response(draw_stored(report_id, settled.field_id, person=person)))
    anchor = f"field-{settled.field_id}"
    return redirect_to(
        url_for("reports.fill", report_id=report_id, at=settled.field_id, _anchor=anchor)
    )


@blueprint.get("/session.json")
@public
def session() -> Response:
    """Who is logged in and the token for the next operation; 401 if no member of a company is."""
    if not current_user.is_authenticated or current_user.role not in TENANT_ROLES:
        return _unkept(jsonify(account=None), 401)
    return _unkept(
        jsonify(
            account=str(current_user.account_id), csrf_token=generate_csrf(), name=current_user.name
        )
    )


def _unkept(response: Response, status: int = 200) -> Response:
    response.status_code = status
    response.headers["Cache-Control"] = "no-store"
    return response
