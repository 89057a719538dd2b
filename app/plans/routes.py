"""Route of the usage page: how much of its plan a company uses."""

from __future__ import annotations

from flask import Response

from app.models import Role
from app.plans import blueprint
from app.plans import usage as queries
from app.web.fragments import render_page
from app.web.guards import requires


@blueprint.get("/company/usage")
@requires(Role.ADMIN)
def usage() -> Response:
    return render_page("plans/usage.html", "content", usage=queries.get_usage())
