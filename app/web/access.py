"""Writes one log line and one metrics observation per request, with secrets removed.

Requests for static files are answered before they reach the app and are not logged.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

from flask import Flask, Response, g, has_request_context, request

from app import logs, metrics

log = logging.getLogger("laudo.access")

# URL parameters that hold our own identifiers. Any other text may be a secret token.
NAMES = frozenset({"field_id", "role_id", "digest"})
SECRET_FIELDS = (
    "password",
    "token",
    "secret",
    "current",
    "new",
    "repeat",
    "again",
    "code",
    "credential",
    "sealed",
)
HIDDEN = "…"


def path_for_log() -> str:
    """The request's path without its query and without possible tokens.

    Of an unknown address, only the first segment: the rest may hold a secret typed by mistake.
    """
    if request.url_rule is None:
        first, _, rest = request.path.lstrip("/").partition("/")
        return logs.redacted(f"/{first[:40]}") + (f"/{HIDDEN}" if rest else "")
    path = request.path
    for value in _unnamed_values():
        path = path.replace(value, HIDDEN)
    return path


def _unnamed_values() -> list[str]:
    given = request.view_args or {}
    endpoint_is_file = request.endpoint == "static"
    return [
        value
        for name, value in given.items()
        if isinstance(value, str)
        and name not in NAMES
        and not endpoint_is_file
        # The values of `<any(csv, xlsx):kind>` are part of the rule.
        and value not in str(request.url_rule)
    ]


def _secrets_of_request() -> Iterator[str]:
    """Secrets sent with this request, to be removed from log lines that quote other text."""
    if not has_request_context():
        return
    yield from request.cookies.values()
    yield from _unnamed_values()
    for header in ("Authorization", "X-CSRFToken", "Cookie"):
        if value := request.headers.get(header):
            yield value
    # Use the form only if it is already parsed: parsing it here could fail again.
    if "form" in request.__dict__:
        for name, value in request.form.items():
            if any(word in name.lower() for word in SECRET_FIELDS):
                yield value


def _count_in() -> None:
    g.counted_in = True
    metrics.IN_PROGRESS.inc()


def _finish(response: Response) -> Response:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    path = path_for_log()
    facts = {
        "endpoint": request.endpoint,
        "method": request.method,
        "path": path,
        "status": response.status_code,
        "duration_ms": round(seconds * 1000, 1),
    }
    log.info("%s %s %s", request.method, path, response.status_code, extra={"facts": facts})
    metrics.observe_request(request.endpoint, request.method, response.status_code, seconds)
    return response


def _forget(_error: BaseException | None = None) -> None:
    if g.pop("counted_in", False):
        metrics.IN_PROGRESS.dec()
    logs.begin()


def init_app(app: Flask) -> None:
    """Call before all other features: Flask runs after-request functions in reverse order."""
    logs.redact_values(_secrets_of_request)
    app.before_request(_count_in)
    app.after_request(_finish)
    app.teardown_request(_forget)
