"""The form for choosing which mails to get: one switch per kind that the role can receive."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField

from app.models import MailKind


class ChoicesForm(FlaskForm):  # type: ignore[misc]
    report_assigned = BooleanField(
        _l("A report is assigned to me"),
        description=_l("When someone starts a report for you or hands one over to you."),
    )
    report_submitted = BooleanField(
        _l("A report is submitted"),
        description=_l("Every report of the company, with its result, as soon as it is submitted."),
    )
    review_waiting = BooleanField(
        _l("A report waits for my review"),
        description=_l("Reports that you may review, as soon as it is your turn."),
    )
    report_returned = BooleanField(
        _l("A report is returned to me"),
        description=_l("A reviewer commented on a report that you submitted or work on."),
    )
    pdf_ready = BooleanField(
        _l("A PDF is ready"),
        description=_l(
            "The PDF of a completed report that you submitted or whose PDF you requested."
        ),
    )

    def offer(self, kinds: tuple[MailKind, ...]) -> ChoicesForm:
        """Remove the switches of all other kinds."""
        for kind in MailKind:
            if kind not in kinds and kind.value in self:
                del self[kind.value]
        return self

    @property
    def choices(self) -> Mapping[MailKind, bool]:
        return {kind: bool(self[kind.value].data) for kind in MailKind if kind.value in self}
