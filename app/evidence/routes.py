"""Routes of the audit: the company's chain as sentences, one entry, its check, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, current_app, request, stream_with_context, url_for
from flask_login import current_user

from app.evidence import finding
from app.evidence.chain import verify_chain
from app.evidence.differences import told
from app.evidence.export import audit_sheet
from app.evidence.fact_words import each_fact
from app.evidence.finding_forms import SYSTEM, address_of, read_sequence, read_wanted
from app.evidence.naming import ObjectName
from app.evidence.people import list_actors
from app.evidence.sentences import KINDS
from app.evidence.verdicts import get_standing
from app.extensions import db
from app.models import Role
from app.tenancy import tenant_scope
from app.web.fragments import render_page
from app.web.guards import current_actor, requires
from app.web.sheets import Sheet, csv_chunks, dated_name

blueprint = Blueprint("evidence", __name__)

PAGES = {
    "report": ("reports.show", "report_id"),
    "project": ("projects.show", "project_id"),
    "checklist": ("checklists.show", "checklist_id"),
    "account": ("team.show", "account_id"),
}


@blueprint.get("/audit")
@requires(Role.ADMIN)
def index() -> Response:
    wanted = read_wanted(request.args, _company_zone())
    return render_page(
        "evidence/index.html",
        "results",
        found=finding.list_page(
            wanted,
            before=read_sequence(request.args.get("before")),
            after=read_sequence(request.args.get("after")),
            page_size=current_app.config["PAGE_SIZE"],
        ),
        wanted=wanted,
        address=address_of(wanted),
        about=finding.find_object(wanted),
        people=list_actors(),
        kinds=KINDS,
        system=SYSTEM,
        zone=_company_zone(),
        page_of=page_of,
    )


@blueprint.get("/audit/entries/<uuid:entry_id>")
@requires(Role.ADMIN)
def show(entry_id: UUID) -> Response:
    entry, around = finding.get_entry(entry_id), finding.list_neighbours(entry_id)
    facts = list(each_fact(entry.said.get("facts") or {}))
    return render_page(
        "evidence/show.html", "content", entry=entry, facts=facts, around=around, page_of=page_of
    )


@blueprint.get("/audit/chain")
@requires(Role.ADMIN)
def chain() -> Response:
    return render_page(
        "evidence/chain.html", "state", state=verify_chain(), standing=get_standing(), told=told
    )


@blueprint.get("/audit/export.csv")
@requires(Role.ADMIN)
def export() -> Response:
    zone = _company_zone()
    wanted = read_wanted(request.args, zone)
    sheet = audit_sheet(wanted, actor=current_actor(), zone=zone, facts=address_of(wanted))
    db.session.commit()
    name = dated_name("audit", "csv", zone)
    return Response(
        stream_with_context(_sent_while_read(sheet)),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f"attachment; filename={name}",
            "Cache-Control": "private, no-store",
        },
    )


def _sent_while_read(sheet: Sheet) -> Iterator[bytes]:
    """The request has ended by then, and with it what was bound: the tenant is bound anew."""
    with tenant_scope(current_user.tenant.id):
        yield from csv_chunks(sheet)


def page_of(named: ObjectName | None) -> str | None:
    """The address of the page that shows an entry's object, where there is one."""
    if named is None or not named.is_shown:
        return None
    endpoint, argument = PAGES.get(named.page_type, ("", ""))
    if endpoint not in current_app.view_functions:
        return None
    values: dict[str, Any] = {argument: named.page_id}
    return url_for(endpoint, **values)


def _company_zone() -> str:
    return str(current_user.tenant.time_zone)
