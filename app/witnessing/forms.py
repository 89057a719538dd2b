"""The forms of witness links: the manager's, and the witness's code word and comment."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateField, HiddenField, SelectField
from wtforms.validators import DataRequired, InputRequired, Optional

from app.definition.schema import Definition
from app.email_address import MAX_EMAIL
from app.models import MAX_COMMENT
from app.web.addresses import read_id
from app.web.forms import LongTextField, TextField, options
from app.web.locale import reading_order
from app.witnessing.links import MAX_CODE, LinkFacts

# For a site visit of this week; a manager can choose another day.
USUAL_DAYS = timedelta(days=7)
# No id of a role.
READS_ONLY = "-"


class LinkForm(FlaskForm):  # type: ignore[misc]
    """Whom to send a link to the report."""

    client_id = HiddenField(default=lambda: str(uuid4()))
    name = TextField(
        _l("Name of the witness"),
        max_length=120,
        validators=[DataRequired(_l("Enter the name of the witness."))],
    )
    email = TextField(
        _l("E-mail"),
        description=_l("Leave it empty to show the link as a code that the witness scans."),
        max_length=MAX_EMAIL,
        validators=[Optional()],
        render_kw={"type": "email", "autocomplete": "off"},
    )
    role_id = SelectField(_l("Signs as"), validators=[InputRequired()])
    until = DateField(
        _l("The link works until"),
        description=_l("The end of this day. You can revoke the link at any time."),
        validators=[InputRequired(_l("Choose the last day of the link."))],
    )
    code = TextField(
        _l("Code word"),
        description=_l(
            "The witness has to enter it. Tell it to them yourself: it is in no mail, and nobody "
            "can look it up later."
        ),
        max_length=MAX_CODE,
        validators=[Optional()],
        render_kw={"autocomplete": "off"},
    )

    def offer(self, definition: Definition, today: date, last: date) -> LinkForm:
        """Fill in the roles and days. A role that is due at the approval is chosen at first."""
        languages = reading_order(definition.languages)
        roles = [(role.id, role.label.first(languages)) for role in definition.signature_roles]
        self.role_id.choices = options(
            [*roles, (READS_ONLY, _("Nothing: reads and comments only"))]
        )
        self.until.render_kw = {"min": today.isoformat(), "max": last.isoformat()}
        if not self.is_submitted():
            due = definition.roles_at_approval or definition.signature_roles[-1:]
            self.role_id.data = due[0].id if due else READS_ONLY
            self.until.data = min(today + USUAL_DAYS, last)
        return self

    @property
    def facts(self) -> LinkFacts:
        assert self.until.data
        return LinkFacts(
            name=self.name.data or "",
            email=self.email.data or "",
            role_id=None if self.role_id.data == READS_ONLY else self.role_id.data,
            until=self.until.data,
            code=self.code.data or "",
            client_id=read_id(self.client_id.data),
        )


class CodeForm(FlaskForm):  # type: ignore[misc]
    code = TextField(
        _l("Code word"),
        max_length=MAX_CODE,
        validators=[DataRequired(_l("Enter the code word."))],
        render_kw={"autocomplete": "off", "autocapitalize": "none"},
    )


class CommentForm(FlaskForm):  # type: ignore[misc]
    words = LongTextField(
        _l("Comment"),
        max_length=MAX_COMMENT,
        validators=[DataRequired(_l("Write what you want to say about this."))],
    )
