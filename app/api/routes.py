"""Routes of the API: version, health, and CORS."""

from __future__ import annotations

from flask import Response, current_app, jsonify, request, url_for

from app.api import blueprint
from app.health.probe import get_probe
from app.web.guards import impersonal

METHODS = "GET, HEAD, OPTIONS"
ALLOWED_HEADERS = "Content-Type, X-CSRFToken, X-Request-ID"


@blueprint.get("/")
@impersonal
def index() -> Response:
    return jsonify(name="Laudo", version="v1", health=url_for(".health"))


@blueprint.get("/health")
@impersonal
def health() -> tuple[Response, int]:
    answers = get_probe().answers()
    return jsonify(status="ok" if answers else "database out of reach"), 200 if answers else 503


@blueprint.after_request
def allow_origins(response: Response) -> Response:
    """Set CORS headers for the origins in the settings only."""
    response.vary.add("Origin")
    origin = request.headers.get("Origin", "")
    if origin and origin in current_app.config["CORS_ORIGINS"]:
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Access-Control-Expose-Headers"] = "X-Request-ID"
        if request.method == "OPTIONS":
            response.headers["Access-Control-Allow-Methods"] = METHODS
            response.headers["Access-Control-Allow-Headers"] = ALLOWED_HEADERS
            response.headers["Access-Control-Max-Age"] = "600"
    return response
