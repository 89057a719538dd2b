"""Two databases on one server, one larger than the other, with a person's browser in each."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app import create_app
from app.extensions import db
from app.models import Account, Actor, Report, ReportStatus
from app.tenancy import call_definer, tenant_scope
from bench.growth.generator import grow
from bench.load.stage import a_definition, field_ids
from tests.conftest import settings_for, signed_in_client
from tests.support import scenarios, servers
from tests.support.cast import Person, load_cast, make_cast


@dataclass(frozen=True, slots=True)
class Grown:
    """An app on a grown database, an admin's browser and an open report of the first company."""

    name: str
    app: Flask
    client: FlaskClient
    person: Person
    report_id: UUID


@dataclass(frozen=True, slots=True)
class Size:
    """How much a database holds."""

    companies: int
    reports: int
    answers: int


@contextmanager
def grown_worlds(sizes: dict[str, Size], say: Callable[[str], None]) -> Iterator[dict[str, Grown]]:
    """A database by name for each size, on the servers of a running test run or on new ones."""
    with _servers() as running, tempfile.TemporaryDirectory() as storage:
        names = {name: f"laudo_growth_{name}" for name in sizes}
        try:
            yield {
                name: _grown(running, names[name], Path(storage) / name, size, say)
                for name, size in sizes.items()
            }
        finally:
            for name in names.values():
                running.drop(name)


@contextmanager
def _servers() -> Iterator[servers.Servers]:
    running = servers.start()
    try:
        with tempfile.TemporaryDirectory() as storage:
            app = create_app(settings_for(servers.MODEL, Path(storage)))
            make_cast(app)
        with app.app_context():
            # A database with connections cannot be copied.
            db.engine.dispose()
            app.extensions["laudo_platform_engine"].dispose()
        yield running
    finally:
        servers.stop(running)


def _grown(
    running: servers.Servers, database: str, storage: Path, size: Size, say: Callable[[str], None]
) -> Grown:
    storage.mkdir()
    running.clone(database)
    app = create_app(settings_for(database, storage))
    app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
    logging.getLogger("laudo.access").setLevel(logging.WARNING)
    person = fill(app, running.postgres().dsn("postgres", database), size, say)
    return grown_of(app, database, person)


def grown_of(app: Flask, database: str, person: Person) -> Grown:
    return Grown(database, app, signed_in_client(app, person), person, _open_report(app, person))


def fill(
    app: Flask, dsn: str, size: Size, say: Callable[[str], None] = lambda _words: None
) -> Person:
    """Fill the app's database; returns the first company's admin."""
    model = load_cast(app).ana
    assert model.tenant_id
    fields = field_ids()[: size.answers]
    with app.app_context(), tenant_scope(model.tenant_id):
        actor = Actor(model.name, model.role, model.id)
        version = scenarios.a_checklist(actor, a_definition()).id
    email = grow(
        dsn,
        first=1,
        companies=size.companies,
        reports=size.reports,
        version_id=version,
        fields=fields,
        say=say,
    )
    return _person(app, email)


def _person(app: Flask, email: str) -> Person:
    with app.app_context():
        (found,) = call_definer("find_account_by_email", p_email=email)
        with tenant_scope(found.tenant_id):
            one = db.session.get_one(Account, found.account_id)
            return Person(one.id, one.tenant_id, one.email, one.name, one.role)


def _open_report(app: Flask, person: Person) -> UUID:
    assert person.tenant_id
    with app.app_context(), tenant_scope(person.tenant_id):
        found = db.session.scalars(
            select(Report.id).where(Report.status == ReportStatus.IN_PROGRESS).limit(1)
        ).one()
        db.session.commit()
        return found
