"""Security headers and the request id, on every response."""

from __future__ import annotations

import secrets
import time

from flask import Flask, Response, abort, g, request

from app import logs
from app.errors import DomainError

CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "worker-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=(), payment=()",
}


class CrossSite(DomainError):
    """That request came from another site. Open Laudo directly and try again there."""

    status = 403


def request_id() -> str:
    """The id of this request in the page, the log and the response header."""
    return str(request.environ.get("laudo.request_id", ""))


def _start() -> None:
    given = request.headers.get("X-Request-ID", "")
    made = given if logs.REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
    request.environ["laudo.request_id"] = made
    logs.begin(request_id=made)
    g.started = time.perf_counter()


def _finish(response: Response) -> Response:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers["X-Request-ID"] = request_id()
    if not response.cache_control and request.endpoint != "static":
        response.headers["Cache-Control"] = "private, no-store"
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    return response


def _reject_malformed_requests() -> None:
    """Refuse cross-site posts, addresses with a NUL, and JSON on pages.

    Another site may link here but not post here. Only the API accepts JSON: Flask-WTF would read
    JSON of any shape as a form.
    """
    from_elsewhere = request.headers.get("Sec-Fetch-Site") == "cross-site"
    if from_elsewhere and request.method not in ("GET", "HEAD", "OPTIONS"):
        raise CrossSite
    if "\x00" in request.path or any("\x00" in value for value in request.args.values()):
        abort(400)
    if request.is_json and not request.path.startswith("/api/"):
        abort(400)


def init_app(app: Flask) -> None:
    app.before_request(_start)
    app.before_request(_reject_malformed_requests)
    app.after_request(_finish)
