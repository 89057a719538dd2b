"""Submits that race with saves and uploads, on real connections: the snapshot equals the rows.

Both the row lock and the trigger ensure this; these threads rely on neither.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID, uuid4

import psycopg2
import pytest
from PIL import Image
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import func, select

from app.database_roles import APP
from app.definition.schema import Field, FieldType, PhotoPolicy, Section, Text
from app.extensions import db
from app.models import Actor, Answer, Photo, PhotoPlacement, Report, ReportStatus, Snapshot
from app.photos.placing import TooManyPhotos
from app.photos.service import Upload, add_photo
from app.reports.completing.service import submit_report
from app.reports.filling.service import AnswerInput, save_answer
from app.reports.queries import ReportClosed
from app.storage import receive
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.alone import DONE, all_at_once, app_alone
from tests.support.waiting import until_it_waits

FIELD = Field(id="cover", type=FieldType.TEXT, label=Text(en="Cover"), photos=PhotoPolicy(max=3))
ROUNDS = 4


@pytest.fixture
def stage(tmp_path, cast):
    """(app, actor, fresh): `fresh()` returns the id of a new complete report."""
    actor = Actor(cast.tess.name, cast.tess.role, cast.tess.id)
    section = Section(id="one", title=Text(en="One"), fields=(FIELD,))

    def fresh() -> UUID:
        with app.app_context(), tenant_scope(cast.acme):
            definition = scenarios.a_definition(
                code=f"R{uuid4().hex[:6].upper()}",
                info_fields=(),
                sections=(section,),
                signature_roles=(),
            )
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
                report_id=report_id,
                field_id="cover",
                actor=actor,
                upload=Upload(received, client_id=uuid4()),
            )

    return act


def test_an_answer_is_in_the_snapshot_or_refused(stage, cast):
    app, actor, fresh = stage
    for _round in range(ROUNDS):
        report_id = fresh()

        def save(words: str, report_id: UUID = report_id) -> Callable[[], object]:
            given = AnswerInput(value=words, row_version=1, client_id=uuid4())
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
            # A photo that came first is still being read, so the submit has to wait.
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


class TestTheDatabaseAlone:
    """Two connections that do not use the app's lock: the trigger makes one of them wait.

    Without the trigger's lock, an answer would see the report as still open and be stored after
    the report was frozen without it.
    """

    @pytest.fixture
    def connections(self, stage, cast):
        app, _actor, fresh = stage
        report_id = str(fresh())
        with app.app_context():
            name = db.engine.url.database
        opened = [
            psycopg2.connect(test_servers.current().postgres().dsn(APP, name)) for _each in range(2)
        ]
        for one in opened:
            with one.cursor() as cursor:
                cursor.execute("set app.tenant_id = %s", (str(cast.acme),))
            one.commit()
        yield (*opened, report_id)
        for one in opened:
            one.close()

    @staticmethod
    def answer(connection, report_id: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "update answers set value = '\"late\"' where report_id = %s", (report_id,)
            )
            assert cursor.rowcount == 1

    @staticmethod
    def complete(connection, report_id: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("update reports set status = 'completed' where id = %s", (report_id,))
            assert cursor.rowcount == 1

    def test_an_answer_waits_for_a_submit_and_is_refused(self, connections):
        submitting, saving, report_id = connections
        self.complete(submitting, report_id)
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(self.answer, saving, report_id)
            until_it_waits(saving, late)
            submitting.commit()
            with pytest.raises(InsufficientPrivilege):
                late.result(20)

    def test_a_submit_waits_for_an_answer(self, connections):
        submitting, saving, report_id = connections
        self.answer(saving, report_id)
        with ThreadPoolExecutor(1) as pool:
            completed = pool.submit(self.complete, submitting, report_id)
            until_it_waits(submitting, completed)
            assert not completed.done()
            saving.commit()
            completed.result(20)

    READ = (
        "insert into photo_readings (tenant_id, photo_id, verdict, notes, parser_version)"
        " select tenant_id, id, 'good', '[]', 'late' from photos where report_id = %s"
    )
    DRAWN = (
        "insert into derivatives (tenant_id, photo_id, kind, recipe, storage_key, sha256,"
        " byte_size, width, height) select tenant_id, id, 'print', 'late', 't/' || tenant_id ||"
        " '/derived/' || sha256 || '.jpg', sha256, 1, 1, 1 from photos where report_id = %s"
    )

    @staticmethod
    def photograph(connection, report_id: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(
                "insert into photos (tenant_id, report_id, client_id, sha256, byte_size,"
                " media_type, storage_key, source, uploaded_by) select tenant_id, id,"
                " gen_random_uuid(), repeat('a', 64), 1, 'image/jpeg', 't/' || tenant_id ||"
                " '/orig/' || repeat('a', 64), 'file', started_by from reports where id = %s",
                (report_id,),
            )
            cursor.execute(
                "insert into photo_placements (tenant_id, report_id, photo_id, field_id)"
                " select tenant_id, report_id, id, 'cover' from photos where report_id = %s",
                (report_id,),
            )
        connection.commit()

    @staticmethod
    def work(connection, statement: str, report_id: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement, (report_id,))
            assert cursor.rowcount == 1

    @pytest.mark.parametrize("statement", [READ, DRAWN])
    def test_a_workers_row_waits_for_a_submit_and_is_refused(self, connections, statement):
        submitting, working, report_id = connections
        self.photograph(working, report_id)
        self.complete(submitting, report_id)
        with ThreadPoolExecutor(1) as pool:
            late = pool.submit(self.work, working, statement, report_id)
            until_it_waits(working, late)
            submitting.commit()
            with pytest.raises(InsufficientPrivilege):
                late.result(20)

    @pytest.mark.parametrize("statement", [READ, DRAWN])
    def test_a_submit_waits_for_a_workers_row(self, connections, statement):
        submitting, working, report_id = connections
        self.photograph(working, report_id)
        self.work(working, statement, report_id)
        with ThreadPoolExecutor(1) as pool:
            completed = pool.submit(self.complete, submitting, report_id)
            until_it_waits(submitting, completed)
            assert not completed.done()
            working.commit()
            completed.result(20)
