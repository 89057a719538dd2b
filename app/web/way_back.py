"""Where an error page leads: back to where the person came from, else to the list that fits.

The browser says where that was, and anybody can make it say anything: only what is the address of
a page of ours that can be asked for is taken, and only as a link.
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
# The first part of an address: whose list that is.
LISTS = {
    "reports": ("reports.index", N_("Go to the reports")),
    "photos": ("reports.index", N_("Go to the reports")),
    "documents": ("reports.index", N_("Go to the reports")),
    "files": ("reports.index", N_("Go to the reports")),
    "projects": ("projects.index", N_("Go to the projects")),
    "checklists": ("checklists.index", N_("Go to the checklists")),
    "people": ("team.index", N_("Go to the people")),
    "audit": ("evidence.index", N_("Go to the audit")),
    "platform": ("platform.index", N_("Go to the companies")),
}


def way_back() -> tuple[str, str]:
    """The address and the words of the first link of an error page."""
    if back := _came_from():
        return back, _("Go back")
    return _fitting_list() or (url_for("home.index"), _("Go to the start page"))


def _came_from() -> str | None:
    """The page before, as a path of ours that is not the one that failed."""
    said = request.referrer or ""
    if not said or len(said) > MAX_LENGTH or _UNSAFE.search(said):
        return None
    try:
        parts = urlsplit(said)
    except ValueError:
        return None
    is_ours = f"{parts.scheme}://{parts.netloc}/" == request.host_url
    if not is_ours or parts.path == request.path or not _is_page(parts.path):
        return None
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _fitting_list() -> tuple[str, str] | None:
    endpoint, words = LISTS.get(request.path.split("/")[1], ("", ""))
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
