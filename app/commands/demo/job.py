"""The main job step by step, as its pages do it: the same services, one commit per request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from sqlalchemy import select

from app.checklists.service import WorkbookRefused, draft_from_workbook, publish_version
from app.commands.demo.answers import Filled, fill_all
from app.commands.demo.cast import NORTHWIND, Site
from app.commands.demo.photos import Shot, place_each_once, top_up
from app.commands.demo.signature import draw
from app.definition.judging import PhotoState
from app.definition.schema import Definition, Language
from app.extensions import db
from app.models import Actor, Document, PhotoCheck, PhotoSource, Version, WorkState
from app.photos.placing import explain_photo, place_again
from app.photos.service import PhotoAlreadyHere, Upload, add_photo
from app.reports.completing.service import submit_report
from app.reports.facts import PlacedPhoto, list_placed_photos
from app.reports.filling.saving import AnswerInput
from app.reports.filling.service import save_answer
from app.reports.signing.service import SignatureInput, sign_report
from app.reports.starting.service import start_report
from app.storage import receive
from app.watching import Watch, unwatched

SIGNERS = ("Rita Campos", "Daniel Okafor", "Helena Duarte", "Jonas Weber")
DAMAGED = "The file was damaged on the phone; another photo of the same place is beside it."
WAIT_SECONDS = 900
BUSY_UPLOADS = 20
STEP_SECONDS = 0.3


class Stuck(RuntimeError):
    """A worker did not finish in time, or its work failed; the message says which."""


@dataclass
class Job:
    """One report from its workbook to its PDF. Keeps only ids and plain data between the steps."""

    manager: Actor
    technician: Actor
    rng: Random
    site: Site
    # How photos are read: by waiting for a worker, or in this process.
    read_photos: Callable[[UUID, Watch], None] = lambda *given: wait_for_photos(*given)
    watch: Watch = unwatched
    definition: Definition = field(init=False)
    checklist_id: UUID = field(init=False)
    report_id: UUID = field(init=False)
    answers: dict[str, Filled] = field(default_factory=dict)
    shots: list[Shot] = field(default_factory=list)

    def import_checklist(self, data: bytes, filename: str) -> None:
        """Upload, preview and publish. Raises WorkbookRefused with every problem."""
        draft = self._draft(data, filename)
        db.session.commit()
        version = publish_version(version_id=draft.id, actor=self.manager)
        db.session.commit()
        self.use_checklist(version.checklist_id, version.definition)

    def _draft(self, data: bytes, filename: str) -> Version:
        """Upload again, as the page asks people to, while the machine is too busy to read."""
        for _upload in range(BUSY_UPLOADS - 1):
            try:
                return draft_from_workbook(data=data, filename=filename, actor=self.manager)
            except WorkbookRefused as refused:
                if not refused.is_busy:
                    raise
                db.session.rollback()
                time.sleep(STEP_SECONDS)
        return draft_from_workbook(data=data, filename=filename, actor=self.manager)

    def use_checklist(self, checklist_id: UUID, definition: Definition) -> None:
        self.checklist_id, self.definition = checklist_id, definition

    def start(self, title: str, tag: str = "") -> None:
        report = start_report(
            checklist_id=self.checklist_id,
            project_id=self.site.project_id,
            title=title[:200],
            equipment_tag=tag,
            actor=self.technician,
            client_id=uuid4(),
        )
        db.session.commit()
        self.report_id = report.id

    def answer(self, *, share: float = 1.0, flawless: bool = False) -> int:
        """Answer the first `share` of the fields; returns how many."""
        today = datetime.now(ZoneInfo(NORTHWIND.time_zone)).date()
        self.answers = fill_all(self.definition, self.rng, today, flawless=flawless)
        chosen = list(self.answers.items())[: round(len(self.answers) * share)]
        for field_id, filled in self.watch(chosen, "Answering", unit="fields"):
            given = AnswerInput(
                value=filled.raw,
                language=Language.EN,  # the format of the numbers in answers.py
                comment=filled.comment,
                na_reason=filled.na_reason,
                client_id=uuid4(),
                client_at=datetime.now(UTC),
            )
            save_answer(
                report_id=self.report_id, field_id=field_id, given=given, actor=self.technician
            )
            db.session.commit()
        return len(chosen)

    def photograph(self, pictures: list[Path]) -> None:
        """Upload each picture once, then repeat pictures until every minimum has its good
        photos."""
        waived = {name for name, filled in self.answers.items() if filled.na_reason}
        self._upload(place_each_once(self.definition, pictures, waived))
        self.read_photos(self.report_id, self.watch)
        good_files = self._good_files(pictures)
        counts = Counter(one.placement.field_id for one in self._placed(PhotoState.GOOD))
        if good_files:
            self._upload(top_up(self.definition, counts, good_files, waived))
            self.read_photos(self.report_id, self.watch)
        self._explain_damaged()

    def sign(self) -> int:
        """Sign the current content in every role; returns the number of signatures."""
        for role, name in zip(self.definition.signature_roles, _signer_names(), strict=False):
            drawn = draw(self.rng)
            given = SignatureInput(
                signer_name=self.technician.name if role.prefill else name,
                image=drawn.png,
                strokes=drawn.strokes_json,
                client_id=uuid4(),
                client_at=datetime.now(UTC),
            )
            sign_report(
                report_id=self.report_id, role_id=role.id, given=given, actor=self.technician
            )
            db.session.commit()
        return len(self.definition.signature_roles)

    def submit(self) -> None:
        submit_report(report_id=self.report_id, actor=self.technician)
        db.session.commit()

    def wait_for_document(self) -> Document:
        """The report's PDF once it is done. Raises Stuck."""
        while not (document := self._newest_document()).is_settled:
            stage, total = document.progress_stage, document.progress_total
            label = f"PDF, {stage or 'queued'}"
            for _step in self.watch(self._steps(stage), label, unit="steps", total=total or None):
                pass
        if document.state is not WorkState.DONE:
            raise Stuck(f"the PDF failed: {document.error}")
        return document

    def _steps(self, stage: str | None) -> Iterator[None]:
        """Yield once per finished photo or page while the PDF is in this stage."""
        counted = 0
        for _poll in _polls("the PDF"):
            document = self._newest_document()
            if document.is_settled or document.progress_stage != stage:
                return
            yield from [None] * (document.progress_done - counted)
            counted = document.progress_done

    def _newest_document(self) -> Document:
        db.session.rollback()
        return db.session.scalars(
            select(Document)
            .where(Document.report_id == self.report_id)
            .order_by(Document.created_at.desc())
            .limit(1)
        ).one()

    def quarantined(self) -> list[tuple[str, str]]:
        """(SHA-256, reason code) of each photo whose pixels could not be decoded."""
        return [
            (one.photo.sha256, (one.reading and one.reading.reason) or "")
            for one in self._placed(PhotoState.QUARANTINED)
        ]

    def good_photos(self) -> list[PlacedPhoto]:
        return self._placed(PhotoState.GOOD)

    def _placed(self, state: PhotoState) -> list[PlacedPhoto]:
        return [one for one in list_placed_photos(self.report_id) if one.state is state]

    def _upload(self, shots: Collection[Shot]) -> None:
        for shot in self.watch(shots, "Uploading", unit="photos"):
            with shot.path.open("rb") as stream, receive(stream) as received:
                upload = replace(
                    self._positioned(shot, Upload(received)),
                    client_id=uuid4(),
                    sha256=received.sha256,
                    source=PhotoSource.FILE,
                    client_at=datetime.now(UTC),
                )
                self._place(shot, upload)
                db.session.commit()
            self.shots.append(shot)

    def _place(self, shot: Shot, upload: Upload) -> None:
        """A repeated picture gets one more placement."""
        try:
            add_photo(
                report_id=self.report_id,
                field_id=shot.field.id,
                upload=upload,
                actor=self.technician,
            )
        except PhotoAlreadyHere as error:
            place_again(
                report_id=self.report_id,
                field_id=shot.field.id,
                placement_id=error.placement_id,
                client_id=uuid4(),
                actor=self.technician,
            )

    def _positioned(self, shot: Shot, upload: Upload) -> Upload:
        """If the question requires a position, use the site's, tens of metres off."""
        site = self.site
        if not shot.field.photos.gps_required or site.latitude is None or site.longitude is None:
            return upload
        off = Decimal(self.rng.randint(-200, 200)) / 1_000_000
        return replace(
            upload,
            latitude=site.latitude + off,
            longitude=site.longitude - off,
            accuracy_m=Decimal(self.rng.randint(8, 60)),
            position_at=datetime.now(UTC),
        )

    def _good_files(self, pictures: list[Path]) -> list[Path]:
        bad = {sha for sha, _reason in self.quarantined()}
        return [path for path in pictures if sha256_of(path) not in bad]

    def _explain_damaged(self) -> None:
        for one in self._placed(PhotoState.QUARANTINED):
            explain_photo(placement_id=one.placement.id, reason=DAMAGED, actor=self.technician)
            db.session.commit()


def wait_for_photos(report_id: UUID, watch: Watch = unwatched) -> None:
    """Wait until a worker has read every photo of the report. Raises Stuck."""
    total = len(list_checks(report_id))
    for _step in watch(_read_photos(report_id), "Reading photos", unit="photos", total=total):
        pass


def _read_photos(report_id: UUID) -> Iterator[None]:
    """Yield once per photo that has been read, until all have. Raises Stuck."""
    counted = 0
    for _poll in _polls("the photos"):
        db.session.rollback()
        checks = list_checks(report_id)
        if failed := [one for one in checks if one.state is WorkState.FAILED]:
            raise Stuck(f"{len(failed)} photos could not be read: {failed[0].error}")
        read = sum(one.is_settled for one in checks)
        yield from [None] * (read - counted)
        counted = read
        if read == len(checks):
            return


def list_checks(report_id: UUID) -> list[PhotoCheck]:
    """The work rows for reading the report's photos."""
    photo_ids = [one.photo.id for one in list_placed_photos(report_id)]
    statement = select(PhotoCheck).where(PhotoCheck.photo_id.in_(photo_ids))
    return list(db.session.scalars(statement))


def _signer_names() -> list[str]:
    return [SIGNERS[n % len(SIGNERS)] for n in range(20)]


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream, receive(stream) as received:
        return received.sha256


def _polls(what: str) -> Iterator[None]:
    """Yield repeatedly until the caller stops. Raises Stuck after WAIT_SECONDS."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        yield
        time.sleep(STEP_SECONDS)
    raise Stuck(f"waited {WAIT_SECONDS} s for {what}; is a worker running?")
