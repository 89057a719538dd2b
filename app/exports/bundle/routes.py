"""Routes of evidence bundles: request one, follow its progress, download it.

A read-only company (suspended, or after its trial) may still take its evidence out.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for

from app.downloads.files import file_name
from app.downloads.links import redirect_to_file
from app.exports import blueprint
from app.exports.bundle import service
from app.extensions import db
from app.models import Bundle
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import MEMBERS, current_actor, requires


@blueprint.post("/reports/<uuid:report_id>/bundle")
@requires(*MEMBERS, even_suspended=True)
def bundle_report(report_id: UUID) -> Response:
    """A repeated request returns the bundle that is already in progress."""
    bundle_id = service.request_report_bundle(report_id=report_id, actor=current_actor()).id
    db.session.commit()
    return _follow(bundle_id)


@blueprint.get("/projects/<uuid:project_id>/bundle")
@requires(*MEMBERS)
def project_bundle(project_id: UUID) -> Response:
    return _project_page(project_id)


@blueprint.post("/projects/<uuid:project_id>/bundle")
@requires(*MEMBERS, even_suspended=True)
def bundle_project(project_id: UUID) -> Response:
    """A repeated request returns the bundle that is already in progress."""
    bundle_id = service.request_project_bundle(project_id=project_id, actor=current_actor()).id
    db.session.commit()
    return _follow(bundle_id)


@blueprint.get("/bundles/<uuid:bundle_id>")
@requires(*MEMBERS)
def bundle(bundle_id: UUID) -> Response:
    """The fragment that htmx polls until the bundle is settled; otherwise redirect to its page."""
    found = service.get_bundle(bundle_id, person=current_actor())
    if not wants_fragment():
        return redirect_to(_page_of(found))
    return render_fragment("exports/_bundle.html", bundle=found)


@blueprint.get("/bundles/<uuid:bundle_id>/download")
@requires(*MEMBERS)
def bundle_download(bundle_id: UUID) -> Response:
    """Record the download in the audit only after the storage has returned the file's address."""
    found = service.get_file(bundle_id, person=current_actor())
    name = file_name(
        f"{service.subject_of(found)}-evidence-{found.created_at:%Y-%m-%d}", suffix=".zip"
    )
    response = redirect_to_file(
        found.storage_key or "",
        purpose="bundle",
        sha256=found.sha256 or "",
        media_type="application/zip",
        byte_size=found.byte_size or 0,
        file_name=name,
        actor=current_actor(),
    )
    service.note_download(bundle_id=bundle_id, actor=current_actor())
    db.session.commit()
    return response


def _follow(bundle_id: UUID) -> Response:
    found = service.get_bundle(bundle_id, person=current_actor())
    if wants_fragment():
        return render_fragment("exports/_bundle.html", bundle=found)
    return redirect_to(_page_of(found))


def _page_of(found: Bundle) -> str:
    if found.report_id:
        return url_for("reports.show", report_id=found.report_id, _anchor="bundle")
    return url_for(".project_bundle", project_id=found.project_id)


def _project_page(project_id: UUID) -> Response:
    person = current_actor()
    project = service.get_project(project_id, person=person)
    return render_page(
        "exports/project_bundle.html",
        "content",
        project=project,
        has_finished=service.has_finished(project_id, person=person),
        bundle=service.find_newest(project_id, person=person),
    )
