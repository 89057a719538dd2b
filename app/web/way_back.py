"""The first link of an error page: the previous page, or else a fitting list.

The referrer is untrusted: it is used only as a link, and only if it is a page of this app.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from flask import current_app, request, url_for
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.exceptions import HTTPException

from app.definition.sentences import N_

MAX_LENGTH = 2000
# Browsers drop control characters and read a backslash as a slash.
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\\\u2028\u2029]")
# The list that belongs to the first segment of a path.
LIST_ENDPOINTS = {
    "reports": ("reports.index", N_("Go to the reports")),
    "photos": ("reports.index", N_("Go to the reports")),
    "documents": ("reports.index", N_("Go to the reports")),
    "files": ("reports.index", N_("Go to the reports")),
    "projects": ("projects.index", N_("Go to the projects")),
    "checklists": ("checklists.index", N_("Go to the checklists")),
    "people": ("team.index", N_("Go to the people")),
    "audit": ("audit.index", N_("Go to the audit log")),
    "platform": ("platform.index", N_("Go to the companies")),
}


def way_back() -> tuple[str, str]:
    """The address and the text of the first link of an error page."""
    if back := _came_from():
        return back, _("Go back")
    return _fitting_list() or (url_for("home.index"), _("Go to the home page"))


def _came_from() -> str | None:
    """The previous page as a local path, unless it is the page that failed."""
    referrer = request.referrer or ""
    if not referrer or len(referrer) > MAX_LENGTH or _UNSAFE.search(referrer):
        return None
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return None
    is_ours = f"{parts.scheme}://{parts.netloc}/" == request.host_url
    if not is_ours or parts.path == request.path or not _is_page(parts.path):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _fitting_list() -> tuple[str, str] | None:
    endpoint, words = LIST_ENDPOINTS.get(request.path.split("/")[1], ("", ""))
    view = current_app.view_functions.get(endpoint)
    role = getattr(current_user, "role", None)
    if view is None or role not in getattr(view, "guard", ()):
        return None
    url = url_for(endpoint)
    return None if url == request.path else (url, _(words))


def _is_page(path: str) -> bool:
    adapter = current_app.create_url_adapter(request)
    if adapter is None or path.startswith("//"):
        return False
    try:
        endpoint, _values = adapter.match(path, method="GET")
    except HTTPException:
        return False
    return str(endpoint) != "static"
