"""Routes of client workbooks: the guess beside the cells, corrections, and the drafts of it."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, request, url_for
from flask_babel import ngettext
from pydantic import ValidationError
from werkzeug.exceptions import BadRequest

from app.checklists import blueprint
from app.checklists.mapping import queries, service, words
from app.checklists.mapping.page import chosen, page_of
from app.checklists.service import WorkbookRefused
from app.extensions import db
from app.models import MANAGERS, ClientWorkbook
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires


@blueprint.get("/checklists/mapping/<uuid:workbook_id>")
@requires(*MANAGERS)
def show_mapping(workbook_id: UUID) -> Response:
    return _page(queries.get_workbook(workbook_id), request.args.get("sheet", ""))


@blueprint.post("/checklists/mapping/<uuid:workbook_id>/correct")
@requires(*MANAGERS)
def correct_mapping(workbook_id: UUID) -> Response:
    """The selects of one sheet; those that differ from the guess are corrections."""
    workbook = queries.get_workbook(workbook_id)
    name = request.form.get("shown", "")
    sheet = page_of(workbook, queries.mapping_of(workbook), name).sheet
    try:
        corrections = chosen(sheet, request.form)
        if corrections:
            workbook = service.correct(workbook_id=workbook_id, corrections=corrections)
    except ValidationError as error:
        raise BadRequest from error
    except WorkbookRefused as refused:
        return _page(workbook, name, refused, status=422)
    db.session.commit()
    return _page(queries.get_workbook(workbook_id), name)


@blueprint.post("/checklists/mapping/<uuid:workbook_id>/undo")
@requires(*MANAGERS)
def undo_mapping(workbook_id: UUID) -> Response:
    name = request.form.get("shown", "")
    try:
        service.undo(workbook_id=workbook_id)
    except WorkbookRefused as refused:
        return _page(queries.get_workbook(workbook_id), name, refused, status=422)
    db.session.commit()
    return redirect_to(url_for(".show_mapping", workbook_id=workbook_id, sheet=name or None))


@blueprint.post("/checklists/mapping/<uuid:workbook_id>/drafts")
@requires(*MANAGERS)
def draft_mapping(workbook_id: UUID) -> Response:
    try:
        drafts = service.make_drafts(workbook_id=workbook_id, actor=current_actor())
    except (WorkbookRefused, service.NothingToDraft) as refused:
        return _page(queries.get_workbook(workbook_id), "", refused, status=422)
    first, count = drafts[0].id, len(drafts)
    db.session.commit()
    if count == 1:
        return redirect_to(url_for(".preview", version_id=first))
    flash(ngettext("%(num)s draft was made", "%(num)s drafts were made", count), "success")
    return redirect_to(url_for(".index"))


def _page(
    workbook: ClientWorkbook,
    name: str,
    refused: WorkbookRefused | service.NothingToDraft | None = None,
    *,
    status: int = 200,
) -> Response:
    problems = getattr(refused, "problems", ()) if refused else ()
    return render_page(
        "checklists/mapping.html",
        "content",
        status=status,
        page=page_of(workbook, queries.mapping_of(workbook), name),
        problems=problems,
        refusal=translated(refused) if refused and not problems else "",
        projects=queries.list_projects(),
        lists=words,
    )
