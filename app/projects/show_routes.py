"""Routes of one project's page and its reviewers; belonging_routes.py shares their responses."""

from __future__ import annotations

from uuid import UUID

from flask import Response, request, url_for
from flask_login import current_user

from app.equipment.forms import EquipmentForm
from app.extensions import db
from app.models import MANAGERS, STAFF
from app.projects import blueprint, service
from app.projects.forms import PickForm
from app.projects.reading import ProjectView, load_project_view
from app.reports.listing.address import read_result
from app.reports.reviewing.rule_forms import ReviewRuleForm
from app.reports.reviewing.rules import NotAReviewer, SameReviewerTwice
from app.rows import company_today
from app.web.errors import translated
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, requires


@blueprint.post("/projects/<uuid:project_id>/review")
@requires(*MANAGERS)
def choose_review(project_id: UUID) -> Response:
    found, form = load_view(project_id), ReviewRuleForm()
    form.offer(found.reviewers, of_project=True)
    if not form.validate_on_submit():
        return show_page(found, "review", status=422, review=form)
    try:
        service.choose_review(project_id=project_id, steps=form.steps, actor=current_actor())
    except (NotAReviewer, SameReviewerTwice) as refused:
        form.second.errors = [translated(refused)]
        return show_page(found, "review", status=422, review=form)
    db.session.commit()
    return show_part(project_id, "review")


@blueprint.get("/projects/<uuid:project_id>")
@requires(*STAFF)
def show(project_id: UUID) -> Response:
    found = load_view(project_id)
    if wants_fragment() and "result" in request.args:
        return render_fragment("projects/_report_lines.html", found=found)
    return show_page(found)


def load_view(project_id: UUID) -> ProjectView:
    """Load the project for the signed-in person, filtered by the result in the query string."""
    return load_project_view(
        project_id,
        person=current_actor(),
        today=company_today(current_user.tenant),
        result=read_result(request.args),
    )


def show_page(
    found: ProjectView,
    part: str = "content",
    *,
    status: int = 200,
    **forms: PickForm | EquipmentForm | ReviewRuleForm,
) -> Response:
    """The page, or for htmx only `part` of it; `forms` are submitted forms with errors."""
    review = forms.pop("review", None) or ReviewRuleForm.of(found.project.review_steps)
    assert isinstance(review, ReviewRuleForm)
    fresh = {
        "members": PickForm("members", found.additions.members, formdata=None),
        "viewers": PickForm("viewers", found.additions.viewers, formdata=None),
        "checklists": PickForm("checklists", found.additions.checklists, formdata=None),
        "equipment": EquipmentForm(formdata=None),
        "review": review.offer(found.reviewers, of_project=True),
    }
    return render_page(
        "projects/show.html", part, status=status, found=found, forms={**fresh, **forms}
    )


def show_part(project_id: UUID, part: str) -> Response:
    """The response to a change: the part for htmx, else a redirect to that part of the page."""
    if wants_fragment():
        return show_page(load_view(project_id), part)
    return redirect_to(url_for(".show", project_id=project_id, _anchor=part))
