"""Routes of checklists: list, upload, preview, publish, layout, reviewers."""

from __future__ import annotations

from io import BytesIO
from uuid import UUID

from flask import Response, flash, send_file, url_for
from flask_babel import gettext as _

from app.checklists import blueprint, kept_forms, queries, service
from app.checklists.compare import compare
from app.checklists.forms import OF_COMPANY, XLSX, LayoutForm, PublishForm, WorkbookForm
from app.checklists.mapping.service import keep_workbook
from app.definition.prefills import SOURCES
from app.definition.samples import SAMPLES
from app.definition.unfinished import open_points
from app.definition.workbook import sample_workbook
from app.definition.workbook.guard import MAX_FILE
from app.extensions import db
from app.models import MANAGERS, STAFF, Checklist
from app.reports.reviewing.rule_forms import ReviewRuleForm
from app.reports.reviewing.rules import NotAReviewer, SameReviewerTwice, list_reviewers
from app.transactions import pause
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires


@blueprint.get("/checklists/")
@requires(*STAFF)
def index() -> Response:
    lines = queries.list_checklists(current_actor())
    return render_page("checklists/index.html", "content", checklists=lines)


@blueprint.get("/checklists/new")
@requires(*MANAGERS)
def new() -> Response:
    return _upload_page(WorkbookForm())


@blueprint.get("/checklists/sample.xlsx")
@requires(*STAFF)
def sample() -> Response:
    pause()
    workbook = BytesIO(sample_workbook())
    return send_file(workbook, XLSX, as_attachment=True, download_name="laudo-checklist.xlsx")


@blueprint.get("/checklists/samples")
@requires(*MANAGERS)
def samples() -> Response:
    return render_page("checklists/samples.html", "content", samples=queries.list_samples())


@blueprint.post(f"/checklists/samples/<any({','.join(SAMPLES)}):kind>")
@requires(*MANAGERS)
def copy(kind: str) -> Response:
    version = service.copy_sample(key=kind, actor=current_actor())
    version_id = version.id
    db.session.commit()
    return redirect_to(url_for(".preview", version_id=version_id))


@blueprint.post("/checklists/")
@requires(*MANAGERS)
def create() -> Response:
    form = WorkbookForm()
    if not form.validate_on_submit():
        return _upload_page(form, status=422)
    # One byte more than the limit is enough for the reader to reject the file with its own message.
    data = form.file.data.read(MAX_FILE + 1)
    name = (form.file.data.filename or "")[:255]
    try:
        draft = service.draft_from_workbook(data=data, filename=name, actor=current_actor())
    except service.WorkbookUnknown as unknown:
        return _map(form, data, name, unknown)
    except service.WorkbookRefused as refused:
        return _upload_page(form, refused, file=name, status=422)
    except service.FormUnconfirmed:
        token = kept_forms.keep(data, filename=name, actor=current_actor())
        return redirect_to(url_for(".form", token=token))
    db.session.commit()
    return redirect_to(url_for(".preview", version_id=draft.id))


def _map(form: WorkbookForm, data: bytes, name: str, unknown: service.WorkbookUnknown) -> Response:
    """Keep a workbook of no known form and go to the guess at what it asks."""
    try:
        workbook = keep_workbook(
            data=data, filename=name, seconds=unknown.seconds, actor=current_actor()
        )
    except service.WorkbookRefused as refused:
        reason = refused if refused.is_busy else unknown
        return _upload_page(form, reason, file=name, status=422)
    workbook_id = workbook.id
    db.session.commit()
    return redirect_to(url_for(".show_mapping", workbook_id=workbook_id))


@blueprint.get("/checklists/<uuid:checklist_id>")
@requires(*STAFF)
def show(checklist_id: UUID) -> Response:
    checklist = queries.get_checklist(checklist_id)
    return _page(checklist)


@blueprint.post("/checklists/<uuid:checklist_id>/layout")
@requires(*MANAGERS)
def choose_layout(checklist_id: UUID) -> Response:
    checklist = queries.get_checklist(checklist_id)
    form = LayoutForm().offer(queries.get_company_layout())
    if not form.validate_on_submit():
        return _page(checklist, form, status=422)
    service.choose_layout(checklist_id=checklist_id, layout=form.chosen, actor=current_actor())
    db.session.commit()
    flash(_("Saved. Reports that are completed from now on have this layout."), "success")
    return redirect_to(url_for(".show", checklist_id=checklist_id, _anchor="layout"))


@blueprint.post("/checklists/<uuid:checklist_id>/review")
@requires(*MANAGERS)
def choose_review(checklist_id: UUID) -> Response:
    checklist = queries.get_checklist(checklist_id)
    form = ReviewRuleForm().offer(list_reviewers())
    if not form.validate_on_submit():
        return _page(checklist, review_form=form, status=422)
    try:
        service.choose_review(
            checklist_id=checklist_id, steps=form.steps or [], actor=current_actor()
        )
    except (NotAReviewer, SameReviewerTwice) as refused:
        form.second.errors = [translated(refused)]
        return _page(checklist, review_form=form, status=422)
    db.session.commit()
    flash(_("Saved. Reports that are submitted from now on follow this rule."), "success")
    return redirect_to(url_for(".show", checklist_id=checklist_id, _anchor="review"))


@blueprint.get("/checklists/versions/<uuid:version_id>")
@requires(*STAFF)
def preview(version_id: UUID) -> Response:
    return _preview_page(version_id, PublishForm(formdata=None))


def _preview_page(version_id: UUID, form: PublishForm, status: int = 200) -> Response:
    """A version, and for a draft the form of its note."""
    version = queries.get_version(version_id)
    definition = version.definition
    earlier = queries.find_latest(version.checklist_id, before=version.number)
    later = queries.find_latest(version.checklist_id)
    return render_page(
        "checklists/preview.html",
        "content",
        status=status,
        form=form,
        version=version,
        name=queries.get_name(version.checklist),
        definition=definition,
        counts=queries.count_parts(definition),
        notices=queries.list_notices(version),
        prefills=SOURCES,
        comparison=compare(earlier.definition, definition) if earlier else None,
        earlier=earlier,
        is_newest=later is None or later.id == version.id,
        open_points=list(open_points(version.body)) if version.is_draft else [],
        old_definition=earlier.definition if earlier else None,
    )


@blueprint.post("/checklists/versions/<uuid:version_id>/publish")
@requires(*MANAGERS)
def publish(version_id: UUID) -> Response:
    form = PublishForm()
    if not form.validate_on_submit():
        return _preview_page(version_id, form, status=422)
    try:
        version = service.publish_version(
            version_id=version_id, actor=current_actor(), note=form.note.data or ""
        )
    except service.DraftUnfinished as unfinished:
        db.session.rollback()
        form.note.errors = [translated(unfinished)]
        return _preview_page(version_id, form, status=409)
    checklist_id, number = version.checklist_id, version.number
    db.session.commit()
    flash(_("Version %(number)s is published. New reports now use it.", number=number), "success")
    return redirect_to(url_for(".show", checklist_id=checklist_id))


@blueprint.post("/checklists/versions/<uuid:version_id>/discard")
@requires(*MANAGERS)
def discard(version_id: UUID) -> Response:
    service.discard_draft(version_id=version_id, actor=current_actor())
    db.session.commit()
    flash(_("The draft was discarded. Published versions and reports are not affected."), "success")
    return redirect_to(url_for(".index"))


def _page(
    checklist: Checklist,
    form: LayoutForm | None = None,
    *,
    review_form: ReviewRuleForm | None = None,
    status: int = 200,
) -> Response:
    """The page, with the form that was refused, if any."""
    form = form or LayoutForm(formdata=None, data={"layout": checklist.layout or OF_COMPANY})
    review_form = review_form or ReviewRuleForm.of(checklist.review_steps)
    return render_page(
        "checklists/show.html",
        "content",
        status=status,
        checklist=checklist,
        name=queries.get_name(checklist),
        versions=queries.list_versions(checklist.id, person=current_actor()),
        form=form.offer(queries.get_company_layout()),
        review_form=review_form.offer(list_reviewers()),
    )


def _upload_page(
    form: WorkbookForm,
    refused: service.WorkbookRefused | None = None,
    *,
    file: str = "",
    status: int = 200,
) -> Response:
    return render_page(
        "checklists/new.html",
        "content",
        status=status,
        form=form,
        problems=refused.problems if refused else (),
        notices=refused.notices if refused else (),
        is_busy=refused.is_busy if refused else False,
        file=file,
    )
