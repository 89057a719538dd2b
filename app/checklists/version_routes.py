"""Routes of versions and of what becomes of a checklist: compare, restore, retire, duplicate."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from flask import Response, flash, request, send_file, url_for
from flask_babel import gettext as _

from app.checklists import blueprint, lifecycle, queries
from app.checklists.compare import compare
from app.checklists.forms import XLSX, DuplicateForm
from app.definition.workbook import write_workbook
from app.extensions import db
from app.models import MANAGERS, STAFF
from app.transactions import pause
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires


@blueprint.get("/checklists/<uuid:checklist_id>/compare")
@requires(*STAFF)
def compare_versions(checklist_id: UUID) -> Response:
    """Any two versions, by their numbers `old` and `new`; else the newest two."""
    checklist = queries.get_checklist(checklist_id)
    versions = queries.list_versions(checklist_id, person=current_actor())
    numbers = [one.number for one in versions]
    newest = numbers[0] if numbers else 0
    new = request.args.get("new", newest, type=int)
    old = request.args.get("old", next((one for one in numbers if one < new), new), type=int)
    before, after = (queries.get_numbered(checklist_id, one) for one in (old, new))
    return render_page(
        "checklists/compare.html",
        "content",
        checklist=checklist,
        name=queries.get_name(checklist),
        versions=versions,
        old=before,
        new=after,
        old_definition=before.definition,
        definition=after.definition,
        comparison=compare(before.definition, after.definition),
    )


@blueprint.get("/checklists/versions/<uuid:version_id>/workbook.xlsx")
@requires(*STAFF)
def workbook(version_id: UUID) -> Response:
    """A version or a draft as a workbook, which can be edited and uploaded as the next version."""
    version = queries.get_version(version_id)
    definition, number = version.definition, version.number
    pause()
    name = f"{definition.header.code}-v{number}.xlsx"
    data = BytesIO(write_workbook(definition))
    return send_file(data, XLSX, as_attachment=True, download_name=name)


@blueprint.post("/checklists/versions/<uuid:version_id>/restore")
@requires(*MANAGERS)
def restore(version_id: UUID) -> Response:
    draft = lifecycle.restore_version(version_id=version_id, actor=current_actor())
    draft_id, number = draft.id, draft.number
    db.session.commit()
    flash(_("Version %(number)s is a draft now. Publish it to use it.", number=number), "success")
    return redirect_to(url_for(".preview", version_id=draft_id))


@blueprint.post("/checklists/<uuid:checklist_id>/retire")
@requires(*MANAGERS)
def retire(checklist_id: UUID) -> Response:
    lifecycle.retire_checklist(checklist_id=checklist_id, actor=current_actor())
    db.session.commit()
    flash(_("The checklist is retired. No new reports are started from it."), "success")
    return redirect_to(url_for(".show", checklist_id=checklist_id))


@blueprint.post("/checklists/<uuid:checklist_id>/bring-back")
@requires(*MANAGERS)
def bring_back(checklist_id: UUID) -> Response:
    lifecycle.bring_back(checklist_id=checklist_id, actor=current_actor())
    db.session.commit()
    flash(_("New reports can be started from the checklist again."), "success")
    return redirect_to(url_for(".show", checklist_id=checklist_id))


@blueprint.get("/checklists/versions/<uuid:version_id>/duplicate")
@requires(*MANAGERS)
def new_copy(version_id: UUID) -> Response:
    return _duplicate_page(version_id, DuplicateForm())


@blueprint.post("/checklists/versions/<uuid:version_id>/duplicate")
@requires(*MANAGERS)
def duplicate(version_id: UUID) -> Response:
    form = DuplicateForm().of(queries.get_version(version_id).definition)
    if not form.validate_on_submit():
        return _duplicate_page(version_id, form, status=422)
    try:
        draft = lifecycle.duplicate_checklist(
            version_id=version_id,
            code=form.code.data or "",
            title=form.title,
            actor=current_actor(),
        )
    except lifecycle.CodeTaken as refused:
        db.session.rollback()
        form.code.errors = [translated(refused)]
        return _duplicate_page(version_id, form, status=422)
    draft_id = draft.id
    db.session.commit()
    return redirect_to(url_for(".preview", version_id=draft_id))


def _duplicate_page(version_id: UUID, form: DuplicateForm, status: int = 200) -> Response:
    version = queries.get_version(version_id)
    return render_page(
        "checklists/duplicate.html",
        "content",
        status=status,
        version=version,
        name=queries.get_name(version.checklist),
        form=form if form.is_submitted() else form.of(version.definition),
    )
