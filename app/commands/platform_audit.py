"""Writing the platform's audit as the owner of the tables, in a transaction of plain SQL.

Code with a platform session uses app/evidence/service.py instead.
"""

from __future__ import annotations

from uuid import UUID

from psycopg2 import extensions

from app.evidence.service import platform_body
from app.models import Actor


def record_as_owner(
    action: str,
    cursor: extensions.cursor,
    actor: Actor,
    /,
    *,
    tenant_id: UUID | None = None,
    **facts: str,
) -> None:
    """Append one entry in the cursor's transaction."""
    cursor.execute(
        "insert into platform_audit_entries (action, tenant_id, actor_name, body)"
        " values (%s, %s, %s, %s)",
        (action, str(tenant_id) if tenant_id else None, actor.name, platform_body(actor, facts)),
    )
