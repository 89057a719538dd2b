"""Routes of exports of answers: choose a format, ask for it, watch it being made, download it.

A company that can only be read may still take along what it has.
"""

from __future__ import annotations

from uuid import UUID

from flask import Response, current_app, request, url_for
from flask_babel import get_locale

from app.exports import blueprint, service
from app.extensions import db
from app.models import STAFF, AnswerExport, AnswerFormat
from app.reports.finding import count_wanted, list_filter_choices
from app.reports.finding_address import address_of, read_wanted
from app.web.files import file_name
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires
from app.web.links import hand_out
from app.web.locale import company_today, pick_time_zone

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
    wanted = read_wanted(request.args, pick_time_zone(), company_today())
    return render_page(
        "exports/new.html",
        "content",
        found=count_wanted(wanted, current_actor()),
        most=current_app.config["EXPORT_ROWS"],
        address=address_of(wanted),
        wanted=wanted,
        choices=list_filter_choices(current_actor(), wanted),
    )


@blueprint.post("/exports/")
@requires(*STAFF, even_suspended=True)
def create() -> Response:
    """Asked for twice, it is the same export."""
    zone = pick_time_zone()
    wanted = read_wanted(request.form, zone, company_today())
    export_id = service.request_export(
        wanted=wanted,
        filters=address_of(wanted),
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
    """For htmx where it stands, which asks again until it is settled; then and else the page."""
    export = service.get_export(answers_id, person=current_actor())
    if export.is_settled or not wants_fragment():
        return redirect_to(url_for(".index"))
    return render_fragment("exports/_export.html", export=export)


@blueprint.get("/exports/<uuid:answers_id>/download")
@requires(*STAFF)
def download(answers_id: UUID) -> Response:
    """The audit tells of it once the storage has given the file's address."""
    export = service.get_file(answers_id, person=current_actor())
    media_type, suffix = FILES[export.format]
    response = hand_out(
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
    """`laudo-answers-<day>.xlsx`; of a ZIP the format too: `laudo-answers-jsonl-<day>.zip`."""
    kind = "" if suffix == ".xlsx" else f"-{export.format.value}"
    return file_name(f"laudo-answers{kind}-{export.created_at:%Y-%m-%d}", suffix=suffix)


def _read_format(text: str | None) -> AnswerFormat:
    """A workbook where nothing that we know was chosen."""
    known = {one.value for one in AnswerFormat}
    return AnswerFormat(text) if text in known else AnswerFormat.XLSX
