"""Changes a company's settings: name, language, time zone, corrections, reviews, second factor of
admins.

Logos, colours and contact belong in app/branding/service.py.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from app.auth.queries import has_second_factor
from app.errors import DomainError
from app.evidence.service import record
from app.locks import lock_row
from app.models import Actor, Tenant
from app.rows import apply_changes
from app.tenancy import require_tenant

# The platform's form has the same limit and could not save a longer name.
MAX_NAME = 120


class NoSecondFactorYourself(DomainError):
    """You have no second factor, so this rule would lock you out. Set one up in your account, then
    turn the rule on."""

    status = 422


@dataclass(frozen=True, slots=True)
class CompanySettings:
    """Values of tenant columns. `locale` and `time_zone` must be known to Laudo."""

    name: str
    locale: str
    time_zone: str
    admins_need_two_factor: bool
    technicians_correct: bool
    may_approve_own: bool


def change_settings(*, settings: CompanySettings, actor: Actor) -> Tenant:
    """Change the bound tenant's settings and record only the changes.

    Raises NoSecondFactorYourself.
    """
    tenant = lock_row(Tenant, require_tenant())
    turns_on = settings.admins_need_two_factor and not tenant.admins_need_two_factor
    if turns_on and not has_second_factor(actor.account_id):
        raise NoSecondFactorYourself
    if changes := apply_changes(tenant, asdict(settings)):
        record("tenant.settings_changed", tenant, actor, changes=changes)
    return tenant
