"""Writing the audit chain. Called by every service that changes something, in its transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

import rfc8785

from app.extensions import db
from app.models import Actor, AuditEntry

Listener = Callable[[AuditEntry, Actor, Mapping[str, Any]], object]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener(entry, actor, facts)` for each entry, in the transaction that writes it and
    before it does. A listener takes its row locks then: the chain's comes after all others."""
    if listener not in _listeners:
        _listeners.append(listener)


def record(
    *,
    action: str,
    actor: Actor,
    object_type: str,
    object_id: UUID | None,
    **facts: Any,
) -> AuditEntry:
    """Append one entry: `action` is 'noun.verb', `facts` plain JSON values (numbers as strings).

    The entry is written last, at the flush before the commit, because its trigger holds the
    tenant's chain until the transaction ends.
    """
    body = {
        "action": action,
        "object": {"type": object_type, "id": str(object_id) if object_id else None},
        "actor": {
            "id": str(actor.account_id) if actor.account_id else None,
            "name": actor.name,
            "role": actor.role.value if actor.role else None,
            "ip": actor.ip,
            "request": actor.request_id,
        },
        "facts": facts,
    }
    db.session.flush()
    entry = AuditEntry(
        id=uuid4(),
        action=action,
        object_type=object_type,
        object_id=object_id,
        actor_id=actor.account_id,
        body=canonical_json(body),
    )
    for listener in _listeners:
        listener(entry, actor, facts)
    db.session.add(entry)
    return entry


def differences(
    row: object, new: Mapping[str, Any], plain: Callable[[Any], Any] = lambda value: value
) -> dict[str, dict[str, Any]]:
    """What of `new` the row does not hold yet, as the audit keeps it; `plain` makes values JSON."""
    return {
        name: {"old": plain(getattr(row, name)), "new": plain(value)}
        for name, value in new.items()
        if getattr(row, name) != value
    }


def canonical_json(value: Any) -> str:
    """RFC 8785 text of plain JSON data. Raises ValueError for what the form cannot hold."""
    return rfc8785.dumps(value).decode()
