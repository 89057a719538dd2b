"""Routes of the export of a whole company: request it, follow its progress, download it.

A read-only company (suspended, or after its trial) may still export its data.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for
from flask_login import current_user

from app.downloads.files import file_name
from app.downloads.links import redirect_to_file
from app.exports import blueprint
from app.exports.company import service
from app.extensions import db
from app.models import Export, Role
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires


@blueprint.get("/company/export")
@requires(Role.ADMIN)
def company() -> Response:
    return render_page("exports/company.html", "content", exports=service.list_exports())


@blueprint.post("/company/exports")
@requires(Role.ADMIN, even_suspended=True)
def company_create() -> Response:
    """A repeated request returns the export that is already in progress."""
    export_id = service.request_export(actor=current_actor()).id
    db.session.commit()
    if wants_fragment():
        return render_page("exports/company.html", "exports", exports=service.list_exports())
    return redirect_to(url_for(".company", _anchor=f"export-{export_id}"))


@blueprint.get("/company/exports/<uuid:export_id>")
@requires(Role.ADMIN)
def company_status(export_id: UUID) -> Response:
    """The fragment that htmx polls until the export is settled; otherwise redirect to the list."""
    row = service.get_export(export_id)
    if row.is_settled or not wants_fragment():
        return redirect_to(url_for(".company"))
    return render_fragment("exports/_company.html", export=row)


@blueprint.get("/company/exports/<uuid:export_id>/download")
@requires(Role.ADMIN)
def company_download(export_id: UUID) -> Response:
    """Record the download in the audit only after the storage has returned the file's address."""
    row = service.get_file(export_id)
    response = redirect_to_file(
        row.storage_key or "",
        purpose="export",
        sha256=row.sha256 or "",
        media_type="application/zip",
        byte_size=row.byte_size or 0,
        file_name=_file_name(row),
        actor=current_actor(),
    )
    service.note_download(export_id=export_id, actor=current_actor())
    db.session.commit()
    return response


def _file_name(export: Export) -> str:
    """`laudo-<company>-<day>.zip`."""
    return file_name(
        f"laudo-{current_user.tenant.slug}-{export.created_at:%Y-%m-%d}", suffix=".zip"
    )
