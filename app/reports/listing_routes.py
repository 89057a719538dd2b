"""Routes of the list of reports: what one looks for, as a page or as a file."""

from __future__ import annotations

from flask import Response, current_app, request

from app.extensions import db
from app.reports import blueprint, lists
from app.reports.export import export_lines
from app.reports.export_sheet import sheet_of
from app.reports.finding import list_filter_choices
from app.reports.finding_address import address_of, read_wanted
from app.web.fragments import render_page
from app.web.guards import MEMBERS, current_actor, requires
from app.web.locale import company_today, pick_time_zone
from app.web.sheets import send_sheet


@blueprint.get("/reports/")
@requires(*MEMBERS)
def index() -> Response:
    wanted = read_wanted(request.args, pick_time_zone(), company_today())
    return render_page(
        "reports/index.html",
        "results",
        found=lists.list_reports(
            wanted,
            person=current_actor(),
            page=request.args.get("page", 1, type=int),
            page_size=current_app.config["PAGE_SIZE"],
        ),
        wanted=wanted,
        address=address_of(wanted),
        choices=list_filter_choices(current_actor(), wanted),
    )


@blueprint.get("/reports/export.<any(csv,xlsx):kind>")
@requires(*MEMBERS)
def export(kind: str) -> Response:
    zone = pick_time_zone()
    wanted = read_wanted(request.args, zone, company_today())
    lines = export_lines(
        wanted,
        actor=current_actor(),
        kind=kind,
        most=current_app.config["EXPORT_ROWS"],
        facts=address_of(wanted),
    )
    response = send_sheet(sheet_of(lines, zone), kind, "reports")
    db.session.commit()
    return response
