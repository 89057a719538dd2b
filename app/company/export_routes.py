"""Routes of the export of everything: ask for it, watch it being made, download it.

A company that can only be read may still take along what it has.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, url_for
from flask_login import current_user

from app.company import blueprint, exporting
from app.extensions import db
from app.models import Export, Role
from app.web.files import file_name
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires
from app.web.links import hand_out


@blueprint.get("/company/export")
@requires(Role.ADMIN)
def export() -> Response:
    return render_page("company/export.html", "content", exports=exporting.list_exports())


@blueprint.post("/company/exports")
@requires(Role.ADMIN, even_suspended=True)
def export_create() -> Response:
    """Asked for twice, it is the same export."""
    export_id = exporting.request_export(actor=current_actor()).id
    db.session.commit()
    if wants_fragment():
        return render_page("company/export.html", "exports", exports=exporting.list_exports())
    return redirect_to(url_for(".export", _anchor=f"export-{export_id}"))


@blueprint.get("/company/exports/<uuid:export_id>")
@requires(Role.ADMIN)
def export_status(export_id: UUID) -> Response:
    """For htmx where it stands, which asks again until it is settled; then and else the page."""
    row = exporting.get_export(export_id)
    if row.is_settled or not wants_fragment():
        return redirect_to(url_for(".export"))
    return render_fragment("company/_export.html", export=row)


@blueprint.get("/company/exports/<uuid:export_id>/download")
@requires(Role.ADMIN)
def export_download(export_id: UUID) -> Response:
    """The audit tells of it once the storage has given the file's address."""
    row = exporting.get_file(export_id)
    response = hand_out(
        row.storage_key or "",
        purpose="export",
        sha256=row.sha256 or "",
        media_type="application/zip",
        byte_size=row.byte_size or 0,
        file_name=_file_name(row),
        actor=current_actor(),
    )
    exporting.note_download(export_id=export_id, actor=current_actor())
    db.session.commit()
    return response


def _file_name(export: Export) -> str:
    """`laudo-<company>-<day>.zip`."""
    return file_name(
        f"laudo-{current_user.tenant.slug}-{export.created_at:%Y-%m-%d}", suffix=".zip"
    )
