"""Routes of the health checks for load balancers and operators."""

from __future__ import annotations

from flask import Response, jsonify

from app.health import blueprint
from app.health.probe import get_probe
from app.health.readiness import check_parts
from app.web.guards import impersonal


@blueprint.get("/health")
@impersonal
def index() -> tuple[Response, int]:
    answers = get_probe().answers()
    return jsonify(status="ok" if answers else "database out of reach"), 200 if answers else 503


@blueprint.get("/health/ready")
@impersonal
def ready() -> tuple[Response, int]:
    parts = check_parts(database_answers=get_probe().answers())
    return jsonify(parts), 200 if all(part["ok"] for part in parts.values()) else 503
