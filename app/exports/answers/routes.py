"""Routes of answer exports: choose a format, request the export, follow its progress, download it.

A read-only company (suspended, or after its trial) may still export its data.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, request, url_for
from flask_babel import get_locale
from flask_login import current_user

from app.downloads.files import file_name
from app.downloads.links import redirect_to_file
from app.exports import blueprint
from app.exports.answers import service
from app.extensions import db
from app.models import STAFF, AnswerExport, AnswerFormat
from app.reports.listing.address import address_of, read_filter
from app.reports.listing.choices import list_filter_choices
from app.reports.listing.filters import count_matching
from app.rows import company_today
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires
from app.web.locale import pick_time_zone

ZIP = ("application/zip", ".zip")
FILES = {
    AnswerFormat.XLSX: (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        ".xlsx",
    ),
    AnswerFormat.CSV: ZIP,
    AnswerFormat.JSONL: ZIP,
}


@blueprint.get("/exports/")
@requires(*STAFF)
def index() -> Response:
    exports = service.list_exports(person=current_actor())
    return render_page("exports/index.html", "content", exports=exports)


@blueprint.get("/exports/new")
@requires(*STAFF)
def new() -> Response:
    criteria = read_filter(request.args, pick_time_zone(), company_today(current_user.tenant))
    return render_page(
        "exports/new.html",
        "content",
        found=count_matching(criteria, current_actor()),
        most=current_app.config["EXPORT_ROWS"],
        address=address_of(criteria),
        criteria=criteria,
        choices=list_filter_choices(current_actor(), criteria),
    )


@blueprint.post("/exports/")
@requires(*STAFF, even_suspended=True)
def create() -> Response:
    """A repeated request returns the export that is already in progress."""
    zone = pick_time_zone()
    criteria = read_filter(request.form, zone, company_today(current_user.tenant))
    export_id = service.request_export(
        criteria=criteria,
        filters=address_of(criteria),
        format=_read_format(request.form.get("format")),
        locale=str(get_locale()),
        time_zone=zone,
        most=current_app.config["EXPORT_ROWS"],
        actor=current_actor(),
    ).id
    db.session.commit()
    return redirect_to(url_for(".index", _anchor=f"export-{export_id}"))


@blueprint.get("/exports/<uuid:answers_id>")
@requires(*STAFF)
def show(answers_id: UUID) -> Response:
    """The fragment that htmx polls until the export is settled; otherwise redirect to the list."""
    export = service.get_export(answers_id, person=current_actor())
    if export.is_settled or not wants_fragment():
        return redirect_to(url_for(".index"))
    return render_fragment("exports/_export.html", export=export)


@blueprint.get("/exports/<uuid:answers_id>/download")
@requires(*STAFF)
def download(answers_id: UUID) -> Response:
    """Record the download in the audit only after the storage has returned the file's address."""
    export = service.get_file(answers_id, person=current_actor())
    media_type, suffix = FILES[export.format]
    response = redirect_to_file(
        export.storage_key or "",
        purpose="answers",
        sha256=export.sha256 or "",
        media_type=media_type,
        byte_size=export.byte_size or 0,
        file_name=_file_name(export, suffix),
        actor=current_actor(),
    )
    service.note_download(export_id=answers_id, actor=current_actor())
    db.session.commit()
    return response


def _file_name(export: AnswerExport, suffix: str) -> str:
    """`laudo-answers-<day>.xlsx`; a ZIP also names its format: `laudo-answers-jsonl-<day>.zip`."""
    kind = "" if suffix == ".xlsx" else f"-{export.format.value}"
    return file_name(f"laudo-answers{kind}-{export.created_at:%Y-%m-%d}", suffix=suffix)


def _read_format(text: str | None) -> AnswerFormat:
    """Fall back to XLSX if the format is unknown or missing."""
    known = {one.value for one in AnswerFormat}
    return AnswerFormat(text) if text in known else AnswerFormat.XLSX
