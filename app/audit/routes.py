"""Routes of the audit: the company's entries as sentences, one entry, the chain's verification,
and the export."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import Response, current_app, request, stream_with_context, url_for
from flask_login import current_user

from app.anchors.lines import line_of, public_key_pem
from app.anchors.queries import each_anchor, get_summary
from app.audit import blueprint, queries
from app.audit.filters import SYSTEM, address_of, read_filter, read_sequence
from app.audit.naming import ObjectName
from app.audit.people import list_actors
from app.audit.sheet import audit_sheet
from app.evidence.chain import verify_chain
from app.evidence.differences import describe
from app.evidence.fact_words import each_fact
from app.evidence.sentences import KINDS
from app.evidence.verdicts import get_verdict_summary
from app.extensions import db
from app.models import Role
from app.tenancy import tenant_scope
from app.web.fragments import render_page
from app.web.guards import current_actor, impersonal, requires
from app.web.sheets import ExportSheet, csv_chunks, dated_name

PAGES = {
    "report": ("reports.show", "report_id"),
    "project": ("projects.show", "project_id"),
    "checklist": ("checklists.show", "checklist_id"),
    "account": ("team.show", "account_id"),
}


@blueprint.get("/audit")
@requires(Role.ADMIN)
def index() -> Response:
    criteria = read_filter(request.args, _company_zone())
    return render_page(
        "audit/index.html",
        "results",
        found=queries.list_page(
            criteria,
            before=read_sequence(request.args.get("before")),
            after=read_sequence(request.args.get("after")),
            page_size=current_app.config["PAGE_SIZE"],
        ),
        criteria=criteria,
        address=address_of(criteria),
        about=queries.find_object(criteria),
        people=list_actors(),
        kinds=KINDS,
        system=SYSTEM,
        zone=_company_zone(),
        page_of=page_of,
    )


@blueprint.get("/audit/entries/<uuid:entry_id>")
@requires(Role.ADMIN)
def show(entry_id: UUID) -> Response:
    entry, around = queries.get_entry(entry_id), queries.list_neighbours(entry_id)
    facts = list(each_fact(entry.body.get("facts") or {}))
    return render_page(
        "audit/show.html", "content", entry=entry, facts=facts, around=around, page_of=page_of
    )


@blueprint.get("/audit/chain")
@requires(Role.ADMIN)
def chain() -> Response:
    return render_page(
        "audit/chain.html",
        "state",
        state=verify_chain(),
        verdicts=get_verdict_summary(),
        describe=describe,
        anchors=get_summary(),
    )


@blueprint.get("/audit/anchors.jsonl")
@requires(Role.ADMIN)
def anchors() -> Response:
    """The company's anchors, for it to keep: signed lines that anyone can verify."""
    name = dated_name("anchors", "jsonl", _company_zone())
    return Response(
        stream_with_context(_lines_while_read()),
        content_type="application/x-ndjson",
        headers={
            "Content-Disposition": f"attachment; filename={name}",
            "Cache-Control": "private, no-store",
        },
    )


@blueprint.get("/anchors.pem")
@impersonal
def anchor_key() -> Response:
    """The public key that verifies the anchors."""
    return Response(public_key_pem(), content_type="application/x-pem-file")


@blueprint.get("/audit/export.csv")
@requires(Role.ADMIN)
def export() -> Response:
    zone = _company_zone()
    criteria = read_filter(request.args, zone)
    sheet = audit_sheet(criteria, actor=current_actor(), zone=zone, facts=address_of(criteria))
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


def _lines_while_read() -> Iterator[str]:
    """As below, the tenant must be bound again."""
    with tenant_scope(current_user.tenant.id):
        for anchor in each_anchor():
            yield line_of(anchor) + "\n"


def _sent_while_read(sheet: ExportSheet) -> Iterator[bytes]:
    """The response is sent after the end of the request, so the tenant must be bound again."""
    with tenant_scope(current_user.tenant.id):
        yield from csv_chunks(sheet)


def page_of(named: ObjectName | None) -> str | None:
    """The URL of the page that shows an entry's object, if there is one."""
    if named is None or not named.is_shown:
        return None
    endpoint, argument = PAGES.get(named.page_type, ("", ""))
    if endpoint not in current_app.view_functions:
        return None
    values: dict[str, Any] = {argument: named.page_id}
    return url_for(endpoint, **values)


def _company_zone() -> str:
    return str(current_user.tenant.time_zone)
