"""The acts by which the operators of Laudo gain access to a company, or could.

The company's admins are notified of each by mail (app/mail/service.py) and on their start page
(app/home). Other acts of the platform (plan, limits, suspension) appear only in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, and_, or_

from app.models import Actor, AuditEntry, Role

# Acts of superadmins on their pages, and of operators at the command line.
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
# The act of an invited person; `of_platform` is true if nobody of the company sent the invitation.
ACCEPTED, OF_PLATFORM = "invitation.accepted", "of_platform"


def is_platform_access(action: str, actor: Actor, facts: Mapping[str, Any]) -> bool:
    """Whether an entry that is being recorded is about such an act."""
    if action == ACCEPTED:
        return bool(facts.get(OF_PLATFORM))
    is_operator = actor.role is None and actor.account_id is None
    return action in ACTS and (is_operator or actor.role is Role.SUPERADMIN)


def platform_access() -> ColumnElement[bool]:
    """The condition on stored entries that are about such an act."""
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
