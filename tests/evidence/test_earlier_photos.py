"""A photo that one report received and another shows, as a revision will: each report is verified
on its own, and tampering with the photo is reported for both."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.commands.check.evidence import check_evidence
from app.commands.check.finding import Level
from app.documents.service import request_document
from app.exports.company.files import stored_files
from app.exports.company.tables import tables
from app.extensions import db
from app.jobs import runner
from app.models import Actor, Document, PhotoPlacement, Report, WorkState
from app.reports.completing.service import submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.tenancy import tenant_scope
from tests.evidence.tampering import unguarded
from tests.support import scenarios
from tests.support import servers as test_servers
from tests.support.backup_stage import Place, place
from tests.support.cast import Person
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg

pytestmark = pytest.mark.xdist_group("frozen")


@dataclass(frozen=True)
class Pair:
    """Two completed reports, the photos of the first in both, and the preview of the second."""

    place: Place
    first: UUID
    second: UUID
    preview: Document

    def wrong(self) -> list[str]:
        with self.place.app.app_context():
            found = list(check_evidence(with_bytes=True))
        return [one.sentence for one in found if one.level is not Level.OK]


def complete(report: Report, tess: Actor) -> None:
    signed = content_hash(report, load_facts(report))
    scenarios.a_signature(report, "technician", tess, content_hash=signed)
    submit_report(report_id=report.id, actor=tess)
    db.session.commit()


@pytest.fixture(scope="module")
def pair(tmp_path_factory, cast) -> Iterator[Pair]:
    running = test_servers.current()
    empty = place(running.clone(f"laudo_pair_{uuid4().hex[:8]}"), tmp_path_factory.mktemp("pair"))

    @contextmanager
    def acting(person: Person) -> Iterator[Actor]:
        with empty.app.app_context(), tenant_scope(person.tenant_id):
            yield Actor(person.name, person.role, person.id)

    desk = Desk(empty.app, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg(), a_jpeg())
    desk.read_photos()
    desk.submit()
    with acting(cast.tess) as tess:
        first = db.session.scalars(select(Report).where(Report.id == desk.report_id)).one()
        second = scenarios.a_report(tess, project=first.project, version=first.version)
        scenarios.all_answers(second, tess)
        for one in db.session.scalars(
            select(PhotoPlacement).where(PhotoPlacement.report_id == first.id)
        ).all():
            db.session.add(
                PhotoPlacement(
                    report_id=second.id,
                    photo_id=one.photo_id,
                    field_id=one.field_id,
                    position=one.position,
                )
            )
        db.session.commit()
        second_id, preview_id = second.id, request_document(second, actor=tess).id
        db.session.commit()
    with empty.app.app_context():
        runner.run("document", str(preview_id))
    with acting(cast.tess) as tess:
        preview = db.session.scalars(select(Document).where(Document.id == preview_id)).one()
        db.session.expunge(preview)
        complete(db.session.scalars(select(Report).where(Report.id == second_id)).one(), tess)
    empty.let_go()
    yield Pair(empty, desk.report_id, second_id, preview)
    empty.let_go()
    running.drop(empty.database)


def test_the_later_report_prints_the_photos_as_they_were_drawn(pair):
    """A completed report takes no more derivatives, so none is drawn with another number."""
    assert (pair.preview.state, pair.preview.error) == (WorkState.DONE, None)
    assert pair.preview.photos_printed == 2


def test_both_are_unbroken(pair):
    assert pair.wrong() == []


def test_the_archive_has_them_under_both_reports(pair, cast):
    with pair.place.app.app_context(), tenant_scope(cast.acme):
        numbers = dict(db.session.execute(select(Report.id, Report.number)).all())
        paths = [one.path for one in stored_files() if one.path.startswith("photos/")]
        (table,) = (one for one in tables() if one.name == "photos")
        listed = [row[0] for row in table.rows()]
    for report_id in (pair.first, pair.second):
        assert sum(f"/{numbers[report_id]}-R0/" in path for path in paths) == 2
        assert listed.count(f"{numbers[report_id]}-R0") == 2


@pytest.mark.parametrize(
    "statement",
    [
        "update photos set latitude = 1, longitude = 2",
        "update photos set report_id = (select id from reports where id <> report_id limit 1)",
        "update photo_readings set device = 'Other'",
        "delete from audit_entries where action = 'photo.received'",
        "update photos set sha256 = md5(sha256) || md5(sha256)",
    ],
)
def test_tampering_with_a_photo_is_reported_for_each_report(pair, statement):
    pair.place.let_go()
    copy = test_servers.current().clone(f"laudo_harm_{uuid4().hex[:8]}", pair.place.database)
    made = place(copy, pair.place.storage)
    connection = unguarded(copy)
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(statement)
            assert cursor.rowcount
        said = " ".join(Pair(made, pair.first, pair.second, pair.preview).wrong())
        assert str(pair.first) in said and str(pair.second) in said, said
    finally:
        connection.close()
        made.let_go()
        test_servers.current().drop(copy)
