"""Which mails a person gets: a switch for each kind that can come to their role."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField

from app.models import MailKind


class ChoicesForm(FlaskForm):  # type: ignore[misc]
    report_assigned = BooleanField(
        _l("A report becomes mine"),
        description=_l("When somebody starts a report for you or hands one over."),
    )
    report_submitted = BooleanField(
        _l("A report is submitted"),
        description=_l("Each report of the company, as soon as it is submitted, with its result."),
    )
    pdf_ready = BooleanField(
        _l("A PDF is ready"),
        description=_l("The PDF of a finished report that you submitted or asked for."),
    )

    def offer(self, kinds: tuple[MailKind, ...]) -> ChoicesForm:
        """Keep the switches of these kinds."""
        for kind in MailKind:
            if kind not in kinds and kind.value in self:
                del self[kind.value]
        return self

    @property
    def choices(self) -> Mapping[MailKind, bool]:
        return {kind: bool(self[kind.value].data) for kind in MailKind if kind.value in self}
