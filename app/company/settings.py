"""Changing what holds for a whole company: name, language, time zone, the admins' second factor.

How it presents itself (logos, colours, contact) is service.py's.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from sqlalchemy import select

from app.auth.queries import has_second_factor
from app.errors import DomainError
from app.evidence.service import differences, record
from app.extensions import db
from app.models import Actor, Tenant
from app.tenancy import require_tenant

# As on the platform, which could not save a longer one.
MAX_NAME = 120


class NoSecondFactorYourself(DomainError):
    """You have no second factor yourself, so this rule would stop you first. Set one up under your
    account, then switch it on."""

    status = 422


@dataclass(frozen=True, slots=True)
class Settings:
    """The columns of a company by name; `locale` and `time_zone` are ones that Laudo knows."""

    name: str
    locale: str
    time_zone: str
    admins_need_two_factor: bool


def change_settings(*, settings: Settings, actor: Actor) -> Tenant:
    """Change the bound tenant's settings; what stays the same is not recorded.

    Raises NoSecondFactorYourself.
    """
    tenant = db.session.scalars(
        select(Tenant).where(Tenant.id == require_tenant()).with_for_update(key_share=True)
    ).one()
    turns_on = settings.admins_need_two_factor and not tenant.admins_need_two_factor
    if turns_on and not has_second_factor(actor.account_id):
        raise NoSecondFactorYourself
    if changes := differences(tenant, asdict(settings)):
        for name in changes:
            setattr(tenant, name, getattr(settings, name))
        record(
            action="tenant.settings_changed",
            actor=actor,
            object_type="tenant",
            object_id=tenant.id,
            changes=changes,
        )
    return tenant
