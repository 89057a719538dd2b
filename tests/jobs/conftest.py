"""A row of work whose kind does what the test needs, on a queue that no other test uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import text, update

from app import create_app
from app.config import Settings
from app.extensions import db
from app.jobs.registry import Claim, Kind
from app.jobs.runner import publish
from app.models import PhotoCheck
from app.photos.jobs import CHECKING
from tests.conftest import settings_for
from tests.support import servers as test_servers
from tests.support.scenarios import a_photo, a_report


@dataclass
class Bench:
    """The runner calls `perform`; `row()` reloads the row."""

    kind: Kind
    work_id: UUID
    perform: Callable[[Claim], None]

    def row(self) -> PhotoCheck:
        db.session.expire_all()
        return db.session.query(PhotoCheck).filter_by(id=self.work_id).one()

    def change(self, **values: object) -> None:
        db.session.execute(update(PhotoCheck).where(PhotoCheck.id == self.work_id).values(**values))
        db.session.commit()

    def age(self, column: str, seconds: int) -> None:
        """Move a time of the row `seconds` into the past."""
        self.change(**{column: text(f"clock_timestamp() - interval '{seconds} seconds'")})

    def expire_lease(self) -> None:
        self.age("lease_until", 1)


@pytest.fixture
def bench(app, acting, cast, monkeypatch) -> Iterator[Bench]:
    made: list[Bench] = []

    def perform(claim: Claim) -> None:
        made[0].perform(claim)

    def nothing(claim: Claim) -> None:
        with publish(PhotoCheck, claim):
            pass

    kind = replace(CHECKING, perform=perform, queue=f"test-{uuid4().hex}")
    monkeypatch.setitem(app.extensions["laudo_jobs"], "photo_check", kind)
    monkeypatch.setitem(app.extensions, "laudo_redis_away_until", 0.0)
    with acting(cast.tess) as actor:
        photo = a_photo(a_report(actor), "enclosure", actor, verdict=None)
        check = PhotoCheck(photo_id=photo.id)
        db.session.add(check)
        db.session.commit()
        made.append(Bench(kind, check.id, nothing))
        yield made[0]


@pytest.fixture
def alone(tmp_path) -> Iterator[tuple[Flask, Settings]]:
    """An app with its own PostgreSQL and Redis databases, where commits are real."""
    running = test_servers.current()
    name = running.clone(f"laudo_jobs_{uuid4().hex[:8]}")
    with running.lend_redis() as redis_url:
        settings = settings_for(name, tmp_path, redis_url=redis_url)
        app = create_app(settings)
        yield app, settings
        with app.app_context():
            db.engine.dispose()
            app.extensions["laudo_platform_engine"].dispose()
    running.drop(name)
