"""People who make reports and take photos, and the steps of the worker that reads and compares
them."""

from __future__ import annotations

import io
from uuid import UUID, uuid4

from sqlalchemy import select

from app.extensions import db
from app.jobs import runner
from app.models import LikenessKind, PhotoCheck, PhotoComparison, PhotoLikeness, WorkState
from app.photos.service import Upload, add_photo
from app.reports.facts import load_facts
from app.reports.likenesses import Likenesses
from app.reports.queries import get_report
from app.storage import receive
from tests.support import scenarios


class PhotoSite:
    """Everything is done by Tess unless another person is given."""

    def __init__(self, app, acting, cast) -> None:
        self.app, self.acting, self.cast = app, acting, cast

    def report(self, person=None) -> UUID:
        with self.acting(person or self.cast.tess) as actor:
            return scenarios.a_report(actor).id

    def photograph(self, report_id: UUID, *pictures: bytes, person=None, read=True) -> list[UUID]:
        """The ids of the photos, which are read but not compared yet."""
        with self.acting(person or self.cast.tess) as actor:
            made = []
            for data in pictures:
                with receive(io.BytesIO(data)) as received:
                    upload = Upload(received, client_id=uuid4())
                    placement = add_photo(
                        report_id=report_id, field_id="enclosure", upload=upload, actor=actor
                    )
                    made.append(placement.photo_id)
                db.session.commit()
        if read:
            self.work("photo_check", PhotoCheck, person)
        return made

    def work(self, kind: str, model, person=None) -> None:
        with self.acting(person or self.cast.tess):
            waiting = select(model.id).where(model.state == WorkState.QUEUED)
            ids = list(db.session.scalars(waiting.order_by(model.created_at)))
        for work_id in ids:
            with self.app.app_context():
                runner.run(kind, str(work_id))

    def compare(self, person=None) -> None:
        self.work("photo_comparison", PhotoComparison, person)

    def take(self, *pictures: bytes, person=None) -> tuple[UUID, list[UUID]]:
        """A report with these pictures, compared one after the other."""
        report_id = self.report(person)
        photos = self.photograph(report_id, *pictures, person=person)
        self.compare(person)
        return report_id, photos

    def found(self, report_id: UUID, person=None) -> list[Likenesses | None]:
        with self.acting(person or self.cast.tess) as actor:
            return [
                one.likenesses for one in load_facts(get_report(report_id, person=actor)).photos
            ]

    def named(self, person=None) -> list[tuple[UUID, UUID, LikenessKind]]:
        with self.acting(person or self.cast.tess):
            rows = db.session.scalars(select(PhotoLikeness))
            return [(row.photo_id, row.earlier_id, row.kind) for row in rows]
