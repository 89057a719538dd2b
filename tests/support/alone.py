"""An app on its own clone of the database, where commits are real, and concurrent acts in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from threading import Barrier, Semaphore, Thread
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from psycopg2.errors import LockNotAvailable
from sqlalchemy.exc import DBAPIError, TimeoutError

from app import create_app
from app.errors import DomainError
from app.extensions import db
from app.tenancy import tenant_scope
from tests.conftest import settings_for
from tests.support import servers as test_servers

DONE = "done"
THREADS_OF_A_WEB = 8
Acts = list[Callable[[], object]]


@contextmanager
def app_alone(folder: Path, **settings: Any) -> Iterator[Flask]:
    """The app with storage in `folder`. Its database is dropped when the block ends."""
    running = test_servers.current()
    name = running.clone(f"laudo_alone_{uuid4().hex[:8]}")
    app = create_app(settings_for(name, folder, **settings))
    try:
        yield app
    finally:
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
            app.extensions["laudo_platform_engine"].dispose()
        running.drop(name)


def all_at_once(app: Flask, tenant: UUID, acts: Acts, *, is_crowd: bool = False) -> list[object]:
    """Run each act in its own thread and transaction; returns DONE or the exception of each.

    In a crowd there are more acts than connections, so eight run at a time, like the threads of a
    web process: an act may need a second connection (for a look-up before the tenant is known)
    while it holds one. An act that waits too long for a lock tries again.
    """
    gate, door, outcomes = Barrier(len(acts)), Semaphore(THREADS_OF_A_WEB), []

    def one(act: Callable[[], object]) -> None:
        gate.wait()
        with door if is_crowd else nullcontext():
            while (
                (outcome := outcome_of(app, tenant, act)) and is_crowd and _found_no_turn(outcome)
            ):
                pass
        outcomes.append(outcome)

    threads = [Thread(target=one, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert len(outcomes) == len(acts), outcomes
    return outcomes


def outcome_of(app: Flask, tenant: UUID, act: Callable[[], object]) -> object:
    """Run the act in its own transaction; returns DONE or the exception of the act or commit."""
    with app.app_context(), tenant_scope(tenant):
        try:
            act()
            db.session.commit()
        except (DomainError, DBAPIError, TimeoutError) as error:
            db.session.rollback()
            return error
    return DONE


def _found_no_turn(outcome: object) -> bool:
    if isinstance(outcome, DBAPIError):
        return isinstance(outcome.orig, LockNotAvailable)
    return isinstance(outcome, TimeoutError)
