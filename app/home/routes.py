"""Route of the start page."""

from __future__ import annotations

from flask import Response, request, url_for
from flask_login import current_user

from app.home import blueprint
from app.home.desk import company_week, get_desk, list_finished_of
from app.models import Role
from app.reports.listing.address import read_result
from app.web.fragments import redirect_to, render_fragment, render_page, wants_fragment
from app.web.guards import current_actor, public
from app.web.locale import pick_time_zone


@blueprint.get("/")
@public
def index() -> Response:
    if not current_user.is_authenticated:
        return render_page("home/welcome.html", "content")
    person = current_actor()
    if person.role is Role.SUPERADMIN:
        return redirect_to(url_for("platform.index"))
    result = read_result(request.args)
    if wants_fragment() and "result" in request.args:
        week = company_week(current_user.tenant.time_zone, pick_time_zone())
        finished = list_finished_of(person, week, result)
        return render_fragment("home/_finished.html", finished=finished)
    desk = get_desk(person, current_user.tenant, pick_time_zone(), result)
    return render_page("home/index.html", "content", desk=desk, result=result)
