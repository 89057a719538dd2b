"""Keeps slow work out of transactions: `pause` ends one, and a watch finds who forgot.

What counts as slow work is marked where it stands (slow_work.py).
"""

from __future__ import annotations

import logging

from flask import current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from app import slow_work
from app.extensions import db

log = logging.getLogger(__name__)

# Set in a session whose transaction has written, locked or recorded something.
HOLDS = "laudo_holds"


class TransactionOpen(RuntimeError):
    """Slow work was about to begin inside an open transaction."""


class WouldBeLost(RuntimeError):
    """A transaction that holds changes or locks was about to be ended for slow work."""


def pause() -> None:
    """End the transaction, which has only read so far; the next statement begins a new one.

    What was loaded can still be read and is not loaded again. What was checked before has to be
    checked again afterwards, under a lock. Raises WouldBeLost.
    """
    session = db.session()
    if session.new or session.dirty or session.deleted or session.info.get(HOLDS):
        raise WouldBeLost("commit first, or do the slow work before anything is changed or locked")
    session.close()


def hold() -> None:
    """Say that the transaction holds something that a `pause` would lose."""
    db.session().info[HOLDS] = True


def _watch(name: str) -> None:
    if not has_app_context() or not db.session.registry.has():
        return
    if db.session().in_transaction():
        if current_app.testing:
            raise TransactionOpen(name)
        # Slow is better than refused: the person can do nothing about it.
        log.error("%s runs inside an open transaction", name)


def _note_flush(session: Session, _context: object) -> None:
    session.info[HOLDS] = True


def _note_statement(state: ORMExecuteState) -> None:
    is_lock = state.is_select and getattr(state.statement, "_for_update_arg", None) is not None
    if is_lock or state.is_insert or state.is_update or state.is_delete:
        state.session.info[HOLDS] = True


def _forget(session: Session, transaction: SessionTransaction) -> None:
    if transaction.parent is None:
        session.info.pop(HOLDS, None)


def init_app() -> None:
    """Hang the watch on slow work and on the session."""
    if not event.contains(db.session, "after_flush", _note_flush):
        event.listen(db.session, "after_flush", _note_flush)
        event.listen(db.session, "do_orm_execute", _note_statement)
        event.listen(db.session, "after_transaction_end", _forget)
        slow_work.watchers.append(_watch)
