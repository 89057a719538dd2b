"""Routes of the page on which a person chooses which mails to get."""

from __future__ import annotations

from flask import Response, flash, url_for
from flask_babel import gettext as _

from app.extensions import db
from app.mail import blueprint, queries, service
from app.mail.choices import is_subscribed, offered_to
from app.mail.forms import ChoicesForm
from app.web.fragments import redirect_to, render_page
from app.web.guards import MEMBERS, current_actor, requires


@blueprint.get("/account/mails")
@requires(*MEMBERS, even_suspended=True)
def choices() -> Response:
    account = queries.get_own_account(current_actor())
    kinds = offered_to(account.role)
    form = ChoicesForm(
        formdata=None, data={kind.value: is_subscribed(account, kind) for kind in kinds}
    )
    return _choices_page(form.offer(kinds))


@blueprint.post("/account/mails")
@requires(*MEMBERS, even_suspended=True)
def choose() -> Response:
    actor = current_actor()
    form = ChoicesForm().offer(offered_to(queries.get_own_account(actor).role))
    if not form.validate_on_submit():
        return _choices_page(form, status=422)
    service.choose_mails(choices=form.choices, actor=actor)
    db.session.commit()
    flash(_("Saved"), "success")
    return redirect_to(url_for(".choices"))


def _choices_page(form: ChoicesForm, *, status: int = 200) -> Response:
    return render_page("mail/choices.html", "content", status=status, form=form)
