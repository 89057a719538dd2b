"""Concurrent acts with real commits still make one document, one claim, one photo."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID, uuid4

from flask import Flask
from sqlalchemy import func, select

from app.branding.draft import draft_of
from app.branding.preview.service import request_preview
from app.documents.service import request_document
from app.exports.answers.service import MAX_OPEN, TooManyOpen
from app.exports.answers.service import request_export as request_answers
from app.exports.company.service import request_export
from app.extensions import db
from app.jobs.registry import get_kind
from app.jobs.runner import claim_work
from app.models import (
    Actor,
    AnswerExport,
    AnswerFormat,
    BrandPreview,
    Document,
    Export,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    Tenant,
    WorkState,
)
from app.photos.service import Upload, add_photo
from app.reports.listing.filters import ReportFilter
from app.reports.queries import get_report
from app.storage import receive
from app.tenancy import tenant_scope
from tests.support.cast import Person, load_cast
from tests.support.pictures import a_jpeg
from tests.support.scenarios import a_report

AT_ONCE = 8


def at_once(app: Flask, person: Person, act: Callable[[Actor], object]) -> list[object]:
    """Run `act` in eight threads that start together; returns their results."""
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


def test_concurrent_requests_make_one_document(alone):
    app, _settings = alone
    tess, report_id = start(app)

    def ask(actor: Actor) -> UUID:
        return request_document(get_report(report_id, person=actor), actor=actor).id

    assert len(set(at_once(app, tess, ask))) == 1
    assert count(app, tess, Document) == 1


def ask_for_answers(actor: Actor, time_zone: str) -> AnswerExport:
    return request_answers(
        criteria=ReportFilter(),
        filters={},
        format=AnswerFormat.CSV,
        locale="en",
        time_zone=time_zone,
        most=100,
        actor=actor,
    )


def test_concurrent_requests_make_one_export_of_answers(alone):
    app, _settings = alone
    tess, _report_id = start(app)
    assert len(set(at_once(app, tess, lambda actor: ask_for_answers(actor, "UTC").id))) == 1
    assert count(app, tess, AnswerExport) == 1


def test_a_person_never_has_more_open_exports_of_answers_than_allowed(alone):
    app, _settings = alone
    tess, _report_id = start(app)

    def ask(actor: Actor) -> str:
        try:
            ask_for_answers(actor, uuid4().hex)
        except TooManyOpen:
            return "refused"
        return "taken"

    refused = AT_ONCE - MAX_OPEN
    assert sorted(at_once(app, tess, ask)) == ["refused"] * refused + ["taken"] * MAX_OPEN
    assert count(app, tess, AnswerExport) == MAX_OPEN


def test_concurrent_requests_make_one_company_export(alone):
    app, _settings = alone
    ana = load_cast(app).ana
    assert len(set(at_once(app, ana, lambda actor: request_export(actor=actor).id))) == 1
    assert count(app, ana, Export) == 1


def test_concurrent_drafts_leave_one_open_preview(alone):
    app, _settings = alone
    ana = load_cast(app).ana

    def ask(actor: Actor) -> UUID:
        draft = draft_of(db.session.scalars(select(Tenant)).one())
        pdf = draft.pdf.model_copy(update={"footer": uuid4().hex})
        changed = draft.model_copy(update={"pdf": pdf})
        return request_preview(changed, account_id=actor.account_id).id

    assert len(set(at_once(app, ana, ask))) == AT_ONCE
    with app.app_context(), tenant_scope(ana.tenant_id):
        states = sorted(db.session.scalars(select(BrandPreview.state)))
    assert states == [WorkState.FAILED, WorkState.QUEUED]


def test_repeated_uploads_make_one_photo_and_one_claim(alone):
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


def test_parallel_photos_get_distinct_positions_within_the_maximum(alone):
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
