"""Routes of PDF documents: request, progress, download, retry."""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.documents import blueprint, queries, service
from app.documents.naming import document_file_name
from app.downloads.links import redirect_to_file
from app.errors import DomainError
from app.extensions import db
from app.models import STAFF, WorkState
from app.reports.queries import get_report
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import MEMBERS, current_actor, requires


class NotReady(DomainError):
    """This PDF is not ready yet."""

    status = 409


@blueprint.post("/reports/<uuid:report_id>/documents")
@requires(*STAFF)
def create(report_id: UUID) -> Response:
    """Request a document; a second request returns the one in the making."""
    report = get_report(report_id, person=current_actor())
    document = service.request_document(report, actor=current_actor())
    document_id = document.id
    db.session.commit()
    if wants_fragment():
        return _panel(report_id)
    return redirect_to(url_for(".show", document_id=document_id))


@blueprint.get("/reports/<uuid:report_id>/documents/panel")
@requires(*MEMBERS)
def panel(report_id: UUID) -> Response:
    """The PDFs of a report, as a fragment of its page."""
    return _panel(report_id)


@blueprint.get("/documents/<uuid:document_id>")
@requires(*MEMBERS)
def show(document_id: UUID) -> Response:
    """The page; for htmx the status, which polls until the document is finished or failed."""
    document = queries.get_document(document_id, person=current_actor())
    made = queries.find_last_made(document, person=current_actor())
    return render_page(
        "documents/show.html",
        "status",
        view=queries.view_of(document),
        made=queries.view_of(made) if made else None,
    )


@blueprint.post("/documents/<uuid:document_id>/retry")
@requires(*STAFF)
def retry(document_id: UUID) -> Response:
    document = service.retry_document(document_id=document_id, actor=current_actor())
    new_id = document.id
    db.session.commit()
    if not wants_fragment():
        return redirect_to(url_for(".show", document_id=new_id))
    document = queries.get_document(new_id, person=current_actor())
    return render_fragment("documents/_status.html", view=queries.view_of(document))


@blueprint.get("/documents/<uuid:document_id>/download")
@requires(*MEMBERS)
def download(document_id: UUID) -> Response:
    document = queries.get_document(document_id, person=current_actor())
    if document.state is not WorkState.DONE:
        raise NotReady
    return redirect_to_file(
        document.storage_key or "",
        purpose="document",
        sha256=document.sha256 or "",
        media_type="application/pdf",
        byte_size=document.byte_size or 0,
        file_name=document_file_name(document, document.report),
        actor=current_actor(),
    )


@blueprint.get("/documents/<uuid:document_id>/stamp")
@requires(*MEMBERS)
def stamp(document_id: UUID) -> Response:
    """The RFC 3161 token beside the PDF, as a file."""
    document = queries.get_document(document_id, person=current_actor())
    made = queries.get_stamp(document)
    return redirect_to_file(
        made.storage_key or "",
        purpose="document",
        sha256=made.sha256 or "",
        media_type="application/timestamp-reply",
        byte_size=made.byte_size or 0,
        file_name=document_file_name(document, document.report).removesuffix(".pdf") + ".tsr",
        actor=current_actor(),
    )


def _panel(report_id: UUID) -> Response:
    report = get_report(report_id, person=current_actor())
    views = queries.list_views(report.id, person=current_actor())
    return render_fragment("documents/_panel.html", report=report, views=views)
