"""Routes of the platform's own audit, as a page and as a CSV file."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, request
from flask_babel import gettext as _

from app.models import Role
from app.platform import auditing, blueprint
from app.tenancy import platform_scope
from app.web.addresses import end_of, read_day, read_id, start_of
from app.web.filters import sentence_text
from app.web.fragments import render_page
from app.web.guards import current_actor, requires
from app.web.locale import pick_time_zone
from app.web.sheets import ExportSheet, send_sheet

MAX_PERSON = 120


@blueprint.get("/platform/audit")
@requires(Role.SUPERADMIN)
def audit() -> Response:
    criteria, address = _read_filter()
    return render_page(
        "platform/audit.html",
        "results",
        found=auditing.list_entries(
            criteria,
            page=request.args.get("page", 1, type=int),
            page_size=current_app.config["PAGE_SIZE"],
        ),
        choices=auditing.list_choices(),
        kinds=auditing.KINDS,
        address=address,
    )


@blueprint.get("/platform/audit.csv")
@requires(Role.SUPERADMIN)
def audit_export() -> Response:
    criteria, address = _read_filter()
    zone = pick_time_zone()
    with platform_scope() as session:
        entries = auditing.export_entries(
            session,
            criteria,
            most=current_app.config["EXPORT_ROWS"],
            filters=address,
            actor=current_actor(),
        )
        headings = (
            _("Time (%(zone)s)", zone=zone),
            _("Person"),
            _("Action"),
            _("Company"),
            _("What"),
            _("Address"),
            _("Request"),
        )
        rows = (
            (
                one.at,
                one.person,
                one.action,
                one.company,
                sentence_text(one.sentence),
                one.facts.get("ip"),
                one.facts.get("request"),
            )
            for one in entries
        )
        response = send_sheet(
            ExportSheet(_("Audit"), headings, rows, zone), "csv", "platform-audit"
        )
        session.commit()
    return response


def _read_filter() -> tuple[auditing.PlatformAuditFilter, dict[str, str]]:
    """The filter from the query string, and the same filter as URL parameters."""
    args, zone = request.args, pick_time_zone()
    since, until = read_day(args.get("since")), read_day(args.get("until"))
    company = read_id(args.get("company"))
    criteria = auditing.PlatformAuditFilter(
        kind=kind if (kind := args.get("kind", "")) in auditing.NOUNS else "",
        person=args.get("person", "")[:MAX_PERSON],
        tenant_id=company,
        since=start_of(since, zone),
        until=end_of(until, zone),
    )
    values: dict[str, Any] = {
        "kind": criteria.kind,
        "person": criteria.person,
        "company": company,
        "since": since,
        "until": until,
    }
    return criteria, {name: str(value) for name, value in values.items() if value}
