"""Writing the audit chain. Called by every service that changes something, in its transaction.

The trigger of an entry holds the tenant's chain until the transaction ends, so entries wait in the
session and are written last, right before the commit: nothing takes a row's lock after that, and
nobody else waits for the chain while anything else is done (docs/adr/0020-one-order-of-locks.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import rfc8785
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction

from app.extensions import db
from app.models import Actor, AuditEntry
from app.transactions import hold

# Where a session keeps what it has not written yet, and how much that was at each savepoint.
WAITING, MARKS = "laudo_entries", "laudo_entry_marks"

Listener = Callable[[AuditEntry, Actor, Mapping[str, Any]], object]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener(entry, actor, facts)` for each recorded entry, in the transaction that writes
    it and before it does. A listener takes its row locks then: the chain's comes after all others.
    """
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

    Flushes what it tells of. The entry itself is written at the commit, in the order of the calls.
    """
    db.session.flush()
    entry = _entry(action, actor, object_type, object_id, facts)
    for listener in _listeners:
        listener(entry, actor, facts)
    db.session().info.setdefault(WAITING, []).append(entry)
    hold()
    return entry


def record_now(
    *,
    action: str,
    actor: Actor,
    object_type: str,
    object_id: UUID | None,
    **facts: Any,
) -> None:
    """As `record`, but written at once and before those that wait: for what must know the chain's
    head. Every row that the transaction changes is locked by then; what follows locks none, and so
    nobody listens."""
    db.session.flush()
    db.session.add(_entry(action, actor, object_type, object_id, facts))
    db.session.flush()


def _entry(
    action: str, actor: Actor, object_type: str, object_id: UUID | None, facts: Mapping[str, Any]
) -> AuditEntry:
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
    return AuditEntry(
        id=uuid4(),
        action=action,
        object_type=object_type,
        object_id=object_id,
        actor_id=actor.account_id,
        body=canonical_json(body),
    )


def _write(session: Session) -> None:
    """Before the commit: all other rows first, then the entries one by one, as they were made."""
    if session.in_nested_transaction() or not session.info.get(WAITING):
        return
    session.flush()
    for entry in session.info.pop(WAITING):
        session.add(entry)
        session.flush()


def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        marks = session.info.setdefault(MARKS, WeakKeyDictionary())
        marks[transaction] = len(session.info.get(WAITING, ()))


def _take_back(session: Session, transaction: SessionTransaction) -> None:
    """Forget what was recorded since a savepoint that is rolled back."""
    mark = session.info.get(MARKS, {}).pop(transaction, None)
    if mark is not None:
        del session.info.get(WAITING, [])[mark:]


def _forget(session: Session, transaction: SessionTransaction) -> None:
    """What was not committed is not written, be it rolled back or closed."""
    if transaction.parent is None:
        session.info.pop(WAITING, None)


def init_app() -> None:
    """Hang the writing on the session."""
    if not event.contains(db.session, "before_commit", _write):
        event.listen(db.session, "before_commit", _write)
        event.listen(db.session, "after_transaction_create", _mark)
        event.listen(db.session, "after_soft_rollback", _take_back)
        event.listen(db.session, "after_transaction_end", _forget)


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
