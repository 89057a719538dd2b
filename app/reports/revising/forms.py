"""The form that corrects a completed report."""

from __future__ import annotations

from uuid import UUID, uuid4

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import HiddenField, RadioField
from wtforms.validators import DataRequired, InputRequired

from app.definition.answers import MAX_REASON
from app.models import Version
from app.reports.revising.queries import Correction
from app.web.forms import LongTextField, as_id, options


class CorrectForm(FlaskForm):  # type: ignore[misc]
    """The reason, and the version of the checklist that the revision is filled in on."""

    client_id = HiddenField(default=lambda: str(uuid4()))
    reason = LongTextField(
        _l("Reason for the correction"),
        description=_l("What was wrong, in a few words. It is printed in the new PDF."),
        max_length=MAX_REASON,
        validators=[DataRequired(_l("Enter the reason for the correction."))],
        render_kw={"rows": 3},
    )
    version_id = RadioField(
        _l("Version of the checklist"),
        coerce=as_id,
        validators=[InputRequired(_l("Choose a version of the checklist."))],
    )

    def offer(self, found: Correction) -> CorrectForm:
        """Offer the newest version beside the report's own; without a newer one, ask nothing."""
        if found.newer is None:
            del self.version_id
            return self
        same: Version = found.report.version
        self.version_id.choices = options(
            (
                (same.id, _("Version %(number)s, as in the report", number=same.number)),
                (found.newer.id, _("Version %(number)s, the newest", number=found.newer.number)),
            )
        )
        self.version_id.data = self.version_id.data or same.id
        return self

    @property
    def onto_version(self) -> UUID | None:
        return self.version_id.data if self.version_id else None
