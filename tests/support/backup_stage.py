"""An installation with real reports, photos, signatures and PDFs, to back up and restore."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import psycopg2
from click.testing import Result
from flask import Flask
from sqlalchemy import select

from app import create_app
from app import database_roles as roles
from app.anchors.service import anchor_head
from app.branding.service import Brand, brand_tenant
from app.commands.demo.signature import draw
from app.extensions import db
from app.fonts import FONT_FOLDER, Fonts
from app.imaging.logo import make_initials_logo
from app.models import Actor, PhotoPlacement, Report
from app.photos.placing import place_again
from app.reports.completing.service import submit_report
from app.reports.signing.service import SignatureInput, sign_report
from app.reports.starting.service import start_report
from app.tenancy import tenant_scope
from tests.conftest import settings_for
from tests.support import servers as test_servers
from tests.support.backup_rows import RELEASED, TOMBSTONE, add_rows
from tests.support.cast import Cast, Person
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg
from tests.support.scenarios import (
    a_comment,
    a_report,
    a_review,
    a_settled_conflict,
    a_valid_signature,
    a_witness,
    all_answers,
)
from tests.support.stored import storage


@dataclass(frozen=True)
class Place:
    """A database, a storage folder, and the app that uses them."""

    database: str
    storage: Path
    app: Flask

    def flask(self, *arguments: str) -> Result:
        """Run a command as an operator would, with the logins of this database."""
        running = test_servers.current()
        environment = {
            "BACKUP_DATABASE_URL": running.url(roles.BACKUP, self.database),
            "MIGRATION_DATABASE_URL": running.url(roles.OWNER, self.database),
        }
        try:
            return self.app.test_cli_runner().invoke(args=list(arguments), env=environment)
        finally:
            self.let_go()

    def let_go(self) -> None:
        """Close every connection, so that the database can be copied or dropped."""
        with self.app.app_context():
            db.engine.dispose()
            self.app.extensions["laudo_platform_engine"].dispose()

    def as_superuser(self, *statements: str) -> None:
        """Run statements as the server's superuser, bypassing all of Laudo's rules."""
        running = test_servers.current()
        with psycopg2.connect(running.postgres().dsn(database=self.database)) as connection:
            for statement in statements:
                connection.cursor().execute(statement)
        connection.close()


def place(database: str, folder: Path) -> Place:
    app = create_app(settings_for(database, folder))
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["RATELIMIT_ENABLED"] = False
    return Place(database, folder, app)


@contextmanager
def empty_place(folder: Path) -> Iterator[Place]:
    """What `flask restore` needs: an empty database of the owner and an empty storage."""
    running = test_servers.current()
    name = f"laudo_restored_{uuid4().hex[:8]}"
    roles.ensure_database(running.postgres().dsn(), name)
    made = place(name, folder)
    try:
        yield made
    finally:
        made.let_go()
        running.drop(name)


@contextmanager
def copied_place(original: Place, folder: Path) -> Iterator[Place]:
    """A copy of the installation that the test may damage."""
    running = test_servers.current()
    name = running.clone(f"laudo_harmed_{uuid4().hex[:8]}", original.database)
    shutil.copytree(original.storage, folder)
    made = place(name, folder)
    try:
        yield made
    finally:
        made.let_go()
        running.drop(name)


@dataclass(frozen=True)
class Filled(Place):
    """`pdf` is the completed report's."""

    report_id: UUID
    document_id: UUID
    photo_ids: tuple[UUID, ...]
    pdf: bytes = field(repr=False)


def place_first_again(desk: Desk, tess: Actor) -> None:
    first = select(PhotoPlacement.id).where(PhotoPlacement.position == 0)
    place_again(
        report_id=desk.report_id,
        field_id="enclosure",
        client_id=uuid4(),
        actor=tess,
        placement_id=db.session.scalars(first).one(),
    )
    db.session.commit()


def fill(empty: Place, cast: Cast, *, is_of_today: bool = True) -> Filled:
    """A completed report with photos (one of them in two places), signature and PDF; a half-filled
    one; logo and colours; and a row of every other table.

    Without `is_of_today` there is nothing that the first release could not hold: a photo in two
    places, the signature of a witness.
    """

    @contextmanager
    def acting(person: Person) -> Iterator[Actor]:
        assert person.tenant_id
        with empty.app.app_context(), tenant_scope(person.tenant_id):
            yield Actor(person.name, person.role, person.id)

    with acting(cast.ana) as ana:
        logo = make_initials_logo("Acme", "#1f5fa8", fonts=Fonts.from_folder(FONT_FOLDER))
        brand_tenant(Brand(logo=logo, second_logo=None, contact="Rua Ôito, 8"), actor=ana)
        db.session.commit()
        all_answers(a_report(ana), ana, remarks="Ação em curso ✓")
    desk = Desk(empty.app, acting, cast)
    desk.answer()
    desk.photograph(a_jpeg(), a_jpeg(), a_jpeg())
    desk.read_photos()
    with acting(cast.tess) as tess:
        if is_of_today:
            place_first_again(desk, tess)
        report = db.session.scalars(select(Report).where(Report.id == desk.report_id)).one()
        a_settled_conflict(report, "customer", "Ünpassend", tess)
        max_ = Actor(cast.max.name, cast.max.role, cast.max.id)
        review = a_review(report, max_)
        a_comment(
            review, "enclosure", "Türe öffnen", max_, done_by=cast.tess.id, done_at=review.closed_at
        )
        if is_of_today:
            witness = a_witness(report, max_, role_id="client", name="Zoë Zeugin")
            a_valid_signature(report, "client", max_, taken_by=None, witness_id=witness.id)
        drawn = draw(Random(1))
        given = SignatureInput(
            signer_name="Rui Signer",
            image=drawn.png,
            strokes=drawn.strokes_json,
            client_id=uuid4(),
            client_at=None,
        )
        sign_report(report_id=desk.report_id, role_id="technician", given=given, actor=tess)
        db.session.commit()
        submit_report(report_id=desk.report_id, actor=tess)
        db.session.commit()
        report = db.session.scalars(select(Report).where(Report.id == desk.report_id)).one()
        start_report(
            checklist_id=report.version.checklist_id,
            project_id=report.project_id,
            title="The first that took a number",
            actor=tess,
            client_id=uuid4(),
        )
        db.session.commit()
    document = desk.make()
    with acting(cast.tess):
        assert document.storage_key
        with storage().open(document.storage_key) as file:
            pdf = file.read()
        photo_ids = tuple(
            db.session.execute(db.text("select id from photos order by id")).scalars()
        )
    add_rows(empty.app, cast, report_id=desk.report_id)
    with acting(cast.tess):
        anchor_head()
        db.session.commit()
    empty.as_superuser(TOMBSTONE, RELEASED)
    empty.let_go()
    return Filled(
        database=empty.database,
        storage=empty.storage,
        app=empty.app,
        report_id=desk.report_id,
        document_id=document.id,
        photo_ids=photo_ids,
        pdf=pdf,
    )
