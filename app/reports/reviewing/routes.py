"""Routes of the reviewer's page, of the withdrawal, and of the technician's answers to comments."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from flask import Response, flash, request, url_for
from flask_babel import gettext as _

from app.errors import NotFound
from app.extensions import db
from app.models import MANAGERS, STAFF
from app.reports import blueprint
from app.reports.filling.routes import fill_url
from app.reports.reviewing import discussing
from app.reports.reviewing import service as reviewing
from app.reports.reviewing.comments import comment_views
from app.reports.reviewing.forms import AnswerForm, CommentForm
from app.reports.reviewing.page import ReviewPage, review_page
from app.reports.reviewing.rounds import get_comment
from app.web.errors import translated
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires


# The function has another name than its endpoint: `reviewing` is the service here.
@blueprint.get("/reports/<uuid:report_id>/reviewing", endpoint="reviewing")
@requires(*MANAGERS)
def show_review(report_id: UUID) -> Response:
    is_whole = "all" in request.args
    page = review_page(report_id, person=current_actor(), is_whole=is_whole)
    if page is None:
        return redirect_to(url_for(".show", report_id=report_id))
    return _review_page(page)


@blueprint.post("/reports/<uuid:report_id>/reviewing/<field_id>/accept")
@requires(*MANAGERS)
def accept_field(report_id: UUID, field_id: str) -> Response:
    reviewing.accept_field(
        report_id=report_id,
        field_id=field_id,
        is_accepted=request.form.get("to") != "open",
        actor=current_actor(),
    )
    db.session.commit()
    return _field(report_id, field_id)


@blueprint.post("/reports/<uuid:report_id>/reviewing/<field_id>/comments")
@requires(*MANAGERS)
def comment_on_field(report_id: UUID, field_id: str) -> Response:
    form = CommentForm()
    if not form.validate_on_submit():
        return _field(report_id, field_id, form, status=422)
    reviewing.comment_on_field(
        report_id=report_id, field_id=field_id, words=form.words.data or "", actor=current_actor()
    )
    db.session.commit()
    return _field(report_id, field_id)


@blueprint.post("/reports/<uuid:report_id>/reviewing/comments/<uuid:comment_id>")
@requires(*MANAGERS)
def settle_comment(report_id: UUID, comment_id: UUID) -> Response:
    reviewing.settle_comment(
        report_id=report_id,
        comment_id=comment_id,
        is_done=request.form.get("to") != "open",
        actor=current_actor(),
    )
    db.session.commit()
    return _field(report_id, get_comment(report_id, comment_id).field_id)


@blueprint.post("/reports/<uuid:report_id>/return", endpoint="return")
@requires(*MANAGERS)
def return_report(report_id: UUID) -> Response:
    report = reviewing.return_report(report_id=report_id, actor=current_actor())
    number = report.full_number
    db.session.commit()
    flash(_("Report %(number)s was returned with your comments.", number=number), "success")
    return redirect_to(url_for(".show", report_id=report_id))


@blueprint.post("/reports/<uuid:report_id>/approve")
@requires(*MANAGERS)
def approve(report_id: UUID) -> Response:
    report = reviewing.approve_report(report_id=report_id, actor=current_actor())
    number, is_finished = report.full_number, report.is_finished
    db.session.commit()
    if is_finished:
        said = _("Report %(number)s is approved and completed.", number=number)
    else:
        said = _("You approved report %(number)s. It waits for its second review.", number=number)
    flash(said, "success")
    return redirect_to(url_for(".show", report_id=report_id))


@blueprint.post("/reports/<uuid:report_id>/withdraw")
@requires(*STAFF)
def withdraw(report_id: UUID) -> Response:
    report = discussing.withdraw_report(report_id=report_id, actor=current_actor())
    number = report.full_number
    db.session.commit()
    flash(_("Report %(number)s was withdrawn. It can be changed again.", number=number), "success")
    return redirect_to(url_for(".fill", report_id=report_id))


@blueprint.post("/reports/<uuid:report_id>/comments/<uuid:comment_id>")
@requires(*STAFF)
def answer_comment(report_id: UUID, comment_id: UUID) -> Response:
    """Answer a comment at its field, and mark it done or open it again."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return _comments(report_id, get_comment(report_id, comment_id).field_id, form, status=422)
    comment = discussing.answer_comment(
        report_id=report_id,
        comment_id=comment_id,
        reply=form.reply.data or "",
        is_done=form.is_done.data,
        actor=current_actor(),
    )
    field_id = comment.field_id
    db.session.commit()
    return _comments(report_id, field_id)


def _field(
    report_id: UUID, field_id: str, form: CommentForm | None = None, *, status: int = 200
) -> Response:
    """The field with the counts for htmx; else the page, at the field if all is well."""
    if not wants_fragment() and form is None:
        anchor = f"field-{field_id}"
        return redirect_to(url_for(".reviewing", report_id=report_id, _anchor=anchor))
    page = _get_page(report_id)
    if not wants_fragment():
        return _review_page(page, {field_id: form}, status=status)
    one = next((one for one in page.fields if one.id == field_id), None)
    if one is None:
        raise NotFound
    return render_fragment(
        "reports/_reviewing_changed.html",
        status=status,
        one=one,
        page=page,
        report=page.report,
        refused={field_id: form},
    )


def _review_page(
    page: ReviewPage, refused: Mapping[str, CommentForm | None] | None = None, *, status: int = 200
) -> Response:
    return render_page(
        "reports/reviewing.html",
        "content",
        status=status,
        page=page,
        report=page.report,
        refusals={kind: translated(refusal) for kind, refusal in page.refusals.items()},
        refused=refused or {},
    )


def _get_page(report_id: UUID) -> ReviewPage:
    db.session.rollback()
    page = review_page(report_id, person=current_actor(), is_whole=True)
    if page is None:
        raise NotFound
    return page


def _comments(
    report_id: UUID, field_id: str, form: AnswerForm | None = None, *, status: int = 200
) -> Response:
    """The comments of a field on the fill page for htmx; else that page, at them."""
    if not wants_fragment():
        return redirect_to(fill_url(report_id, field_id, part="comments"))
    views = comment_views(report_id).get(field_id, [])
    return render_fragment(
        "reports/_fill_comments.html",
        status=status,
        report_id=report_id,
        field_id=field_id,
        comments=views,
        refused=form,
    )
