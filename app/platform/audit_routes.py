"""Routes of platform: its own audit, as a page and as a file."""

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
from app.web.sheets import Sheet, send_sheet

MAX_WORDS = 120


@blueprint.get("/platform/audit")
@requires(Role.SUPERADMIN)
def audit() -> Response:
    wanted, address = _read_wanted()
    return render_page(
        "platform/audit.html",
        "results",
        found=auditing.list_entries(
            wanted,
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
    wanted, address = _read_wanted()
    zone = pick_time_zone()
    with platform_scope() as session:
        entries = auditing.export_entries(
            session,
            wanted,
            most=current_app.config["EXPORT_ROWS"],
            filters=address,
            actor=current_actor(),
        )
        headings = (
            _("Time (%(zone)s)", zone=zone), _("Person"), _("Action"), _("Company"), _("What"),
            _("Address"), _("Request"),
        )  # fmt: skip
        rows = (
            (one.at, one.person, one.action, one.company, sentence_text(one.sentence),
             one.facts.get("ip"), one.facts.get("request"))
            for one in entries
        )  # fmt: skip
        response = send_sheet(Sheet(_("Audit"), headings, rows, zone), "csv", "platform-audit")
        session.commit()
    return response


def _read_wanted() -> tuple[auditing.Wanted, dict[str, str]]:
    """What the address asks for, and the same as arguments of an address."""
    args, zone = request.args, pick_time_zone()
    since, until = read_day(args.get("since")), read_day(args.get("until"))
    company = read_id(args.get("company"))
    wanted = auditing.Wanted(
        kind=kind if (kind := args.get("kind", "")) in auditing.NOUNS else "",
        person=args.get("person", "")[:MAX_WORDS],
        tenant_id=company,
        since=start_of(since, zone),
        until=end_of(until, zone),
    )
    values: dict[str, Any] = {
        "kind": wanted.kind, "person": wanted.person, "company": company,
        "since": since, "until": until,
    }  # fmt: skip
    return wanted, {name: str(value) for name, value in values.items() if value}
