"""Routes of the list of reports: what one looks for, as a page or as a file."""

from __future__ import annotations

from flask import Response, current_app, request

from app.errors import DomainError
from app.extensions import db
from app.paging import Page, cut
from app.reports import blueprint, lists
from app.reports.export import export_lines
from app.reports.export_sheet import sheet_of
from app.reports.finding import Wanted, list_filter_choices
from app.reports.finding_address import MAX_SEARCH, PLACE_NAMES, address_of, read_wanted
from app.web.errors import translated
from app.web.fragments import render_page
from app.web.guards import MEMBERS, current_actor, requires
from app.web.locale import company_today, pick_time_zone
from app.web.sheets import send_sheet


@blueprint.get("/reports/")
@requires(*MEMBERS)
def index() -> Response:
    try:
        wanted = read_wanted(request.args, pick_time_zone(), company_today())
    except DomainError as error:
        return _unreadable(error)
    found = lists.list_reports(
        wanted,
        person=current_actor(),
        page=request.args.get("page", 1, type=int),
        page_size=current_app.config["PAGE_SIZE"],
    )
    return _list_page(found, wanted, address_of(wanted))


def _unreadable(error: DomainError) -> Response:
    """The list says what was not understood, and shows nothing that could pass for its answer."""
    others = {name: text for name, text in request.args.items() if name not in PLACE_NAMES}
    wanted = read_wanted(others, pick_time_zone(), company_today())
    typed = {name: request.args.get(name, "")[:MAX_SEARCH] for name in PLACE_NAMES}
    return _list_page(
        cut(0, 1, 1).holding(()), wanted, {**address_of(wanted), **typed}, refusal=translated(error)
    )


def _list_page(
    found: Page[lists.ReportLine], wanted: Wanted, address: dict[str, str], *, refusal: str = ""
) -> Response:
    return render_page(
        "reports/index.html",
        "results",
        status=422 if refusal else 200,
        found=found,
        wanted=wanted,
        address=address,
        choices=list_filter_choices(current_actor(), wanted),
        refusal=refusal,
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
