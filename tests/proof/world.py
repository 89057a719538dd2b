"""A small company whose report went through its whole life, and what a customer holds of it.

A report is filled in, returned by its reviewer, mended, approved, sealed and stamped; later it is
corrected, approved again and sealed; its evidence bundle is made; the chain's heads are anchored
outside. Everything is done by the services and jobs that people and workers use.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

from sqlalchemy import select, update

from app.anchors.jobs import anchor_all
from app.commands.demo.signature import draw
from app.documents.service import request_document
from app.evidence.service import record
from app.exports.bundle.service import request_project_bundle, request_report_bundle
from app.extensions import db
from app.jobs import runner
from app.models import (
    ANY_MANAGER,
    Actor,
    Answer,
    Bundle,
    Checklist,
    Document,
    PhotoCheck,
    Project,
    Report,
    Version,
    WorkState,
)
from app.photos.service import Upload, add_photo
from app.reports.completing.service import submit_report
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import save_answer
from app.reports.reviewing.discussing import answer_comment
from app.reports.reviewing.service import (
    accept_field,
    approve_report,
    comment_on_field,
    return_report,
)
from app.reports.revising.service import correct_report
from app.reports.signing.service import SignatureInput, sign_report
from app.rows import own_tenant
from app.storage import receive
from app.tenancy import tenant_scope
from tests.support import scenarios
from tests.support.backup_stage import Place
from tests.support.cast import Cast, Person
from tests.support.pictures import a_jpeg
from tests.support.sealers import stamp_document
from tests.support.stored import storage

SITE = "Data Center SP4"
TYPED = "Dry finish – 5 Ω, checked twice"


@dataclass(frozen=True)
class World:
    """`report_id` is R0 and `revision_id` R1, both completed. `anchors` is the place outside."""

    place: Place
    cast: Cast
    anchors: Path
    report_id: UUID
    revision_id: UUID

    @contextmanager
    def acting(self, person: Person) -> Iterator[Actor]:
        assert person.tenant_id
        with self.place.app.app_context(), tenant_scope(person.tenant_id):
            yield Actor(person.name, person.role, person.id)

    def hand_out(self, folder: Path) -> None:
        """What a customer has: R0.pdf, R1.pdf and bundle.zip."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, report_id in (("R0", self.report_id), ("R1", self.revision_id)):
            (folder / f"{name}.pdf").write_bytes(newest_pdf(self, report_id))
        (folder / "bundle.zip").write_bytes(make_bundle(self, self.revision_id))

    def fingerprints(self) -> str:
        """The certificates that sealed the company's PDFs, separated by commas."""
        with self.acting(self.cast.ana):
            return ",".join(
                sorted(
                    one
                    for one in db.session.scalars(select(Document.seal_fingerprint).distinct())
                    if one
                )
            )


def run_all(world: World, kind: str, model: type) -> None:
    """Let the worker do all that is queued of this kind."""
    with world.acting(world.cast.ana):
        waiting = list(
            db.session.scalars(select(model.id).where(model.state == WorkState.QUEUED))  # type: ignore[attr-defined]
        )
    for work_id in waiting:
        with world.place.app.app_context():
            runner.run(kind, str(work_id))


def newest_pdf(world: World, report_id: UUID) -> bytes:
    with world.acting(world.cast.ana):
        key = db.session.scalars(
            select(Document.storage_key)
            .where(Document.report_id == report_id, Document.state == WorkState.DONE)
            .order_by(Document.created_at.desc())
            .limit(1)
        ).one()
        data: bytes = storage().open(key).read()
        return data


def make_pdf(world: World, report_id: UUID, person: Person) -> None:
    with world.acting(person) as actor:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        request_document(report, actor=actor)
        db.session.commit()
    run_all(world, "document", Document)
    with world.acting(person):
        rows = db.session.scalars(select(Document).where(Document.report_id == report_id)).all()
        assert rows and all(one.state is WorkState.DONE for one in rows), [
            (one.state, one.error) for one in rows
        ]


def make_bundle(world: World, report_id: UUID, *, of_project: bool = False) -> bytes:
    """The archive, made by the worker for the admin."""
    with world.acting(world.cast.ana) as ana:
        report = db.session.scalars(select(Report).where(Report.id == report_id)).one()
        bundle_id = (
            request_project_bundle(project_id=report.project_id, actor=ana).id
            if of_project
            else request_report_bundle(report_id=report_id, actor=ana).id
        )
        db.session.commit()
    run_all(world, "bundle", Bundle)
    with world.acting(world.cast.ana):
        row = db.session.scalars(select(Bundle).where(Bundle.id == bundle_id)).one()
        assert row.state is WorkState.DONE, row.error
        data: bytes = storage().open(row.storage_key or "").read()
        return data


def anchor(world: World) -> None:
    """What the relay does once an hour."""
    with world.place.app.app_context():
        for _done in anchor_all(lambda: False):
            db.session.commit()


def photograph(world: World, report_id: UUID, person: Person, *pictures: bytes) -> None:
    with world.acting(person) as actor:
        for data in pictures:
            with receive(io.BytesIO(data)) as received:
                add_photo(
                    report_id=report_id,
                    field_id="enclosure",
                    upload=Upload(received, client_id=uuid4()),
                    actor=actor,
                )
            db.session.commit()
    run_all(world, "photo_check", PhotoCheck)


def retype(world: World, report_id: UUID, person: Person, text: str) -> None:
    with world.acting(person) as actor:
        version = db.session.scalar(
            select(Answer.row_version).where(
                Answer.report_id == report_id, Answer.field_id == "remarks"
            )
        )
        given = AnswerInput(value=[text], comment="", na_reason="", row_version=version or 0)
        save_answer(report_id=report_id, field_id="remarks", given=given, actor=actor)
        db.session.commit()


def sign_and_submit(world: World, report_id: UUID, person: Person) -> None:
    with world.acting(person) as actor:
        drawn = draw(Random(1))
        given = SignatureInput(
            signer_name=person.name,
            image=drawn.png,
            strokes=drawn.strokes_json,
            client_id=uuid4(),
            client_at=None,
        )
        sign_report(report_id=report_id, role_id="technician", given=given, actor=actor)
        db.session.commit()
        submit_report(report_id=report_id, actor=actor)
        db.session.commit()


def approve(world: World, report_id: UUID, person: Person) -> None:
    with world.acting(person) as actor:
        accept_field(report_id=report_id, field_id="remarks", is_accepted=True, actor=actor)
        approve_report(report_id=report_id, actor=actor)
        db.session.commit()


def return_and_mend(world: World, report_id: UUID) -> None:
    cast = world.cast
    with world.acting(cast.max) as max_:
        comment = comment_on_field(
            report_id=report_id, field_id="remarks", words="Which bay was it?", actor=max_
        )
        comment_id = comment.id
        return_report(report_id=report_id, actor=max_)
        db.session.commit()
    with world.acting(cast.tess) as tess:
        answer_comment(
            report_id=report_id, comment_id=comment_id, reply="Bay 3.", is_done=True, actor=tess
        )
        db.session.commit()
    retype(world, report_id, cast.tess, TYPED + ", bay 3")
    sign_and_submit(world, report_id, cast.tess)


def correct(world: World, report_id: UUID, person: Person, reason: str = "Wrong bay.") -> UUID:
    with world.acting(person) as actor:
        made = correct_report(report_id=report_id, reason=reason, actor=actor, client_id=uuid4())
        made_id: UUID = made.id
        db.session.commit()
        return made_id


def fill_in(world: World) -> UUID:
    """A report of Tess in progress, of a checklist whose reports a manager reviews."""
    with world.acting(world.cast.tess) as tess:
        project = db.session.scalars(
            select(Project).where(Project.name == SITE)
        ).one_or_none() or scenarios.a_project(tess, SITE, address="Al. Araguaia 3571")
        report = scenarios.a_report(tess, project=project)
        report_id: UUID = report.id
        db.session.execute(
            update(Checklist)
            .where(Checklist.id == report.version.checklist_id)
            .values(review_steps=[ANY_MANAGER])
        )
        scenarios.all_answers(report, tess, remarks=TYPED)
        scenarios.a_settled_conflict(report, "customer", "Typed elsewhere", tess)
        max_ = Actor(world.cast.max.name, world.cast.max.role, world.cast.max.id)
        scenarios.a_witness(report, max_, role_id="client", name="Wanda Witness")
    retype(world, report_id, world.cast.tess, TYPED + "!")
    photograph(world, report_id, world.cast.tess, a_jpeg(), a_jpeg(), a_jpeg((200, 300)))
    return report_id


def live_first(place: Place, cast: Cast, anchors: Path) -> World:
    """Until yesterday: R0 is completed, sealed, stamped and anchored."""
    place.app.config["ANCHOR_DIR"] = anchors
    world = World(place, cast, anchors, UUID(int=0), UUID(int=0))
    for person in (cast.ana, cast.otto):
        with world.acting(person) as actor:
            record("tenant.settings_changed", own_tenant(), actor, n="1")
            db.session.commit()
    with world.acting(cast.ana) as ana:
        scenarios.all_answers(scenarios.a_report(ana), ana)  # an open report beside it
    report_id = fill_in(world)
    sign_and_submit(world, report_id, cast.tess)
    return_and_mend(world, report_id)
    approve(world, report_id, cast.max)
    make_pdf(world, report_id, cast.tess)
    stamp_document(place.app, cast)
    anchor(world)
    return World(place, cast, anchors, report_id, UUID(int=0))


def live_on(world: World) -> World:
    """Today: R1 corrects R0, and is approved, sealed and anchored, too."""
    cast = world.cast
    revision_id = correct(world, world.report_id, cast.max)
    retype(world, revision_id, cast.max, TYPED + ", bay 4")
    photograph(world, revision_id, cast.max, a_jpeg())
    sign_and_submit(world, revision_id, cast.max)
    approve(world, revision_id, cast.ana)
    make_pdf(world, revision_id, cast.max)
    anchor(world)
    return World(world.place, cast, world.anchors, world.report_id, revision_id)


def a_newer_version(world: World) -> None:
    """The checklist's next version is published."""
    with world.acting(world.cast.ana) as ana:
        report = db.session.scalars(select(Report).where(Report.id == world.report_id)).one()
        old = report.version
        db.session.add(
            Version(
                checklist_id=old.checklist_id,
                number=old.number + 1,
                body={**old.body, "header": {**old.body["header"], "category": "Another"}},
                published_at=old.published_at,
                published_by=ana.account_id,
            )
        )
        db.session.commit()
