"""The acts by which whoever runs Laudo gets into a company, or could: its admins are told of each.

By mail (app/mail/service.py) and on their start page (app/home). What the platform does besides
(plan, limits, suspension) lets nobody in and stands in the company's audit alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from app.models import Actor, AuditEntry, Role

# By superadmins on their pages and by operators at the command line.
ACTS = (
    "account.created",
    "account.reactivated",
    "account.role_changed",
    "account.password_set",
    "account.two_factor_reset",
    "invitation.sent",
    "invitation.resent",
    "support.opened",
)
# By whoever was invited: `of_platform` says that nobody of the company sent the invitation.
ACCEPTED, OF_PLATFORM = "invitation.accepted", "of_platform"


def is_way_in(action: str, actor: Actor, facts: Mapping[str, Any]) -> bool:
    """Whether an entry that is being written tells of such an act."""
    if action == ACCEPTED:
        return bool(facts.get(OF_PLATFORM))
    is_operator = actor.role is None and actor.account_id is None
    return action in ACTS and (is_operator or actor.role is Role.SUPERADMIN)


def are_ways_in() -> ColumnElement[bool]:
    """The same of entries that were written."""
    role = AuditEntry.facts["actor"]["role"].astext
    return or_(
        and_(
            AuditEntry.action.in_(ACTS),
            or_(role == Role.SUPERADMIN.value, and_(role.is_(None), AuditEntry.actor_id.is_(None))),
        ),
        and_(
            AuditEntry.action == ACCEPTED,
            AuditEntry.facts["facts"][OF_PLATFORM].astext == "true",
        ),
    )
