"""Routes of the service worker's script, the offline page and the list of reports to keep."""

from __future__ import annotations

from flask import Response, jsonify, request, url_for

from app.models import STAFF
from app.offline import blueprint
from app.offline.queries import list_own_open
from app.reports.listing.queries import ReportLine
from app.web.fragments import render_page
from app.web.guards import current_actor, impersonal, public, requires
from app.web.page import asset_file


@blueprint.get("/sw.js")
@impersonal
def worker() -> Response:
    """The script has a fixed address, so browsers ask for a new one at each visit."""
    path = asset_file("sw.js")
    response = Response(path.read_bytes(), content_type="text/javascript; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache"
    response.headers["Service-Worker-Allowed"] = "/"
    response.set_etag(path.stem)
    response.make_conditional(request)
    return response


@blueprint.get("/offline")
@public
def index() -> Response:
    return render_page("offline/index.html", "content")


@blueprint.get("/offline/reports.json")
@requires(*STAFF)
def own_reports() -> Response:
    person = current_actor()
    return jsonify(
        account=str(person.account_id), reports=[_to_keep(line) for line in list_own_open(person)]
    )


def _to_keep(line: ReportLine) -> dict[str, object]:
    """A report with the pages that work on it needs. They are kept again after each change."""
    pages = ("reports.fill", "reports.review")
    return {
        "id": str(line.id),
        "name": f"{line.number}-R{line.revision} {line.title}",
        "changed": line.updated_at.isoformat(),
        "pages": [url_for(page, report_id=line.id) for page in pages],
    }
