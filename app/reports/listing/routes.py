"""Routes of the filtered list of reports, as a page and as a file."""

from __future__ import annotations

from flask import Response, current_app, request
from flask_login import current_user

from app.errors import DomainError
from app.extensions import db
from app.paging import Page, cut
from app.reports import blueprint
from app.reports.listing import queries as lists
from app.reports.listing.address import MAX_SEARCH, PLACE_NAMES, address_of, read_filter
from app.reports.listing.choices import list_filter_choices
from app.reports.listing.export import export_lines
from app.reports.listing.filters import ReportFilter
from app.reports.listing.sheet import report_sheet
from app.rows import company_today
from app.web.errors import translated
from app.web.fragments import render_page
from app.web.guards import MEMBERS, current_actor, requires
from app.web.locale import pick_time_zone
from app.web.sheets import send_sheet


@blueprint.get("/reports/")
@requires(*MEMBERS)
def index() -> Response:
    try:
        criteria = read_filter(request.args, pick_time_zone(), company_today(current_user.tenant))
    except DomainError as error:
        return _unreadable(error)
    found = lists.list_reports(
        criteria,
        person=current_actor(),
        page=request.args.get("page", 1, type=int),
        page_size=current_app.config["PAGE_SIZE"],
    )
    return _list_page(found, criteria, address_of(criteria))


def _unreadable(error: DomainError) -> Response:
    """The list with an error message and no rows, which could be mistaken for results."""
    others = {name: text for name, text in request.args.items() if name not in PLACE_NAMES}
    criteria = read_filter(others, pick_time_zone(), company_today(current_user.tenant))
    typed = {name: request.args.get(name, "")[:MAX_SEARCH] for name in PLACE_NAMES}
    return _list_page(
        cut(0, 1, 1).holding(()),
        criteria,
        {**address_of(criteria), **typed},
        refusal=translated(error),
    )


def _list_page(
    found: Page[lists.ReportLine],
    criteria: ReportFilter,
    address: dict[str, str],
    *,
    refusal: str = "",
) -> Response:
    return render_page(
        "reports/index.html",
        "results",
        status=422 if refusal else 200,
        found=found,
        criteria=criteria,
        address=address,
        choices=list_filter_choices(current_actor(), criteria),
        refusal=refusal,
    )


@blueprint.get("/reports/export.<any(csv,xlsx):kind>")
@requires(*MEMBERS)
def export(kind: str) -> Response:
    zone = pick_time_zone()
    criteria = read_filter(request.args, zone, company_today(current_user.tenant))
    lines = export_lines(
        criteria,
        actor=current_actor(),
        kind=kind,
        most=current_app.config["EXPORT_ROWS"],
        facts=address_of(criteria),
    )
    response = send_sheet(report_sheet(lines, zone), kind, "reports")
    db.session.commit()
    return response
