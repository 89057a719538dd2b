"""The first steps of a new company: its brand, its first checklist, its first report.

Completed steps are derived from existing rows; only skipped steps are stored, in
tenants.onboarding. Only the company's first admin sees the steps.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, exists, or_, select

from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
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
    """The steps in order; `draft_id` is the newest unpublished checklist version."""

    steps: tuple[StepState, ...]
    draft_id: UUID | None
    has_project: bool

    @property
    def now(self) -> Step | None:
        """The first step that is neither done nor skipped."""
        return next((one.step for one in self.steps if one.is_open), None)

    @property
    def skipped_steps(self) -> tuple[Step, ...]:
        return tuple(one.step for one in self.steps if one.is_skipped and not one.is_done)


def find_onboarding(person: Actor) -> Onboarding | None:
    """The first steps, or None if all are done or the person is not the first admin."""
    return read_onboarding(db.session.execute(select_progress(require_tenant())).one(), person)


def read_onboarding(row: Row[Any], person: Actor) -> Onboarding | None:
    """The same from a row of `select_progress`, which may have more columns."""
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
    """Skip a step. Idempotent."""
    tenant = lock_row(Tenant, require_tenant())
    skipped = set(tenant.onboarding.get("skipped", ()))
    if step.value in skipped:
        return
    tenant.onboarding = {**tenant.onboarding, "skipped": sorted({*skipped, step.value})}
    record("onboarding.skipped", tenant, actor, step=step.value)


def resume_steps(*, actor: Actor) -> None:
    """Resume all skipped steps. Does nothing if there are none."""
    tenant = lock_row(Tenant, require_tenant())
    skipped = tenant.onboarding.get("skipped", ())
    if not skipped:
        return
    tenant.onboarding = {**tenant.onboarding, "skipped": []}
    record("onboarding.resumed", tenant, actor, steps=list(skipped))


def select_progress(tenant_id: UUID) -> Select[Any]:
    """Select the state of all steps of the bound tenant in one statement."""
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
        Tenant.logo_key.is_not(None),
        Tenant.second_logo_key.is_not(None),
        Tenant.contact != "",
        Tenant.contact_parts != {},
        *own,
    )
    return select(
        Tenant.onboarding,
        branded.label("is_branded"),
        exists(select(Version.id).where(Version.published_at.is_not(None))).label("is_published"),
        exists(select(Report.id)).label("is_started"),
        exists(select(Project.id)).label("has_project"),
        draft.scalar_subquery().label("draft_id"),
        first_admin.scalar_subquery().label("first_admin"),
    ).where(Tenant.id == tenant_id)


def _skipped(row: Row[Any]) -> set[str]:
    return set(row.onboarding.get("skipped", ()))
