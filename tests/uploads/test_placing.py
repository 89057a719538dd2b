"""The operation `photo` places an upload in its report, as the form does."""

from __future__ import annotations

import io
import re
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import delete, func, select

from app import metrics
from app.extensions import db
from app.models import (
    AuditEntry,
    Photo,
    PhotoCheck,
    PhotoPlacement,
    PhotoUpload,
    Report,
    UploadState,
    WorkState,
)
from app.operations.kinds import new_photos
from app.plans.limits import count_bytes
from tests.support import phone as operations
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.scenarios import completed
from tests.support.stored import storage
from tests.support.uploads import Phone

TOKEN = re.compile(r'name="csrf_token" value="[^"]+"')


class Camera(Phone):
    """A phone that uploads a photo and places it."""

    def place(self, field_id: str = "enclosure", **entries) -> dict:
        sender = operations.Phone(self.client, self.report_id)
        sent = {"client_id": str(self.client_id), "sha256": sha256_of(self.data), **entries}
        return sender.send("photo", field_id, **sent)


@pytest.fixture
def camera(tess, report_id) -> Camera:
    return Camera(tess, report_id, a_jpeg())


def photos(acting, cast) -> list[Photo]:
    with acting(cast.tess):
        return list(db.session.scalars(select(Photo)))


def state_of(acting, cast, camera: Camera) -> UploadState:
    with acting(cast.tess):
        return db.session.scalars(
            select(PhotoUpload.state).where(PhotoUpload.client_id == camera.client_id)
        ).one()


def test_an_upload_that_is_deleted_at_this_moment_is_sent_again(acting, cast, camera, monkeypatch):
    camera.announce(camera.data)
    place_photo = new_photos.place_photo

    def deleted_meanwhile(**given):
        placement = place_photo(**given)
        db.session.execute(delete(PhotoUpload))
        return placement

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(new_photos, "place_photo", deleted_meanwhile)
        verdict = camera.place()
    assert (verdict["verdict"], verdict["needs"]) == ("early", "bytes")
    assert photos(acting, cast) == []


@pytest.mark.usefixtures("either_storage")
def test_it_places_the_bytes_with_what_the_phone_says(acting, cast, camera):
    camera.announce(camera.data[:100])
    camera.send(100)
    applied = metrics.OPERATIONS.labels("photo", "applied")._value.get()
    verdict = camera.place(
        source="camera",
        client_at="2026-03-14T12:30:00.250Z",
        latitude="-23.5505201",
        longitude="-46.633308",
        accuracy="12.34",
        position_at="2026-03-14T12:29:58Z",
    )
    assert verdict["verdict"] == "applied"
    assert verdict["sha256"] == sha256_of(camera.data)
    assert (verdict["kind"], verdict["field_id"]) == ("photo", "enclosure")
    assert metrics.OPERATIONS.labels("photo", "applied")._value.get() == applied + 1
    (photo,) = photos(acting, cast)
    assert photo.client_id == camera.client_id
    assert (photo.byte_size, photo.media_type) == (len(camera.data), "image/jpeg")
    assert (photo.latitude, photo.accuracy_m) == (Decimal("-23.550520"), Decimal("12.3"))
    assert photo.client_at.isoformat() == "2026-03-14T12:30:00.250000+00:00"
    assert photo.position_at.isoformat() == "2026-03-14T12:29:58+00:00"
    with acting(cast.tess):
        with storage().open(photo.storage_key) as file:
            assert file.read() == camera.data
        placement = db.session.scalars(select(PhotoPlacement)).one()
        assert (str(placement.id), placement.row_version) == (
            verdict["placement"],
            verdict["row_version"],
        )
        assert db.session.scalars(select(PhotoCheck)).one().state is WorkState.QUEUED
        actions = select(AuditEntry.action).order_by(AuditEntry.sequence)
        assert "photo.received" in db.session.scalars(actions).all()
    assert state_of(acting, cast, camera) is UploadState.PLACED


def test_the_card_is_that_of_the_form(tess, camera, report_id):
    camera.announce(camera.data)
    fragment = camera.place()["fragment"]
    assert 'data-state="reading"' in fragment
    sent = {
        "file": (io.BytesIO(camera.data), "IMG_1.jpg"),
        "client_id": str(camera.client_id),
        "sha256": sha256_of(camera.data),
    }
    url = f"/reports/{report_id}/fields/enclosure/photos"
    form = tess.post(url, data=sent, headers={"HX-Request": "true"})
    assert TOKEN.sub("", fragment) == TOKEN.sub("", form.text)


def test_the_second_time_it_is_known(acting, cast, camera):
    camera.announce(camera.data)
    first, second = camera.place(), camera.place()
    assert (second["verdict"], second["was"]) == ("known", "applied")
    for name in ("sha256", "placement", "at"):
        assert second[name] == first[name]
    assert len(photos(acting, cast)) == 1
    # A phone that lost the verdict asks for its upload first.
    assert camera.announce().headers["Upload-Offset"] == str(len(camera.data))


@pytest.mark.parametrize("sent", [None, 0, 100])
def test_without_its_bytes_it_is_early(acting, cast, camera, sent):
    if sent is not None:
        camera.announce(camera.data[:sent])
    for _again in range(2):
        verdict = camera.place()
        assert (verdict["verdict"], verdict["needs"]) == ("early", "bytes")
    assert photos(acting, cast) == []
    camera.announce()
    camera.send(camera.offset())
    assert camera.place()["verdict"] == "applied"


def test_other_bytes_than_those_uploaded_are_missing(camera):
    camera.announce(camera.data)
    assert camera.place(sha256="0" * 64)["needs"] == "bytes"


@pytest.mark.parametrize("digest", ["", "0" * 63, "g" * 64, "\0", "a\0b", "é" * 64])
def test_what_is_no_hash_is_refused_for_good(acting, cast, camera, digest):
    """It would be early for ever."""
    camera.announce(camera.data)
    verdict = camera.place(sha256=digest)
    assert (verdict["verdict"], verdict["status"]) == ("refused", 422)
    assert photos(acting, cast) == []


def test_the_upload_of_another_account_is_missing(camera, client_of, cast):
    camera.announce(camera.data)
    other = Camera(client_of(cast.ana), camera.report_id, camera.data, camera.client_id)
    assert other.place()["needs"] == "bytes"


def test_the_upload_for_another_report_is_missing(camera, acting, cast):
    camera.announce(camera.data)
    with acting(cast.tess) as tess:
        other = Camera(camera.client, operations.scenarios.a_report(tess).id, camera.data)
    other.client_id = camera.client_id
    assert other.place()["needs"] == "bytes"


def test_the_same_bytes_again_are_a_conflict_with_the_card_of_repeats(acting, cast, camera):
    camera.announce(camera.data)
    camera.place()
    again = Camera(camera.client, camera.report_id, camera.data)
    again.announce(again.data)
    verdict = again.place()
    assert verdict["verdict"] == "conflict"
    assert "already added this photo" in verdict["sentence"]
    assert 'class="photo-again"' in verdict["fragment"]
    assert str(again.client_id) in verdict["fragment"]
    assert verdict["sha256"] == sha256_of(camera.data)
    assert len(photos(acting, cast)) == 1
    # These bytes wait for nothing more.
    assert state_of(acting, cast, again) is UploadState.PLACED
    known = again.place()
    assert (known["was"], 'class="photo-again"' in known["fragment"]) == ("conflict", True)


def test_a_known_conflict_about_a_photo_that_was_removed_since(camera):
    camera.announce(camera.data)
    placement = camera.place()["placement"]
    again = Camera(camera.client, camera.report_id, camera.data)
    again.announce(again.data)
    again.place()
    camera.client.post(f"/photos/{placement}/remove", headers={"HX-Request": "true"})
    known = again.place()
    assert (known["verdict"], known["was"], known["fragment"]) == ("known", "conflict", "")


def test_a_closed_report_refuses_it(camera, acting, cast):
    camera.announce(camera.data)
    with acting(cast.tess) as tess:
        completed(db.session.scalars(select(Report)).one(), tess)
        db.session.commit()
    verdict = camera.place()
    assert (verdict["verdict"], verdict["status"], verdict["fragment"]) == ("refused", 409, "")
    assert verdict["sha256"] is None
    assert camera.place()["was"] == "refused"
    # The person decides what becomes of the photo; its upload waits for seven days.
    assert state_of(acting, cast, camera) is UploadState.COMPLETE


def test_a_full_question_refuses_it(camera, acting, cast):
    for _number in range(5):
        one = Camera(camera.client, camera.report_id, a_jpeg())
        one.announce(one.data)
        assert one.place()["verdict"] == "applied"
    camera.announce(camera.data)
    verdict = camera.place()
    assert (verdict["verdict"], verdict["status"]) == ("refused", 409)
    assert "at most 5 photos" in verdict["sentence"]


def test_a_question_that_is_not_there_is_no_verdict(camera):
    sender = operations.Phone(camera.client, camera.report_id)
    for field_id in ("", "nothing"):
        assert sender.post("photo", field_id, client_id=str(uuid4())).status_code == 404


def test_placing_moves_the_bytes_in_the_usage(acting, cast, camera):
    camera.announce(camera.data)
    with acting(cast.tess):
        before = count_bytes()
    camera.place()
    with acting(cast.tess):
        assert count_bytes() == before


def test_five_photos_in_a_row(acting, cast, tess, report_id):
    """Uploads and operations interleaved, as a phone's queue sends them."""
    cameras = [Camera(tess, report_id, a_jpeg()) for _number in range(5)]
    for one in cameras:
        one.announce(one.data[:200])
    for one in reversed(cameras):
        one.send(200)
        assert one.place()["verdict"] == "applied"
    with acting(cast.tess):
        order = select(Photo.client_id).join(PhotoPlacement).order_by(PhotoPlacement.position)
        found: list[UUID] = list(db.session.scalars(order))
        assert found == [one.client_id for one in reversed(cameras)]
        waiting = select(func.count(PhotoUpload.id)).where(PhotoUpload.state != UploadState.PLACED)
        assert db.session.scalar(waiting) == 0
