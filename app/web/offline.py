"""Tells a phone for whom a page was drawn and whether it may keep the page.

The service worker (assets/src/worker) shows kept pages to nobody else and decides nothing itself.
"""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Flask, Response, g, request
from flask.typing import ResponseReturnValue
from flask_login import current_user

from app.extensions import login_manager
from app.models import STAFF
from app.web.fragments import asked_by_script, wants_fragment

# Pages that work needs where there is no connection. Pages of admins are not among them.
KEPT = frozenset({"home.index", "reports.index", "reports.fill", "reports.review", "offline.index"})
ACCOUNT = "Laudo-Account"
DRAWN_AT = "Laudo-Drawn-At"
NOBODY = "none"
# In every answer of the addresses that an outbox sends to. A 404 without it comes from a web
# process of an earlier release, which does not know the address: it judges no operation.
OPERATIONS = {"Laudo-Operations": "1"}


def drawn_at() -> str | None:
    """When this page was requested, by the server's clock, if phones may keep it. All that was
    stored before then is on the page."""
    return g.requested_at.isoformat() if _may_be_kept() else None


def _may_be_kept() -> bool:
    """Never pages of a superadmin who looks into a company: the device is not the company's."""
    if request.endpoint not in KEPT or not current_user.is_authenticated:
        return False
    return current_user.role in STAFF and not current_user.is_support


def _start() -> ResponseReturnValue | None:
    """Take the time, and refuse a page that the worker wants to keep for nobody."""
    g.requested_at = datetime.now(UTC)
    is_worker = asked_by_script() and not wants_fragment()
    if request.endpoint in KEPT and is_worker and not current_user.is_authenticated:
        return login_manager.unauthorized()  # type: ignore[no-any-return]
    return None


def _finish(response: Response) -> Response:
    """Name the person only if the request has loaded them: after a failure, nothing is loaded."""
    is_page = response.mimetype == "text/html" and response.status_code < 500
    if not is_page or "_login_user" not in g:
        return response
    is_known = current_user.is_authenticated
    response.headers[ACCOUNT] = str(current_user.id) if is_known else NOBODY
    is_whole = request.method == "GET" and "HX-Request" not in request.headers
    if response.status_code == 200 and is_whole and _may_be_kept():
        response.headers[DRAWN_AT] = g.requested_at.isoformat()
    return response


def init_app(app: Flask) -> None:
    app.before_request(_start)
    app.after_request(_finish)
    app.jinja_env.globals["drawn_at"] = drawn_at
