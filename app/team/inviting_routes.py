"""Routes for the admins who send invitations; accepting_routes.py has those of the link."""

from __future__ import annotations

from uuid import UUID

from flask import Response, flash, url_for
from flask_babel import gettext as _
from flask_login import current_user

from app.email_address import BadEmail
from app.errors import DomainError
from app.extensions import db
from app.models import Role
from app.plans.limits import LimitReached
from app.team import approving, blueprint, inviting, queries
from app.team.approving import ApprovalDue, InvitationClosed
from app.team.forms import InvitationForm
from app.web.errors import translated
from app.web.fragments import redirect_to, render_page
from app.web.guards import current_actor, requires

EMAIL_ERRORS = (
    BadEmail,
    inviting.AlreadyHere,
    inviting.WasDeactivated,
    inviting.InvitedTooOften,
)


@blueprint.get("/people/new")
@requires(Role.ADMIN)
def new() -> Response:
    return _form_page(_form(role=Role.TECHNICIAN.value))


@blueprint.post("/people/")
@requires(Role.ADMIN)
def create() -> Response:
    form = _form()
    if not form.validate_on_submit():
        return _form_page(form, status=422)
    try:
        invitation = inviting.invite_person(facts=form.facts, actor=current_actor())
    except EMAIL_ERRORS as error:
        db.session.rollback()
        form.email.errors = [translated(error)]
        return _form_page(form, status=422, known_id=error.params.get("account_id"))
    except LimitReached as error:
        db.session.rollback()
        form.form_errors = [translated(error)]
        return _form_page(form, status=422)
    return _done(_("The invitation is on its way to %(email)s.", email=invitation.email))


@blueprint.post("/people/invitations/<uuid:invitation_id>/send")
@requires(Role.ADMIN)
def resend(invitation_id: UUID) -> Response:
    try:
        invitation = inviting.resend_invitation(invitation_id=invitation_id, actor=current_actor())
    except (*EMAIL_ERRORS, LimitReached, InvitationClosed, ApprovalDue) as error:
        return _refused(error)
    return _done(_("The invitation is on its way to %(email)s.", email=invitation.email))


@blueprint.post("/people/invitations/<uuid:invitation_id>/revoke")
@requires(Role.ADMIN)
def revoke(invitation_id: UUID) -> Response:
    try:
        invitation = inviting.revoke_invitation(invitation_id=invitation_id, actor=current_actor())
    except InvitationClosed as error:
        return _refused(error)
    return _done(_("The invitation to %(email)s was revoked.", email=invitation.email))


@blueprint.post("/people/invitations/<uuid:invitation_id>/approve")
@requires(Role.ADMIN)
def approve(invitation_id: UUID) -> Response:
    try:
        invitation = approving.approve_invitation(
            invitation_id=invitation_id, actor=current_actor()
        )
    except (InvitationClosed, LimitReached) as error:
        return _refused(error)
    return _done(
        _("The invitation was approved and is on its way to %(email)s.", email=invitation.email)
    )


@blueprint.post("/people/invitations/<uuid:invitation_id>/refuse")
@requires(Role.ADMIN)
def refuse(invitation_id: UUID) -> Response:
    try:
        invitation = approving.refuse_invitation(invitation_id=invitation_id, actor=current_actor())
    except InvitationClosed as error:
        return _refused(error)
    return _done(_("The invitation to %(email)s was rejected.", email=invitation.email))


def _done(words: str) -> Response:
    """Commit, then redirect to the list with `words`."""
    db.session.commit()
    flash(words, "success")
    return redirect_to(url_for(".index"))


def _refused(error: DomainError) -> Response:
    """Redirect to the list, which shows the current state, with the reason."""
    db.session.rollback()
    flash(translated(error), "error")
    return redirect_to(url_for(".index"))


def _form(**defaults: str) -> InvitationForm:
    form = InvitationForm(**defaults)
    return form.offer(tenant=current_user.tenant, projects=queries.list_projects())


def _form_page(
    form: InvitationForm, *, status: int = 200, known_id: UUID | None = None
) -> Response:
    """`known_id` is the company's person who already has this e-mail."""
    return render_page("team/new.html", "content", status=status, form=form, known_id=known_id)
