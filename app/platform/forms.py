"""The forms of the platform: a company, its plan and limits, and what is done to one."""

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

from app.company.plans import GIB, Limit, Plan
from app.models import Tenant
from app.platform.service import MAX_SLUG, SLUG
from app.platform.support import LENGTHS
from app.platform.wording import plan_words
from app.web.forms import LongTextField, TextField, options, zone_options
from app.web.locale import LOCALES

MAIL_BOX: dict[str, Any] = {
    "type": "email", "inputmode": "email", "autocapitalize": "none", "spellcheck": "false",
    "autocomplete": "off",
}  # fmt: skip
# A limit follows the plan, is the company's own, or there is none.
AS_PLAN, OWN, NONE = "plan", "own", "none"
TRIAL_DAYS = 30
LATEST = date(2199, 12, 31)
MOST = Decimal(10**9)
# No third digit behind comma or point: whoever writes 1,000 means a thousand.
WHOLE, PARTED = re.compile("[0-9]+"), re.compile("[0-9]+(?:[.,][0-9]{1,2})?")


class PlaceMixin:
    """Language and time zone of a company."""

    locale = SelectField(_l("Language"), validators=[InputRequired()])
    time_zone = SelectField(_l("Time zone"), validators=[InputRequired()])

    def offer_places(self) -> None:
        self.locale.choices = options(LOCALES.items())
        self.time_zone.choices = zone_options(_("Everywhere"), [("UTC", "UTC")])


class TrialMixin:
    """A plan, and for the trial the day on which it ends."""

    plan = SelectField(
        _l("Plan"), description=_l("A trial ends by itself."), validators=[InputRequired()]
    )
    trial_ends_on = DateField(
        _l("Last day of the trial"),
        description=_l("For the trial plan only."),
        validators=[Optional()],
    )

    def offer_plans(self) -> None:
        self.plan.choices = options((plan.value, words) for plan, words in plan_words().items())

    def check_trial(self) -> bool:
        """Whether the last day is given where there is a trial, and can be a day."""
        day = self.trial_ends_on.data
        if self.plan.data != Plan.TRIAL.value or self.trial_ends_on.errors:
            return not self.trial_ends_on.errors
        if day is None:
            self.trial_ends_on.errors = [_("Give the last day of the trial.")]
        elif not date(2000, 1, 1) <= day <= LATEST:
            self.trial_ends_on.errors = [_("This day is too far away.")]
        return not self.trial_ends_on.errors

    def trial_end(self, time_zone: str) -> datetime | None:
        """The midnight after the last day, by the company's clock."""
        day = self.trial_ends_on.data
        if day is None or self.plan.data != Plan.TRIAL.value:
            return None
        midnight = datetime.combine(day + timedelta(days=1), datetime.min.time())
        return midnight.replace(tzinfo=ZoneInfo(time_zone)).astimezone(UTC)


class CompanyForm(TrialMixin, PlaceMixin, FlaskForm):  # type: ignore[misc]
    """A new company with its first admin."""

    name = TextField(
        _l("Name"), max_length=120, validators=[DataRequired(_l("Give the company a name."))]
    )
    slug = TextField(
        _l("Slug"),
        max_length=MAX_SLUG,
        description=_l(
            "A short name for commands and confirmations; it never changes. Left empty, it is made"
            " from the name."
        ),
        render_kw={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"},
    )
    admin_name = TextField(
        _l("Name of the first admin"),
        max_length=120,
        validators=[DataRequired(_l("Give the name of the first admin."))],
        render_kw={"autocomplete": "off"},
    )
    admin_email = TextField(
        _l("E-mail of the first admin"),
        max_length=254,
        description=_l("A link to make the account goes there. It is good for seven days."),
        validators=[DataRequired(_l("Give the e-mail of the first admin."))],
        render_kw=dict(MAIL_BOX),
    )

    def offer(self) -> CompanyForm:
        self.offer_places()
        self.offer_plans()
        return self

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators))
        return self.check_trial() and valid

    def validate_slug(self, field: Field) -> None:
        # Made of the name, it can only be as good: without a name nothing is wrong with it.
        is_awaited = not field.data and self.name.errors
        if not is_awaited and not SLUG.fullmatch(field.data or ""):
            raise ValidationError(_("Small letters, digits and hyphens, no hyphen at the ends."))


class FactsForm(PlaceMixin, FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Name"), max_length=120, validators=[DataRequired(_l("Give the company a name."))]
    )

    def offer(self) -> FactsForm:
        self.offer_places()
        return self


class AmountField(TextField):
    """A whole number, or for bytes one of gigabytes with comma or point; `amount` is in units."""

    def __init__(self, *args: Any, unit: int = 1, **kwargs: Any) -> None:
        kwargs["render_kw"] = {"inputmode": "decimal", "autocomplete": "off"}
        super().__init__(*args, max_length=14, **kwargs)
        self.unit = unit

    @property
    def amount(self) -> int | None:
        """None where what was typed is no positive number."""
        typed = (self.data or "").strip()
        if not (WHOLE if self.unit == 1 else PARTED).fullmatch(typed):
            return None
        number = Decimal(typed.replace(",", "."))
        return int(number * self.unit) if 0 < number <= MOST else None

    def show(self, amount: int) -> None:
        self.data = f"{(Decimal(amount) / self.unit).quantize(Decimal('0.01')).normalize():f}"


def _rule(words: Any) -> SelectField:
    return SelectField(
        words,
        choices=options(
            [(AS_PLAN, _l("As the plan")), (OWN, _l("Its own")), (NONE, _l("No limit"))]
        ),
        default=AS_PLAN,
    )


class PlanForm(TrialMixin, FlaskForm):  # type: ignore[misc]
    people_rule = _rule(_l("People"))
    people = AmountField(_l("People"), validators=[Optional()])
    reports_month_rule = _rule(_l("Reports a month"))
    reports_month = AmountField(_l("Reports a month"), validators=[Optional()])
    storage_bytes_rule = _rule(_l("Storage, GB"))
    storage_bytes = AmountField(_l("Storage, GB"), unit=GIB, validators=[Optional()])
    photos_report_rule = _rule(_l("Photos a report"))
    photos_report = AmountField(_l("Photos a report"), validators=[Optional()])

    def offer(self) -> PlanForm:
        self.offer_plans()
        return self

    def show(self, tenant: Tenant) -> PlanForm:
        """Fill in what is in force."""
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
                Limit.PEOPLE, Limit.REPORTS_MONTH, Limit.STORAGE_BYTES, Limit.PHOTOS_REPORT,
            )
        ]  # fmt: skip

    @property
    def limits(self) -> dict[Limit, int | None]:
        """The company's own; a limit that follows the plan is not among them."""
        return {
            limit: amount.amount if rule.data == OWN else None
            for limit, rule, amount in self.rows
            if rule.data != AS_PLAN
        }

    def validate(self, extra_validators: Any = None) -> bool:
        valid = bool(super().validate(extra_validators)) and self.check_trial()
        for _limit, rule, amount in self.rows:
            if rule.data == OWN and amount.amount is None:
                amount.errors = [_("Give a number above 0.")]
                valid = False
        return valid


class ReasonForm(FlaskForm):  # type: ignore[misc]
    """Why something is done to a company; its people read it."""

    reason = LongTextField(
        _l("Reason"),
        max_length=500,
        description=_l("The company's people read it."),
        validators=[DataRequired(_l("Give a reason. The company reads it."))],
        render_kw={"rows": 2},
    )


class SupportForm(ReasonForm):
    minutes = SelectField(_l("For how long"), coerce=int, validators=[InputRequired()])

    def offer(self) -> SupportForm:
        words = {30: _("30 minutes"), 120: _("2 hours"), 480: _("8 hours")}
        self.minutes.choices = options((minutes, words[minutes]) for minutes in LENGTHS)
        return self


class DeletionForm(ReasonForm):
    is_waived = BooleanField(_l("The company does without an export"))
    waiver = LongTextField(
        _l("Why it does without, and who said so"), max_length=500, render_kw={"rows": 2}
    )
    slug = TextField(
        _l("Slug of the company, to confirm"),
        max_length=MAX_SLUG,
        validators=[DataRequired(_l("Write the slug of the company."))],
        render_kw={"autocapitalize": "none", "autocomplete": "off", "spellcheck": "false"},
    )


class InviteForm(FlaskForm):  # type: ignore[misc]
    name = TextField(
        _l("Name"),
        max_length=120,
        validators=[DataRequired(_l("Give the name of the admin."))],
        render_kw={"autocomplete": "off"},
    )
    email = TextField(
        _l("E-mail"),
        max_length=254,
        validators=[DataRequired(_l("Give the e-mail of the admin."))],
        render_kw=dict(MAIL_BOX),
    )
