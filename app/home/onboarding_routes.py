"""Routes that skip and resume the first steps. The steps themselves have their own pages."""

from __future__ import annotations

from flask import Response, url_for

from app.extensions import db
from app.home import blueprint, onboarding
from app.home.onboarding import Step
from app.models import Role
from app.web.fragments import redirect_to, render_fragment, wants_fragment
from app.web.guards import current_actor, requires


@blueprint.post("/first-steps/<any(brand,checklist,report):kind>/skip")
@requires(Role.ADMIN)
def skip_step(kind: str) -> Response:
    onboarding.skip_step(step=Step(kind), actor=current_actor())
    db.session.commit()
    steps = onboarding.find_onboarding(current_actor())
    # When no step is left, other parts of the page change too.
    if not wants_fragment() or steps is None or steps.now is None:
        return redirect_to(url_for(".index"))
    return render_fragment("home/_onboarding.html", first=steps)


@blueprint.post("/first-steps/resume")
@requires(Role.ADMIN)
def resume_steps() -> Response:
    onboarding.resume_steps(actor=current_actor())
    db.session.commit()
    return redirect_to(url_for(".index"))
