"""Submit against what still arrives, on real connections: what is frozen is what stands.

The row lock and the trigger both say so; here threads that know of neither try to prove otherwise.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from uuid import UUID, uuid4

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.definition.schema import Field, FieldType, PhotoPolicy, Section, Text
from app.extensions import db
from app.models import Actor, Answer, Photo, PhotoPlacement, Report, ReportStatus, Snapshot
from app.photos.service import TooManyPhotos, Upload, add_photo
from app.reports.answering import Given, save_answer
from app.reports.queries import ReportClosed
from app.reports.submitting import submit_report
from app.storage import receive
from app.tenancy import tenant_scope
from tests import scenarios
from tests.alone import DONE, all_at_once, app_alone

FIELD = Field(id="cover", type=FieldType.TEXT, label=Text(en="Cover"), photos=PhotoPolicy(max=3))
ROUNDS = 4


@pytest.fixture
def stage(tmp_path, cast):
    """(app, actor, fresh): `fresh()` is the id of a report that lacks nothing."""
    actor = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    section = Section(id="one", title=Text(en="One"), fields=(FIELD,))

    def fresh() -> UUID:
        with app.app_context(), tenant_scope(cast.acme):
            definition = scenarios.a_definition(
                code=f"R{uuid4().hex[:6].upper()}", info_fields=(), sections=(section,),
                signature_roles=(),
            )  # fmt: skip
            report = scenarios.a_report(actor, version=scenarios.a_checklist(actor, definition))
            scenarios.an_answer(report, "cover", "first", actor)
            return report.id

    with app_alone(tmp_path) as app:
        yield app, actor, fresh


def picture(shade: int) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 24), (shade, 90, 90)).save(buffer, "JPEG")
    return buffer.getvalue()


def upload(report_id: UUID, actor: Actor, shade: int) -> Callable[[], object]:
    def act() -> None:
        with receive(io.BytesIO(picture(shade))) as received:
            add_photo(
                report_id=report_id, field_id="cover", actor=actor,
                upload=Upload(received, client_id=uuid4()),
            )  # fmt: skip

    return act


def test_an_answer_is_in_the_snapshot_or_refused(stage, cast):
    app, actor, fresh = stage
    for _round in range(ROUNDS):
        report_id = fresh()

        def save(words: str, report_id: UUID = report_id) -> Callable[[], object]:
            given = Given(value=words, row_version=1, client_id=uuid4())
            return lambda: save_answer(
                report_id=report_id, field_id="cover", given=given, actor=actor
            )

        def submit(report_id: UUID = report_id) -> object:
            return submit_report(report_id=report_id, actor=actor)

        all_at_once(app, cast.acme, [submit, *(save(f"late {n}") for n in range(5))])
        with app.app_context(), tenant_scope(cast.acme):
            report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
            row = db.session.scalars(select(Answer).where(Answer.report_id == report_id)).one()
            snapshot = db.session.scalars(
                select(Snapshot).where(Snapshot.report_id == report_id)
            ).one()
            assert report.status is ReportStatus.COMPLETED
            assert row.value in json.dumps(json.loads(snapshot.body)["answers"])
            with pytest.raises(ReportClosed):
                save("after")()


def test_a_photo_is_in_the_snapshot_or_refused(stage, cast):
    app, actor, fresh = stage
    for round_number in range(ROUNDS):
        report_id = fresh()

        def submit(report_id: UUID = report_id) -> object:
            return submit_report(report_id=report_id, actor=actor)

        shades = [round_number * 10 + n for n in range(3)]
        all_at_once(
            app, cast.acme, [submit, *(upload(report_id, actor, shade) for shade in shades)]
        )
        with app.app_context(), tenant_scope(cast.acme):
            hashes = set(
                db.session.scalars(select(Photo.sha256).where(Photo.report_id == report_id))
            )
            body = db.session.scalar(select(Snapshot.body).where(Snapshot.report_id == report_id))
            # A photo that came first is still being read, and then the submit has to wait.
            assert body is None or all(one in body for one in hashes)
            assert body is not None or hashes


def test_parallel_uploads_keep_to_the_most_that_a_question_takes(stage, cast):
    app, actor, fresh = stage
    report_id = fresh()
    outcomes = all_at_once(
        app, cast.acme, [upload(report_id, actor, 20 * shade) for shade in range(10)]
    )
    assert outcomes.count(DONE) == FIELD.photos.max
    refused = [one for one in outcomes if one != DONE]
    assert all(isinstance(one, TooManyPhotos) for one in refused), refused
    with app.app_context(), tenant_scope(cast.acme):
        placed = select(func.count()).where(PhotoPlacement.report_id == report_id)
        assert db.session.scalar(placed) == FIELD.photos.max
