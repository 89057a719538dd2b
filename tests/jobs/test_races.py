"""Many at once on real commits: one document, one claim, one photo, whoever comes first."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import func, select

from app.documents.service import request_document
from app.extensions import db
from app.jobs.registry import get_kind
from app.jobs.runner import claim_work
from app.models import Actor, Document, Photo, PhotoCheck, PhotoPlacement
from app.photos.service import Upload, add_photo
from app.reports.queries import get_report
from app.storage import receive
from app.tenancy import tenant_scope
from tests.cast import Person, load_cast
from tests.pictures import a_jpeg
from tests.scenarios import a_report

AT_ONCE = 8


def at_once(app: Flask, person: Person, act: Callable[[Actor], object]) -> list[object]:
    """What `act` returns in each of eight threads that start together."""
    barrier = Barrier(AT_ONCE)
    actor = Actor(person.name, person.role, person.id)

    def run(_number: int) -> object:
        assert person.tenant_id
        with app.app_context(), tenant_scope(person.tenant_id):
            db.session.connection()
            barrier.wait()
            result = act(actor)
            db.session.commit()
            return result

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(run, range(AT_ONCE)))


def start(app: Flask) -> tuple[Person, UUID]:
    tess = load_cast(app).tess
    with app.app_context(), tenant_scope(tess.tenant_id):
        return tess, a_report(Actor(tess.name, tess.role, tess.id)).id


def count(app: Flask, person: Person, model: type) -> int:
    with app.app_context(), tenant_scope(person.tenant_id):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_one_document_however_many_ask(alone):
    app, _settings = alone
    tess, report_id = start(app)

    def ask(actor: Actor) -> UUID:
        return request_document(get_report(report_id, person=actor), actor=actor).id

    assert len(set(at_once(app, tess, ask))) == 1
    assert count(app, tess, Document) == 1


def test_one_photo_and_one_claim_however_often_it_is_sent(alone):
    app, _settings = alone
    tess, report_id = start(app)
    data, client_id = a_jpeg(), uuid4()

    def send(actor: Actor) -> UUID:
        with receive(io.BytesIO(data)) as received:
            upload = Upload(received, client_id=client_id)
            return add_photo(
                report_id=report_id, field_id="enclosure", upload=upload, actor=actor
            ).id

    assert len(set(at_once(app, tess, send))) == 1
    assert count(app, tess, Photo) == count(app, tess, PhotoCheck) == 1

    def claim(_actor: Actor) -> object:
        check_id = db.session.scalars(select(PhotoCheck.id)).one()
        return claim_work(get_kind("photo_check"), check_id, tess.tenant_id)

    claims = at_once(app, tess, claim)
    assert claims.count(None) == AT_ONCE - 1


def test_parallel_photos_stand_at_places_of_their_own_within_the_maximum(alone):
    app, _settings = alone
    tess, report_id = start(app)

    def send(actor: Actor) -> str:
        with receive(io.BytesIO(a_jpeg())) as received:
            upload = Upload(received, client_id=uuid4())
            try:
                add_photo(report_id=report_id, field_id="enclosure", upload=upload, actor=actor)
            except Exception as error:
                return type(error).__name__
            return "taken"

    assert sorted(at_once(app, tess, send)) == ["TooManyPhotos"] * 3 + ["taken"] * 5
    with app.app_context(), tenant_scope(tess.tenant_id):
        positions = sorted(db.session.scalars(select(PhotoPlacement.position)))
    assert positions == [0, 1, 2, 3, 4]
