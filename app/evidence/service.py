"""Writes the audit chain. Every service that changes something calls it in its transaction.

The trigger of an entry locks the tenant's chain until the transaction ends. Entries therefore wait
in the session and are written last, right before the commit: no row is locked after that, and the
chain is locked only for a moment (docs/adr/0020-one-order-of-locks.md).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4
from weakref import WeakKeyDictionary

import rfc8785
from sqlalchemy import event, insert
from sqlalchemy.orm import Session, SessionTransaction

from app.extensions import db
from app.models import Actor, AuditEntry, PlatformAuditEntry
from app.models.base import Audited
from app.tenancy import require_tenant
from app.transactions import hold

# Keys in a session's info: its unwritten entries, and their number at each savepoint.
WRITTEN = ("id", "action", "object_type", "object_id", "actor_id", "body")
_INSERT = insert(AuditEntry.__table__)  # type: ignore[arg-type]
WAITING, MARKS = "laudo_entries", "laudo_entry_marks"


@dataclass(frozen=True, slots=True)
class About:
    """The object of an entry whose row is not loaded, or that has no row of its own."""

    audit_type: str
    id: UUID | None


Listener = Callable[[AuditEntry, Actor, Mapping[str, Any]], object]
_listeners: list[Listener] = []


def listen(listener: Listener) -> None:
    """Call `listener(entry, actor, facts)` for each recorded entry, in its transaction but before
    it is written. A listener may lock rows, because the chain is locked after all of them."""
    if listener not in _listeners:
        _listeners.append(listener)


def record(action: str, row: Audited | About, actor: Actor, /, **facts: Any) -> AuditEntry:
    """Append an entry about `row`, which is flushed first, so that a new row has its id.

    `action` is 'noun.verb', a literal at each call so that a search finds it; `facts` are plain
    JSON values (numbers as strings). The entries are written at the commit, in the order of calls.
    """
    db.session.flush()
    entry = _entry(action, row, actor, facts)
    for listener in _listeners:
        listener(entry, actor, facts)
    db.session().info.setdefault(WAITING, []).append(entry)
    hold()
    return entry


def record_now(action: str, row: Audited | About, actor: Actor, /, **facts: Any) -> None:
    """Like `record`, but write the entry at once, before those that wait: for callers that need the
    chain's head. All rows must be locked before; listeners could lock more, so none is called."""
    db.session.flush()
    _insert(db.session(), _entry(action, row, actor, facts))


def record_on_platform(
    action: str, session: Session, actor: Actor, /, *, tenant_id: UUID | None = None, **facts: Any
) -> None:
    """Append an entry to the platform's own audit, which is not chained; `session` is a platform
    session. It must not hold e-mail addresses of a company's people: it outlives the company."""
    session.add(
        PlatformAuditEntry(
            action=action,
            tenant_id=tenant_id,
            actor_name=actor.name,
            body=platform_body(actor, facts),
        )
    )


def platform_body(actor: Actor, facts: Mapping[str, Any]) -> str:
    """The text of an entry in the platform's audit; `facts` are plain JSON, numbers as strings."""
    return canonical_json({"ip": actor.ip, "request": actor.request_id, **facts})


def _entry(action: str, row: Audited | About, actor: Actor, facts: Mapping[str, Any]) -> AuditEntry:
    # The chain is permanent: an entry about a row without its id would name nothing for ever.
    if isinstance(row, Audited) and row.id is None:
        raise ValueError(f"{action}: the {row.audit_type} has no id yet")
    body = {
        "action": action,
        "object": {"type": row.audit_type, "id": str(row.id) if row.id else None},
        "actor": _person(actor) | {"ip": actor.ip, "request": actor.request_id} | _importer(actor),
        "facts": facts,
    }
    return AuditEntry(
        id=uuid4(),
        action=action,
        object_type=row.audit_type,
        object_id=row.id,
        actor_id=actor.account_id,
        body=canonical_json(body),
    )


def _person(actor: Actor) -> dict[str, Any]:
    return {
        "id": str(actor.account_id) if actor.account_id else None,
        "name": actor.name,
        "role": actor.role.value if actor.role else None,
    }


def _importer(actor: Actor) -> dict[str, Any]:
    return {"imported_by": _person(actor.importer)} if actor.importer else {}


def _write(session: Session) -> None:
    """Before the commit, flush all other rows, then write the entries one by one in order."""
    if session.in_nested_transaction() or not session.info.get(WAITING):
        return
    session.flush()
    for entry in session.info.pop(WAITING):
        _insert(session, entry)


def _insert(session: Session, entry: AuditEntry) -> None:
    """Insert the entry as a plain row: nobody reads the object again, so that the session need not
    load what the trigger sets."""
    values = {name: getattr(entry, name) for name in WRITTEN}
    session.execute(_INSERT, {"tenant_id": require_tenant(), **values})


def _mark(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        marks = session.info.setdefault(MARKS, WeakKeyDictionary())
        marks[transaction] = len(session.info.get(WAITING, ()))


def _take_back(session: Session, transaction: SessionTransaction) -> None:
    """Drop the entries that were recorded since a savepoint that is rolled back."""
    mark = session.info.get(MARKS, {}).pop(transaction, None)
    if mark is not None:
        del session.info.get(WAITING, [])[mark:]


def _forget(session: Session, transaction: SessionTransaction) -> None:
    """Drop the entries of a transaction that ended without a commit."""
    if transaction.parent is None:
        session.info.pop(WAITING, None)


def init_app() -> None:
    """Register the writing with the session's events."""
    if not event.contains(db.session, "before_commit", _write):
        event.listen(db.session, "before_commit", _write)
        event.listen(db.session, "after_transaction_create", _mark)
        event.listen(db.session, "after_soft_rollback", _take_back)
        event.listen(db.session, "after_transaction_end", _forget)


def canonical_json(value: Any) -> str:
    """RFC 8785 text of plain JSON data. Raises ValueError for values that it does not allow."""
    return rfc8785.dumps(value).decode()
