"""A photo arrives whole, however often and wherever it is cut, on both storages."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from app import metrics
from app.extensions import db
from app.models import PhotoPart, PhotoUpload, UploadState
from app.uploads.routes import STEP_BYTES
from tests.support.examples import examples
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.stored import storage
from tests.support.uploads import Phone

pytestmark = pytest.mark.usefixtures("either_storage")


def stored(acting, cast, phone: Phone) -> bytes:
    """The original's bytes, read through the upload's row. Parts and their objects are gone."""
    with acting(cast.tess):
        upload = db.session.scalars(
            select(PhotoUpload).where(PhotoUpload.client_id == phone.client_id)
        ).one()
        assert upload.state is UploadState.COMPLETE
        assert upload.storage_key == f"t/{cast.acme}/orig/{sha256_of(phone.data)}"
        parts = select(func.count(PhotoPart.id)).where(PhotoPart.upload_id == upload.id)
        assert db.session.scalar(parts) == 0
        assert part_keys(cast) == []
        with storage().open(upload.storage_key) as file:
            return file.read()


def part_keys(cast) -> list[str]:
    return [one.key for one in storage().list(cast.acme) if "/parts/" in one.key]


def test_announced_sent_in_pieces_and_whole(acting, cast, tess, report_id):
    phone = Phone(tess, report_id, a_jpeg())
    begun = phone.announce()
    assert begun.status_code == 201
    assert begun.headers["Location"] == phone.url
    assert begun.headers["Upload-Offset"] == "0"
    assert begun.headers["Tus-Resumable"] == "1.0.0"
    for first, end in ((0, 1000), (1000, 1001), (1001, 3000)):
        answer = phone.send(first, end)
        assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, str(end))
        there = phone.ask()
        assert there.status_code == 200
        assert there.headers["Upload-Offset"] == str(end)
        assert there.headers["Upload-Length"] == str(len(phone.data))
        assert there.headers["Upload-Metadata"] == begun.request.headers["Upload-Metadata"]
        assert "no-store" in there.headers["Cache-Control"]
    answer = phone.send(3000)
    assert (answer.status_code, phone.offset()) == (204, len(phone.data))
    assert stored(acting, cast, phone) == phone.data


def test_one_request_is_enough(acting, cast, tess, report_id):
    phone = Phone(tess, report_id, a_jpeg())
    answer = phone.announce(phone.data)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, str(len(phone.data)))
    assert stored(acting, cast, phone) == phone.data


def test_the_first_bytes_come_with_the_announcement(acting, cast, tess, report_id):
    phone = Phone(tess, report_id, a_jpeg())
    assert phone.announce(phone.data[:700]).headers["Upload-Offset"] == "700"
    assert phone.send(700).status_code == 204
    assert stored(acting, cast, phone) == phone.data


def test_announced_again_it_goes_on(acting, cast, tess, report_id):
    phone = Phone(tess, report_id, a_jpeg())
    phone.announce(phone.data[:700])
    # The body belongs at the start, where the upload no longer is.
    again = phone.announce(phone.data[:700])
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, "700")
    phone.send(700)
    whole = phone.announce(phone.data)
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, str(len(phone.data)))
    assert stored(acting, cast, phone) == phone.data


SIZE = 3 * STEP_BYTES + 1234
CUTS = (0, 1, STEP_BYTES - 1, STEP_BYTES, STEP_BYTES + 1, 2 * STEP_BYTES, SIZE - 1)


@pytest.mark.parametrize("cut", CUTS)
def test_what_arrived_before_a_cut_counts(acting, cast, tess, report_id, cut):
    phone = Phone(tess, report_id, a_jpeg() + bytes(SIZE))
    phone.announce()
    before = metrics.UPLOADS.labels("cut")._value.get()
    assert phone.send_cut(0, cut).status_code == 408
    assert metrics.UPLOADS.labels("cut")._value.get() == before + 1
    assert phone.offset() == cut
    assert phone.send(cut).status_code == 204
    assert stored(acting, cast, phone) == phone.data


def test_a_cut_announcement_keeps_its_bytes(acting, cast, tess, report_id):
    phone = Phone(tess, report_id, a_jpeg())
    phone.announce()
    phone.send_cut(0, 300)
    phone.send_cut(300, 300)
    phone.send_cut(300, 301)
    assert phone.offset() == 301
    phone.send(301)
    assert stored(acting, cast, phone) == phone.data


def test_wrong_bytes_start_again(acting, cast, tess, report_id):
    phone = Phone(tess, report_id, a_jpeg())
    phone.announce(phone.data[:500])
    phone.patch(500, phone.data[500:900])
    wrong = bytes(len(phone.data) - 900)
    answer = phone.patch(900, wrong)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (460, "0")
    assert "from the start" in answer.text
    assert answer.mimetype == "text/plain"
    assert phone.offset() == 0
    assert phone.patch(0, bytes(len(phone.data))).status_code == 460
    assert phone.send(0, 900).status_code == 204
    assert phone.send(900).status_code == 204
    assert stored(acting, cast, phone) == phone.data


def test_an_upload_starts_again_if_a_part_is_lost(acting, cast, tess, report_id):
    """After a restore, for example: no backup has parts."""
    phone = Phone(tess, report_id, a_jpeg())
    phone.announce(phone.data[:500])
    with acting(cast.tess):
        (key,) = part_keys(cast)
        storage().delete(key)
    answer = phone.send(500)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (460, "0")
    phone.send(0)
    assert stored(acting, cast, phone) == phone.data


def test_bytes_that_are_here_already_are_sent_whole_too(acting, cast, tess, client_of, report_id):
    """Nothing tells a sender that somebody else sent the same bytes before."""
    first = Phone(tess, report_id, a_jpeg())
    first.announce(first.data)
    ana = client_of(cast.ana)
    second = Phone(ana, report_id, first.data)
    assert second.announce().headers["Upload-Offset"] == "0"
    assert second.send(0, 10).headers["Upload-Offset"] == "10"
    assert second.patch(10, bytes(len(first.data) - 10)).status_code == 460
    assert second.send(0).status_code == 204
    assert stored(acting, cast, first) == first.data


@settings(max_examples=examples(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tail=st.integers(0, 2 * STEP_BYTES),
    cuts=st.lists(st.tuples(st.booleans(), st.floats(0, 1)), max_size=8),
)
def test_random_cuts_end_in_exactly_the_same_bytes(acting, cast, tess, report_id, tail, cuts):
    phone = Phone(tess, report_id, a_jpeg() + b"t" * tail)
    assert phone.announce().status_code == 201
    for is_cut, share in cuts:
        at = phone.offset()
        end = at + int((len(phone.data) - at - 1) * share)
        answer = phone.send_cut(at, end) if is_cut else phone.send(at, end)
        assert answer.status_code == (408 if is_cut else 204)
        assert phone.offset() == end
    assert phone.send(phone.offset()).status_code == 204
    assert stored(acting, cast, phone) == phone.data
