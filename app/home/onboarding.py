"""The first steps of a new company: its brand, its first checklist, its first report.

What is done is read from what there is, never noted; only what somebody put off is kept, in
tenants.onboarding. The steps are for the company's first admin, and for nobody who came later.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, exists, or_, select

from app.evidence.service import record
from app.extensions import db
from app.models import Account, Actor, Project, Report, Role, Tenant, Version
from app.tenancy import require_tenant

COLOURS = (Tenant.colour_accent, Tenant.colour_second, Tenant.colour_third)


class Step(StrEnum):
    BRAND = "brand"
    CHECKLIST = "checklist"
    REPORT = "report"


@dataclass(frozen=True, slots=True)
class StepState:
    step: Step
    is_done: bool
    is_skipped: bool

    @property
    def is_open(self) -> bool:
        return not self.is_done and not self.is_skipped


@dataclass(frozen=True, slots=True)
class Onboarding:
    """The steps in order; `draft_id` is a version that waits to be published."""

    steps: tuple[StepState, ...]
    draft_id: UUID | None
    has_project: bool

    @property
    def now(self) -> Step | None:
        """The first step that is neither done nor put off."""
        return next((one.step for one in self.steps if one.is_open), None)

    @property
    def put_off(self) -> tuple[Step, ...]:
        return tuple(one.step for one in self.steps if one.is_skipped and not one.is_done)


def find_onboarding(person: Actor) -> Onboarding | None:
    """The person's first steps, None once all are done or where they are not theirs."""
    row = db.session.execute(_truth()).one()
    if row.first_admin != person.account_id:
        return None
    done = {
        Step.BRAND: row.is_branded,
        Step.CHECKLIST: row.is_published,
        Step.REPORT: row.is_started,
    }
    if all(done.values()):
        return None
    return Onboarding(
        steps=tuple(StepState(step, done[step], step in _skipped(row)) for step in Step),
        draft_id=row.draft_id,
        has_project=row.has_project,
    )


def skip_step(*, step: Step, actor: Actor) -> None:
    """Put a step off; put off already, it stays so."""
    tenant = _locked_tenant()
    skipped = set(tenant.onboarding.get("skipped", ()))
    if step.value in skipped:
        return
    tenant.onboarding = {**tenant.onboarding, "skipped": sorted({*skipped, step.value})}
    _record("skipped", tenant, actor, step=step.value)


def resume_steps(*, actor: Actor) -> None:
    """Take up again all that was put off; nothing happens where nothing was."""
    tenant = _locked_tenant()
    skipped = tenant.onboarding.get("skipped", ())
    if not skipped:
        return
    tenant.onboarding = {**tenant.onboarding, "skipped": []}
    _record("resumed", tenant, actor, steps=list(skipped))


def _truth() -> Any:
    """What there is of each step, in one statement."""
    first_admin = (
        select(Account.id)
        .where(Account.role == Role.ADMIN, Account.is_active)
        .order_by(Account.created_at, Account.id)
        .limit(1)
    )
    draft = (
        select(Version.id)
        .where(Version.published_at.is_(None))
        .order_by(Version.created_at.desc())
        .limit(1)
    )
    own = [column != column.property.columns[0].server_default.arg for column in COLOURS]
    branded = or_(
        Tenant.logo_key.is_not(None), Tenant.second_logo_key.is_not(None), Tenant.contact != "",
        Tenant.contact_parts != {}, *own,
    )  # fmt: skip
    return select(
        Tenant.onboarding,
        branded.label("is_branded"),
        exists(select(Version.id).where(Version.published_at.is_not(None))).label("is_published"),
        exists(select(Report.id)).label("is_started"),
        exists(select(Project.id)).label("has_project"),
        draft.scalar_subquery().label("draft_id"),
        first_admin.scalar_subquery().label("first_admin"),
    ).where(Tenant.id == require_tenant())


def _skipped(row: Row[Any]) -> set[str]:
    return set(row.onboarding.get("skipped", ()))


def _locked_tenant() -> Tenant:
    statement = select(Tenant).where(Tenant.id == require_tenant())
    return db.session.scalars(statement.with_for_update(key_share=True)).one()


def _record(verb: str, tenant: Tenant, actor: Actor, **facts: object) -> None:
    record(
        action=f"onboarding.{verb}",
        actor=actor,
        object_type="tenant",
        object_id=tenant.id,
        **facts,
    )
