"""One report with its photos and its PDF, step by step as people and workers make them."""

from __future__ import annotations

import io
from uuid import UUID, uuid4

from pypdfium2 import PdfDocument
from sqlalchemy import select

from app.documents.service import request_document
from app.extensions import db
from app.jobs import runner
from app.models import (
    Document,
    PhotoCheck,
    WorkState,
)
from app.photos.placing import place_again
from app.photos.service import PhotoAlreadyHere, Upload, add_photo
from app.reports.completing.service import submit_report
from app.reports.content import content_hash
from app.reports.facts import load_facts
from app.reports.queries import get_report
from app.storage import receive
from tests.support.alternatives import alternatives
from tests.support.scenarios import (
    a_project,
    a_report,
    a_signature,
    all_answers,
)
from tests.support.stored import storage


class Desk:
    """A report of Tess, its photos and its PDF, step by step as people and workers make them."""

    def __init__(self, app, acting, cast) -> None:
        self.app, self.acting, self.tess = app, acting, cast.tess
        with acting(self.tess) as actor:
            project = a_project(actor, "Data Center SP4", address="Al. Araguaia 3571")
            self.report_id: UUID = a_report(actor, project=project).id

    def answer(self, **changes) -> None:
        with self.acting(self.tess) as actor:
            all_answers(get_report(self.report_id, person=actor), actor, **changes)

    def photograph(self, *pictures: bytes, field_id: str = "enclosure") -> None:
        with self.acting(self.tess) as actor:
            for data in pictures:
                with receive(io.BytesIO(data)) as received:
                    upload = Upload(received, client_id=uuid4())
                    at = {"report_id": self.report_id, "field_id": field_id, "actor": actor}
                    try:
                        add_photo(upload=upload, **at)
                    except PhotoAlreadyHere as error:
                        place_again(
                            placement_id=error.placement_id, client_id=upload.client_id, **at
                        )
                db.session.commit()

    def read_photos(self) -> None:
        with self.acting(self.tess):
            waiting = list(
                db.session.scalars(
                    select(PhotoCheck.id).where(PhotoCheck.state == WorkState.QUEUED)
                )
            )
        for check_id in waiting:
            self.run("photo_check", check_id)

    def submit(self) -> None:
        with self.acting(self.tess) as actor:
            report = get_report(self.report_id, person=actor)
            signed = content_hash(report, load_facts(report))
            a_signature(report, "technician", actor, content_hash=signed)
            submit_report(report_id=self.report_id, actor=actor)
            db.session.commit()

    def ask(self) -> UUID:
        with self.acting(self.tess) as actor:
            report = get_report(self.report_id, person=actor)
            document_id = request_document(report, actor=actor).id
            db.session.commit()
            return document_id

    def run(self, kind: str, work_id: UUID) -> None:
        with self.app.app_context():
            runner.run(kind, str(work_id))

    def make(self) -> Document:
        document_id = self.ask()
        self.run("document", document_id)
        return self.document(document_id)

    def document(self, document_id: UUID) -> Document:
        with self.acting(self.tess):
            return db.session.scalars(select(Document).where(Document.id == document_id)).one()

    def alternatives(self, document: Document) -> list[str]:
        return alternatives(self._bytes(document))

    def _bytes(self, document: Document) -> bytes:
        with self.acting(self.tess):
            return storage().open(document.storage_key or "").read()

    def text(self, document: Document) -> str:
        pages = PdfDocument(self._bytes(document))
        words = " ".join(page.get_textpage().get_text_range() for page in pages)
        return " ".join(words.split())
