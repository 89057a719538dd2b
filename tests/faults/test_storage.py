"""A full, hanging or failing storage: a clear message, nothing half-stored, and full recovery.

The disk is a real small file system; S3 is moto's server behind a proxy that injects faults.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from hashlib import sha256
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.extensions import db
from app.models import (
    AuditEntry,
    Derivative,
    Document,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoReading,
    Signature,
    WorkState,
)
from app.storage import CorruptObject
from app.storage import bucket as bucket_module
from app.storage.references import list_references
from app.storage.s3 import S3Storage
from tests.storage.conftest import moto_url, s3, stage  # noqa: F401
from tests.storage.stages import S3Stage, Stage
from tests.support.desk import Desk
from tests.support.pictures import a_jpeg, a_png
from tests.support.stored import unwatched

HX = {"HX-Request": "true"}
COUNTED = (
    Photo,
    PhotoPlacement,
    PhotoCheck,
    PhotoReading,
    Derivative,
    Signature,
    Document,
    AuditEntry,
)


@pytest.fixture
def held(app, stage, monkeypatch) -> Iterator[Stage]:  # noqa: F811
    """The app with this stage's storage."""
    if isinstance(stage, S3Stage):
        monkeypatch.setattr(bucket_module, "READ_SECONDS", 1)
        stage.store = S3Storage(stage.bucket())
    monkeypatch.setitem(app.extensions, "laudo_storage", stage.store)
    yield stage


@pytest.fixture
def desk(app, acting, cast, held) -> Desk:
    return Desk(app, acting, cast)


@pytest.fixture
def tess(client_of, cast):
    return client_of(cast.tess)


def counts(desk: Desk) -> dict[str, int]:
    with desk.acting(desk.tess):
        return {
            model.__name__: db.session.scalar(select(func.count()).select_from(model)) or 0
            for model in COUNTED
        }


def objects(held: Stage) -> set[str]:
    return {name for name in held.names() if name != "ballast"}


def assert_whole(desk: Desk, held: Stage) -> None:
    """Every row has its intact object, and no object is partial."""
    with desk.acting(desk.tess), unwatched():
        for reference in list_references():
            held.store.open(reference.key).close()
    assert not [name for name in objects(held) if name.startswith(".part")]


def send_photo(client, desk: Desk, data: bytes, **headers: str):
    form = {"file": (io.BytesIO(data), "a.jpg"), "client_id": str(uuid4())}
    url = f"/reports/{desk.report_id}/fields/enclosure/photos"
    return client.post(url, data=form, headers={**HX, **headers})


def sign(client, desk: Desk):
    form = {
        "signer_name": "Tess",
        "image": (io.BytesIO(a_png((300, 90))), "s.png"),
        "client_id": str(uuid4()),
    }
    return client.post(f"/reports/{desk.report_id}/signatures/technician", data=form, headers=HX)


class TestFull:
    def test_a_photo_stays_with_its_sender_and_is_stored_later(self, desk, held, tess):
        data = a_jpeg() + bytes(250_000)
        before = counts(desk), objects(held)
        with held.full():
            answer = send_photo(tess, desk, data)
            assert answer.status_code == 507
            assert "stays on your device" in answer.text and "<" not in answer.text
            assert (counts(desk), objects(held)) == before
            # Reading and typing still work.
            assert tess.get(f"/reports/{desk.report_id}/fill").status_code == 200
        assert send_photo(tess, desk, data).status_code == 201
        assert_whole(desk, held)

    def test_without_scripts_it_goes_back_to_the_form_and_says_so(self, desk, held, tess):
        words = {"Accept-Language": "pt-BR"}
        form = {"file": (io.BytesIO(a_jpeg() + bytes(250_000)), "a.jpg")}
        with held.full():
            answer = tess.post(
                f"/reports/{desk.report_id}/fields/enclosure/photos",
                data=form,
                headers=words,
            )
        assert answer.status_code == 303
        page = tess.get(answer.location, headers=words).text
        assert "stays on your device" in page or "continua no seu aparelho" in page.lower()

    def test_a_signature_is_accepted_when_there_is_room(self, desk, held, tess):
        before = counts(desk), objects(held)
        with held.full():
            answer = sign(tess, desk)
            assert answer.status_code == 507
            assert "stays on your device" in answer.text
            assert (counts(desk), objects(held)) == before
        assert sign(tess, desk).status_code == 200
        assert_whole(desk, held)

    def test_reading_photos_and_making_pdfs_wait_for_room(self, desk, held):
        desk.answer()
        desk.photograph(a_jpeg())
        photographed = counts(desk)
        with held.full():
            desk.read_photos()
            with desk.acting(desk.tess):
                check = db.session.scalars(select(PhotoCheck)).one()
                assert (check.state, check.error) == (WorkState.QUEUED, "StorageFull")
            assert counts(desk) == photographed
        _end_pause(desk, PhotoCheck)
        desk.read_photos()
        before = counts(desk)
        with held.full():
            document = desk.make()
            assert (document.state, document.error) == (WorkState.QUEUED, "StorageFull")
            assert document.storage_key is None
        assert counts(desk)["AuditEntry"] == before["AuditEntry"] + 1  # the request itself
        _end_pause(desk, Document)
        desk.run("document", document.id)
        assert desk.document(document.id).state is WorkState.DONE
        assert_whole(desk, held)


def _end_pause(desk: Desk, model: type) -> None:
    with desk.acting(desk.tess):
        db.session.execute(update(model).values(lease_until=None))
        db.session.commit()


@pytest.mark.parametrize("stage", ["s3"], indirect=True)
class TestFailingBucket:
    @pytest.mark.parametrize("fault", ["hang", "500", "reset"])
    def test_a_photo_is_sent_again_once_the_storage_answers(self, desk, held, tess, fault):
        data = a_jpeg()
        before = counts(desk), objects(held)
        with held.proxy.fault(fault):
            answer = send_photo(tess, desk, data)
        assert answer.status_code == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert "stays on your device" in answer.text
        assert (counts(desk), objects(held)) == before
        assert send_photo(tess, desk, data).status_code == 201
        assert_whole(desk, held)

    def test_a_lost_answer_creates_no_second_object(self, desk, held, tess):
        """The bucket stores the bytes, its answer is lost, and boto3 retries."""
        dropped = []

        def drop_once(method: str, path: str) -> None:
            if method == "PUT" and not dropped:
                dropped.append(path)
                raise ConnectionResetError

        held.proxy.before_answer = drop_once
        data = a_jpeg()
        assert send_photo(tess, desk, data).status_code == 201
        assert dropped
        assert objects(held) == {sha256(data).hexdigest()}

    def test_a_third_of_all_requests_failing_loses_nothing(self, desk, held, tess):
        pictures = [a_jpeg() for _each in range(4)]
        held.proxy.faults = ["500", "", ""] * 40
        try:
            statuses = [send_photo(tess, desk, data).status_code for data in pictures]
        finally:
            held.proxy.faults = []
        assert statuses == [201] * 4
        assert_whole(desk, held)

    def test_signing_and_downloading_report_the_outage(self, desk, held, tess):
        desk.answer()
        document_id = desk.make().id
        link = tess.get(f"/documents/{document_id}/download").headers["Location"]
        before = counts(desk)
        with held.proxy.fault("500"):
            for answer in (sign(tess, desk), tess.get(link)):
                assert answer.status_code == 503
                assert "Everything already stored is safe" in answer.text
                assert answer.headers["Retry-After"]
            assert tess.get(f"/documents/{document_id}").status_code == 200
        assert counts(desk) == before
        assert tess.get(link).data.startswith(b"%PDF")

    def test_a_whole_report_from_photo_to_pdf(self, desk, held, tess, client_of, cast):
        """The whole job on S3 only: nothing is in this machine's storage folder."""
        desk.answer()
        data = a_jpeg((640, 480), taken="2026:03:14 09:30:00", place=(-23.55, -46.63))
        assert send_photo(tess, desk, data).status_code == 201
        desk.read_photos()
        with desk.acting(desk.tess):
            photo = db.session.scalars(select(Photo)).one()
            digest = photo.sha256
            placement_id = db.session.scalars(select(PhotoPlacement.id)).one()
        assert tess.get(f"/photos/{placement_id}/thumbnail.jpg").status_code == 200
        original = tess.get(f"/photos/{placement_id}/original", follow_redirects=True)
        assert sha256(original.data).hexdigest() == digest == sha256(data).hexdigest()
        desk.submit()
        with desk.acting(desk.tess):
            document_id = db.session.scalars(
                select(Document.id).where(Document.is_preview.is_(False))
            ).one()
        desk.run("document", document_id)
        document = desk.document(document_id)
        assert (document.state, document.photos_printed) == (WorkState.DONE, 1)
        pdf = tess.get(f"/documents/{document_id}/download", follow_redirects=True)
        assert sha256(pdf.data).hexdigest() == document.sha256
        kinds = {key.split("/")[2] for key in _keys(held)}
        assert kinds == {"orig", "derived", "pdf"}
        assert_whole(desk, held)

    def test_changed_bytes_stop_the_pdf_with_a_message(self, desk, held, tess):
        desk.answer()
        desk.photograph(a_jpeg())
        desk.read_photos()
        with desk.acting(desk.tess):
            keys = [row.storage_key for row in db.session.scalars(select(Derivative))]
            original = db.session.scalars(select(Photo.storage_key)).one()
        for key in keys:
            held.harm(key)
        document_id = desk.ask()
        with pytest.raises(CorruptObject):
            desk.run("document", document_id)
        # Derivatives are made again.
        _end_pause(desk, Document)
        desk.run("document", document_id)
        assert desk.document(document_id).state is WorkState.DONE
        held.harm(original)
        for key in keys:
            held.store.delete(key)
        document = desk.make()
        assert (document.state, document.error) == (WorkState.FAILED, "bytes_changed")
        page = tess.get(f"/documents/{document.id}").text
        assert "no longer matches" in page


def _keys(held: S3Stage) -> list[str]:
    return [one["Key"] for one in held.raw.list_objects_v2(Bucket="laudo")["Contents"]]
