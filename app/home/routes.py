"""Routes of home: the start page, and health for load balancers and operators."""

from __future__ import annotations

from flask import Response, jsonify, request, url_for
from flask_login import current_user

from app.home import blueprint
from app.home.desk import get_desk, list_finished_of
from app.home.probe import get_probe
from app.home.readiness import check_parts
from app.models import Role
from app.reports.finding_address import read_result
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, impersonal, public


@blueprint.get("/")
@public
def index() -> Response:
    if not current_user.is_authenticated:
        return render_page("home/welcome.html", "content")
    person = current_actor()
    if person.role is Role.SUPERADMIN:
        return redirect_to(url_for("platform.index"))
    result = read_result(request.args)
    if wants_fragment() and "result" in request.args:
        finished = list_finished_of(person, current_user.tenant, result)
        return render_fragment("home/_finished.html", finished=finished, result=result)
    desk = get_desk(person, current_user.tenant, result)
    return render_page("home/index.html", "content", desk=desk, result=result)


@blueprint.get("/health")
@impersonal
def health() -> tuple[Response, int]:
    answers = get_probe().answers()
    return jsonify(status="ok" if answers else "database out of reach"), 200 if answers else 503


@blueprint.get("/health/ready")
@impersonal
def ready() -> tuple[Response, int]:
    parts = check_parts(database_answers=get_probe().answers())
    return jsonify(parts), 200 if all(part["ok"] for part in parts.values()) else 503
