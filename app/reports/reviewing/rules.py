"""Who reviews: the rule on a checklist or project, and who a step of it means.

A rule is a list of steps; each is ANY_MANAGER or the id of a manager or admin. An empty rule means
that nobody reviews. A named person who can no longer review, because the account or the role is
gone, is replaced by any manager, so that no report waits for ever.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from app.errors import DomainError
from app.extensions import db
from app.models import ANY_MANAGER, MANAGERS, Account, Report

Steps = Sequence[str]
MAX_STEPS = 2
# How the audit names rules without a step; app.evidence.fact_words has the words.
NOBODY, OF_CHECKLIST = "nobody", "checklist"


class NotAReviewer(DomainError):
    """Only an active manager or admin can be named as a reviewer. Choose another person."""

    status = 422


class SameReviewerTwice(DomainError):
    """Both steps name the same person. Choose two people, or any manager for one of the steps."""

    status = 422


def steps_in_force(report: Report) -> list[str]:
    """The rule for a report whose project, version and checklist are loaded: the project's own, or
    else the checklist's. A checklist with a signature that is due at the approval is approved by
    any manager if its rule is nobody."""
    of_project = report.project.review_steps
    steps = report.version.checklist.review_steps if of_project is None else of_project
    # Somebody has to approve what is signed only then.
    is_asked = bool(report.version.definition.roles_at_approval)
    return list(steps) or ([ANY_MANAGER] if is_asked else [])


def named_in(step: str) -> UUID | None:
    """The person of a step, None if any manager may take it."""
    return None if step == ANY_MANAGER else UUID(step)


def list_reviewers() -> dict[UUID, str]:
    """The names of all who can be named in a rule, sorted by name."""
    rows = db.session.execute(
        select(Account.id, Account.name).where(_is_able()).order_by(Account.name, Account.id)
    )
    return {row.id: row.name for row in rows}


def require_rule(steps: Steps) -> None:
    """Raises NotAReviewer, SameReviewerTwice."""
    named = [one for step in steps if (one := named_in(step))]
    able = list_reviewers() if named else {}
    if len(steps) > MAX_STEPS or any(one not in able for one in named):
        raise NotAReviewer
    if len(set(named)) < len(named):
        raise SameReviewerTwice


def named_and_able(account_id: UUID | None) -> Account | None:
    """The named person of a step; None if nobody is named, or if they can no longer review."""
    if account_id is None:
        return None
    found = select(Account).where(Account.id == account_id, _is_able())
    return db.session.scalars(found).one_or_none()


def is_gone(account_id: InstrumentedAttribute[UUID | None]) -> ColumnElement[bool]:
    """The condition that the named person of a step can no longer review."""
    return account_id.not_in(select(Account.id).where(_is_able()))


def plain_rule(steps: Steps | None) -> list[str]:
    """A rule as the audit keeps it, with the names of people: ['manager', 'Ana Admin']."""
    if steps is None:
        return [OF_CHECKLIST]
    names = names_in(steps)
    return [names.get(UUID(one), one) if one != ANY_MANAGER else one for one in steps] or [NOBODY]


def names_in(steps: Steps) -> dict[UUID, str]:
    """The names of the people of a rule, also of those who can no longer review."""
    ids = {one for step in steps if (one := named_in(step))}
    if not ids:
        return {}
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {row.id: row.name for row in rows}


def _is_able() -> ColumnElement[bool]:
    return Account.role.in_(MANAGERS) & Account.is_active
