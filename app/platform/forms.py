"""The forms of the platform: a company, its plan and limits, support, suspension and deletion."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import BooleanField, DateField, Field, SelectField
from wtforms.validators import DataRequired, InputRequired, Optional, ValidationError

from app.models import Tenant
from app.plans.plans import GIB, Limit, Plan
from app.platform.service import MAX_SLUG, SLUG
from app.platform.support import SUPPORT_MINUTES
from app.web.forms import LongTextField, TextField, options, zone_options
from app.web.locale import LOCALES
from app.words import PLAN_NAMES

MAIL_BOX: dict[str, Any] = {
    "type": "email",
    "inputmode": "email",
    "autocapitalize": "none",
    "spellcheck": "false",
    "autocomplete": "off",
}
# A limit comes from the plan, is the company's own, or does not exist.
AS_PLAN, OWN, NONE = "plan", "own", "none"
TRIAL_DAYS = 30
LATEST_DAY = date(2199, 12, 31)
MAX_AMOUNT = Decimal(10**9)
# At most two decimals: 1,000 means a thousand, so three digits after the mark are ambiguous.
WHOLE_NUMBER, WITH_DECIMALS = re.compile("[0-9]+"), re.compile("[0-9]+(?:[.,][0-9]{1,2})?")


class LocaleMixin:
    """Language and time zone of a company."""

    locale = SelectField(_l("Language"), validators=[InputRequired()])
    time_zone = SelectField(_l("Time zone"), validators=[InputRequired()])

    def offer_locales(self) -> None:
        self.locale.choices = options(LOCALES.items())
        self.time_zone.choices = zone_options(_("Worldwide"), [("UTC", "UTC")])


class TrialMixin:
    """The plan, and the last day of a trial."""

    plan = SelectField(
        _l("Plan"), description=_l("A trial ends automatically."), validators=[InputRequired()]
    )
    trial_ends_on = DateField(
        _l("Last day of the trial"),
        description=_l("For the trial plan only."),
        validators=[Optional()],
    )

    def offer_plans(self) -> None:
        self.plan.choices = options(PLAN_NAMES.choices())

    def check_trial(self) -> bool:
        """True if the last day is valid; a trial needs one. Otherwise sets the field's errors."""
        day = self.trial_ends_on.data
        if self.plan.data != Plan.TRIAL.value or self.trial_ends_on.errors:
            return not self.trial_ends_on.errors
        if day is None:
            self.trial_ends_on.errors = [_("Enter the last day of the trial.")]
        elif not date(2000, 1, 1) <= day <= LATEST_DAY:
            self.trial_ends_on.errors = [_("This date is out of range.")]
        return not self.trial_ends_on.errors

    def trial_end(self, time_zone: str) -> datetime | None:
        """The midnight after the last day, in the company's time zone."""
        day = self.trial_ends_on.data
        if day is None or self.plan.data != Plan.TRIAL.value:
            return None
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time())
        return midnight.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


class CompanyForm(TrialMixin, LocaleMixin, FlaskForm):  # type: ignore[misc]
    """A new company with its first admin."""

    name = TextField(
        _l("Name"), max_length=120, validators=[DataRequired(_l("Enter the company's name."))]
    )
    slug = TextField(
        _l("Slug"),
        max_length=MAX_SLUG,
        description=_l(
            "A short name for commands and confirmations; it never changes. If left "
            "empty, it is derived from the name."
        ),
        render_kw={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"},
    )
    admin_name = TextField(
        _l("First admin's name"),
        max_length=120,
        validators=[DataRequired(_l("Enter the first admin's name."))],
        render_kw={"autocomplete": "off"},
    )
    admin_email = TextField(
        _l("First admin's e-mail"),
        max_length=254,
        description=_l(
            "A link to create the account is sent to this address. It is valid for seven days."
        ),
        validators=[DataRequired(_l("Enter the first admin's e-mail."))],
        render_kw=dict(MAIL_BOX),
    )

    def offer(self) -> CompanyForm:
        self.offer_locales()
        self.offer_plans()
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        return self.check_trial() and valid

    def validate_slug(self, field: Field) -> None:
        # An empty slug is derived from the name. If the name is invalid, report only that error.
        is_name_missing = not field.data and self.name.errors
        if not is_name_missing and not SLUG.fullmatch(field.data or ""):
            raise ValidationError(
                _("Lowercase letters, digits and hyphens; no hyphen at the start or end.")
            )


class FactsForm(LocaleMixin, FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Name"), max_length=120, validators=[DataRequired(_l("Enter the company's name."))]
    )

    def offer(self) -> FactsForm:
        self.offer_locales()
        return self


class AmountField(TextField):
    """A whole number, or gigabytes with decimals if `unit` is GIB. `amount` is in single units."""

    def __init__(self, *args: Any, unit: int = 1, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(*args, max_length=14, **kwargs)
        self.unit = unit

    @property
    def amount(self) -> int | None:
        """The amount, or None if the input is not a positive number."""
        typed = (self.data or "").strip()
        if not (WHOLE_NUMBER if self.unit == 1 else WITH_DECIMALS).fullmatch(typed):
            return None
        number = Decimal(typed.replace(",", "."))
        return int(number * self.unit) if 0 < number <= MAX_AMOUNT else None

    def show(self, amount: int) -> None:
        self.data = f"{(Decimal(amount) / self.unit).quantize(Decimal('0.01')).normalize():f}"


def _rule(words: Any) -> SelectField:
    return SelectField(
        words,
        choices=options(
            [(AS_PLAN, _l("Same as the plan")), (OWN, _l("Custom")), (NONE, _l("No limit"))]
        ),
        default=AS_PLAN,
    )


class PlanForm(TrialMixin, FlaskForm):  # type: ignore[misc]
    people_rule = _rule(_l("People"))
    people = AmountField(_l("People"), validators=[Optional()])
    reports_month_rule = _rule(_l("Reports per month"))
    reports_month = AmountField(_l("Reports per month"), validators=[Optional()])
    storage_bytes_rule = _rule(_l("Storage (GB)"))
    storage_bytes = AmountField(_l("Storage (GB)"), unit=GIB, validators=[Optional()])
    photos_report_rule = _rule(_l("Photos per report"))
    photos_report = AmountField(_l("Photos per report"), validators=[Optional()])

    def offer(self) -> PlanForm:
        self.offer_plans()
        return self

    def show(self, tenant: Tenant) -> PlanForm:
        """Fill in the tenant's current values."""
        self.plan.data = tenant.plan
        if tenant.trial_ends_at:
            last = tenant.trial_ends_at - timedelta(seconds=1)
            self.trial_ends_on.data = last.astimezone(ZoneInfo(tenant.time_zone)).date()
        for limit, rule, amount in self.rows:
            if limit.value in tenant.limits:
                most = tenant.limits[limit.value]
                rule.data = NONE if most is None else OWN
                if most is not None:
                    amount.show(most)
        return self

    @property
    def rows(self) -> list[tuple[Limit, SelectField, AmountField]]:
        return [
            (limit, self[f"{limit.value}_rule"], self[limit.value])
            for limit in (
                Limit.PEOPLE,
                Limit.REPORTS_MONTH,
                Limit.STORAGE_BYTES,
                Limit.PHOTOS_REPORT,
            )
        ]

    @property
    def limits(self) -> dict[Limit, int | None]:
        """The company's own limits; limits that come from the plan are left out."""
        return {
            limit: amount.amount if rule.data == OWN else None
            for limit, rule, amount in self.rows
            if rule.data != AS_PLAN
        }

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators)) and self.check_trial()
        for _limit, rule, amount in self.rows:
            if rule.data == OWN and amount.amount is None:
                amount.errors = [_("Enter a number greater than 0.")]
                valid = False
        return valid


class CompanyReasonForm(FlaskForm):  # type: ignore[misc]
    """The reason for an action on a company; its people read it."""

    reason = LongTextField(
        _l("Reason"),
        max_length=500,
        description=_l("The company's people will see it."),
        validators=[DataRequired(_l("Enter a reason. The company will see it."))],
        render_kw={"rows": 2},
    )


class SupportForm(CompanyReasonForm):
    minutes = SelectField(_l("Duration"), coerce=int, validators=[InputRequired()])

    def offer(self) -> SupportForm:
        words = {30: _("30 minutes"), 120: _("2 hours"), 480: _("8 hours")}
        self.minutes.choices = options((minutes, words[minutes]) for minutes in SUPPORT_MINUTES)
        return self


class DeletionForm(CompanyReasonForm):
    is_waived = BooleanField(_l("The company waives the export"))
    waiver = LongTextField(
        _l("Reason for waiving the export, and who gave it"), max_length=500, render_kw={"rows": 2}
    )
    slug = TextField(
        _l("Company slug, to confirm"),
        max_length=MAX_SLUG,
        validators=[DataRequired(_l("Enter the company's slug."))],
        render_kw={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"},
    )


class InviteForm(FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Name"),
        max_length=120,
        validators=[DataRequired(_l("Enter the admin's name."))],
        render_kw={"autocomplete": "off"},
    )
    email = TextField(
        _l("E-mail"),
        max_length=254,
        validators=[DataRequired(_l("Enter the admin's e-mail."))],
        render_kw=dict(MAIL_BOX),
    )
