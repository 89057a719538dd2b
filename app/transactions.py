"""Keeps slow work out of transactions: `pause` ends one, and a watch detects violations.

Slow work would hold row locks and the audit chain. It is marked with `slow_work` (slow_work.py).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from flask import current_app, has_app_context
from sqlalchemy import event
from sqlalchemy.orm import ORMExecuteState, Session, SessionTransaction

from app import slow_work
from app.extensions import db

log = logging.getLogger(__name__)

# Set in session.info once the transaction has written, locked or recorded something.
HOLDS = "laudo_holds"


class TransactionOpen(RuntimeError):
    """Slow work was about to start inside an open transaction."""


class WouldBeLost(RuntimeError):
    """`pause` was called in a transaction that holds changes or locks."""


class QueryWhileRendering(RuntimeError):
    """A statement began a transaction after the reading was over."""


_is_over: ContextVar[bool] = ContextVar("laudo_reading_is_over", default=False)


def pause() -> None:
    """End a transaction that has only read; the next statement begins a new one.

    Loaded objects stay readable and are not refreshed. Afterwards, repeat earlier checks under a
    lock. Raises WouldBeLost.
    """
    session = db.session()
    if session.new or session.dirty or session.deleted or session.info.get(HOLDS):
        raise WouldBeLost("commit first, or do the slow work before anything is changed or locked")
    session.close()


@contextmanager
def reading_over() -> Iterator[None]:
    """End the transaction; inside the block no statement may begin another one.

    For rendering: a page computes for longer than its queries run, and would hold a connection and
    a snapshot meanwhile. Whatever was not committed is given up, as at the end of a request.
    """
    if db.session.registry.has():
        db.session.close()
    token = _is_over.set(True)
    try:
        yield
    finally:
        _is_over.reset(token)


def hold() -> None:
    """Mark the transaction as holding something that `pause` would lose."""
    db.session().info[HOLDS] = True


def _forbid_late_query(_session: Session, _transaction: object, _connection: object) -> None:
    if _is_over.get():
        if current_app.testing:
            raise QueryWhileRendering("a template ran a query; the route must load what it shows")
        # Only log it: for the user, slow is better than an error.
        log.error("a template runs a query", stack_info=True)


def _watch(name: str) -> None:
    if not has_app_context() or not db.session.registry.has():
        return
    if db.session().in_transaction():
        if current_app.testing:
            raise TransactionOpen(name)
        # Only log it: for the user, slow is better than an error.
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
    """Install the watch on slow work and on the session."""
    if not event.contains(db.session, "after_flush", _note_flush):
        event.listen(db.session, "after_flush", _note_flush)
        event.listen(db.session, "do_orm_execute", _note_statement)
        event.listen(db.session, "after_transaction_end", _forget)
        event.listen(db.session, "after_begin", _forbid_late_query)
        slow_work.watchers.append(_watch)
