"""A running app for measurements: the tests' servers, many reports, a person's browser."""

from __future__ import annotations

import gc
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.definition.schema import Field, FieldType, Limits, PhotoMode, PhotoPolicy, Section, Text
from app.extensions import db
from app.models import Account, Actor, Report
from app.tenancy import call_definer, tenant_scope
from bench.many_reports import fill
from tests.conftest import settings_for, signed_in_client
from tests.support import scenarios, servers
from tests.support.cast import Person, load_cast, make_cast


@dataclass(frozen=True, slots=True)
class World:
    """The app, an admin's browser and the large report, in a tenant with many reports."""

    app: Flask
    client: FlaskClient
    person: Person
    report_id: UUID


@contextmanager
def open_world(
    *, tenants: int, each: int, sections: int = 20, fields: int = 15, **settings: object
) -> Iterator[World]:
    """Servers, data and a signed-in browser, until the block ends."""
    with _database() as (running, database), tempfile.TemporaryDirectory() as storage:
        app = create_app(settings_for(database, Path(storage), **settings))
        app.config.update(WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)
        logging.getLogger("laudo.access").setLevel(logging.WARNING)
        dsn = running.postgres().dsn("postgres", database)
        world = _furnish(app, dsn, tenants, each, sections, fields)
        # As gunicorn.conf.py does in every worker.
        gc.collect()
        gc.freeze()
        yield world
        gc.unfreeze()
        with app.app_context():
            db.engine.dispose()


@contextmanager
def _database() -> Iterator[tuple[servers.Servers, str]]:
    """A database with the cast, on the servers of a running test run or on new ones."""
    if servers.ENV in os.environ:
        running = servers.current()
        name = running.clone(f"laudo_bench_{uuid4().hex[:8]}")
        try:
            yield running, name
        finally:
            running.drop(name)
        return
    running = servers.start()
    try:
        with tempfile.TemporaryDirectory() as storage:
            make_cast(create_app(settings_for(servers.MODEL, Path(storage))))
        yield running, servers.MODEL
    finally:
        servers.stop(running)
        # The next world starts servers of its own.
        os.environ.pop(servers.ENV, None)


def _furnish(app: Flask, dsn: str, tenants: int, each: int, sections: int, fields: int) -> World:
    model = load_cast(app).ana
    with app.app_context(), tenant_scope(model.tenant_id or uuid4()):
        scenarios.a_checklist(Actor(model.name, model.role, model.id))
    person = _person(app, fill(dsn, model.tenant_id or uuid4(), tenants=tenants, each=each))
    return World(app, signed_in_client(app, person), person, _large(app, person, sections, fields))


def _person(app: Flask, email: str) -> Person:
    with app.app_context():
        found = call_definer("find_account_by_email", p_email=email)[0]
        with tenant_scope(found.tenant_id):
            one = db.session.get_one(Account, found.account_id)
            return Person(one.id, one.tenant_id, one.email, one.name, one.role)


def _large(app: Flask, person: Person, sections: int, fields: int) -> UUID:
    """A report of sections x fields of every type with half of them answered."""
    with app.app_context(), tenant_scope(person.tenant_id or uuid4()):
        actor = Actor(person.name, person.role, person.id)
        definition = scenarios.a_definition(
            sections=tuple(
                Section(id=f"s{n}", title=_text(f"Section {n}"), fields=_fields(n, fields))
                for n in range(sections)
            )
        )
        report = scenarios.a_report(actor, version=scenarios.a_checklist(actor, definition))
        for n in range(sections):
            for m in range(0, fields, 2):
                _answer(report, f"s{n}_f{m}", m, actor)
        db.session.commit()
        return report.id


def _fields(section: int, count: int) -> tuple[Field, ...]:
    return tuple(_field(f"s{section}_f{m}", m) for m in range(count))


def _field(field_id: str, turn: int) -> Field:
    label = _text(f"Check {field_id} of the low-voltage assembly")
    if turn % 5 == 4:
        limits = Limits(min=Decimal(1), max=Decimal(5000), unit="MΩ")
        return Field(id=field_id, type=FieldType.NUMBER, label=label, limits=limits)
    if turn % 5 == 3:
        return Field(id=field_id, type=FieldType.TEXT, label=label)
    photos = PhotoPolicy(mode=PhotoMode.OPTIONAL, max=3)
    return Field(id=field_id, type=FieldType.VERDICT, label=label, photos=photos)


def _answer(report: Report, field_id: str, turn: int, actor: Actor) -> None:
    values = {3: "as built", 4: {"text": "12", "decimal": "12"}}
    scenarios.an_answer(report, field_id, values.get(turn % 5, "ok"), actor)


def _text(words: str) -> Text:
    return Text(en=words, pt=words)
