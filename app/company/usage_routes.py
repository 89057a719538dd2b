"""Routes of usage: how much of its plan a company uses."""

from __future__ import annotations

from flask import Response

from app.company import blueprint
from app.company import usage as queries
from app.models import Role
from app.web.fragments import render_page
from app.web.guards import requires


@blueprint.get("/company/usage")
@requires(Role.ADMIN)
def usage() -> Response:
    return render_page("company/usage.html", "content", usage=queries.get_usage())
