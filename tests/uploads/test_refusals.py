"""What uploads refuse, and that a refusal never costs what has arrived."""

from __future__ import annotations

import base64
import tempfile
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from app.extensions import db
from app.models import PhotoPart, PhotoUpload, Report, UploadState
from app.storage import Storage, StorageFull, StorageUnavailable
from app.uploads import service
from tests.storage.stages import small_disk
from tests.support.companies import company_as
from tests.support.pictures import a_jpeg, sha256_of
from tests.support.scenarios import a_report, completed
from tests.support.suspension import REASON, SUSPENDED
from tests.support.uploads import MOST, Phone, metadata

OTHER_ID = uuid4()
NUMBERS = ("", "-1", "+5", "5.0", "5e3", "0x10", " ", "٣", "9" * 16, "5,5", "none")


@pytest.fixture
def phone(tess, report_id) -> Phone:
    return Phone(tess, report_id, a_jpeg())


def count(acting, cast, model) -> int:
    with acting(cast.tess):
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def bad_metadata(phone: Phone):
    whole = {
        "client_id": phone.client_id,
        "sha256": sha256_of(phone.data),
        "report_id": phone.report_id,
    }
    for name in whole:
        yield metadata(**{key: value for key, value in whole.items() if key != name})
        for value in ("", "x", "\x00", "é" * 40, "0" * 63, "0" * 65, "g" * 64):
            yield metadata(**{**whole, name: value})
        yield metadata(**whole).replace(base64.b64encode(str(whole[name]).encode()).decode(), "%%%")
    yield ""
    yield ",,,"
    yield " ".join(whole)
    yield None


def test_an_announcement_that_is_not_understood(acting, cast, phone):
    bad = [{"Upload_Metadata": text} for text in bad_metadata(phone)]
    bad += [{"Upload_Length": text} for text in (*NUMBERS, "0", None)]
    bad += [{"Upload_Length": None, "Upload_Defer_Length": "1"}]
    assert len(bad) > 40
    for headers in bad:
        answer = phone.announce(**headers)
        assert answer.status_code == 422, headers
        assert answer.mimetype == "text/plain"
    assert count(acting, cast, PhotoUpload) == 0


@pytest.mark.parametrize("offset", [*NUMBERS, None])
def test_an_offset_that_is_not_understood(phone, offset):
    phone.announce(phone.data[:10])
    assert phone.send(10, 20, Upload_Offset=offset).status_code == 422
    assert phone.offset() == 10


@pytest.mark.parametrize("offset", [0, 9, 11, MOST, 10**14])
def test_a_wrong_offset_names_the_right_one(phone, offset):
    phone.announce(phone.data[:10])
    answer = phone.patch(offset, phone.data[10:20])
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (409, "10")
    assert "goes on where" in answer.text
    assert phone.offset() == 10


@pytest.mark.parametrize("kind", [None, "", "application/octet-stream", "image/jpeg", "text/html"])
def test_a_body_of_another_type(acting, cast, phone, kind):
    assert phone.announce(phone.data, Content_Type=kind or "").status_code == 415
    assert count(acting, cast, PhotoUpload) == 0
    phone.announce()
    assert phone.send(0, Content_Type=kind).status_code == 415
    assert phone.offset() == 0


def test_more_than_was_announced(acting, cast, phone):
    phone.announce(phone.data[:10])
    assert phone.patch(10, phone.data[10:] + b"x").status_code == 413
    assert phone.offset() == 10
    assert phone.send(10).status_code == 204
    assert phone.patch(len(phone.data), b"x").status_code == 413
    assert phone.patch(len(phone.data), b"").status_code == 204
    longer = Phone(phone.client, phone.report_id, phone.data)
    assert longer.announce(phone.data + b"x").status_code == 413
    assert longer.offset() == 0


def test_a_body_that_does_not_state_its_size(phone):
    phone.announce()
    assert phone.send(0, Transfer_Encoding="chunked").status_code == 411
    assert phone.offset() == 0


def test_a_photo_above_the_largest(phone, acting, cast):
    answer = phone.announce(Upload_Length=str(MOST + 1024 * 1024))
    assert answer.status_code == 413
    assert "That is 31 MB. An upload can have at most 30 MB." in answer.text
    assert count(acting, cast, PhotoUpload) == 0


def test_another_version_of_the_protocol(phone):
    answer = phone.announce(Tus_Resumable="0.2.2")
    assert (answer.status_code, answer.headers["Tus-Version"]) == (412, "1.0.0")
    phone.announce()
    assert phone.send(0, Tus_Resumable="2.0.0").status_code == 412
    assert phone.announce(Tus_Resumable=None).status_code == 201


def test_every_answer_names_what_an_outbox_sends_to(phone, client_of, cast):
    """Without it, a phone takes a 404 for that of a web process of an earlier release."""
    other = Phone(client_of(cast.tom), phone.report_id, phone.data)
    answers = [
        phone.announce(),
        phone.ask(),
        phone.send(5),
        other.announce(),
        other.ask(),
        other.send(0),
        Phone(client_of(cast.vera), phone.report_id, phone.data).announce(),
    ]
    assert [one.status_code for one in answers] == [201, 200, 409, 404, 404, 404, 403]
    assert {one.headers.get("Laudo-Operations") for one in answers} == {"1"}


def test_options_tell_the_protocol(anonymous, phone):
    for url in ("/uploads", phone.url):
        answer = anonymous.options(url)
        assert answer.status_code == 200
        assert answer.headers["Tus-Version"] == "1.0.0"
        assert answer.headers["Tus-Extension"] == "creation,creation-with-upload"
        assert answer.headers["Tus-Max-Size"] == str(MOST)


def test_the_same_id_for_something_else(phone, acting, cast, client_of):
    phone.announce(phone.data[:10])
    with acting(cast.tess) as tess:
        other_report = a_report(tess).id
    for headers in (
        {"Upload_Length": "17"},
        {
            "Upload_Metadata": metadata(
                client_id=phone.client_id, sha256="0" * 64, report_id=phone.report_id
            )
        },
        {
            "Upload_Metadata": metadata(
                client_id=phone.client_id, sha256=sha256_of(phone.data), report_id=other_report
            )
        },
    ):
        answer = phone.announce(**headers)
        assert (answer.status_code, "same id" in answer.text) == (409, True)
    ana = Phone(client_of(cast.ana), phone.report_id, phone.data, phone.client_id)
    assert ana.announce().status_code == 409
    assert phone.offset() == 10


def test_unknown_ids_and_those_of_others_are_not_there(phone, client_of, cast):
    """Ana may see the report, but Tess's upload is nobody's but hers."""
    phone.announce(phone.data[:10])
    for person, client_id in (
        (cast.tess, OTHER_ID),
        (cast.ana, phone.client_id),
        (cast.otto, phone.client_id),
    ):
        other = Phone(client_of(person), phone.report_id, phone.data, client_id)
        assert other.ask().status_code == 404
        for first in (0, 10):
            assert other.send(first).status_code == 404
    stranger = Phone(client_of(cast.otto), phone.report_id, phone.data)
    assert stranger.announce().status_code == 404
    tom = Phone(client_of(cast.tom), phone.report_id, phone.data)
    assert tom.announce().status_code == 404


def test_bytes_that_are_no_picture(phone):
    text = Phone(phone.client, phone.report_id, b"<svg>not a photo</svg>" * 20)
    answer = text.announce(text.data)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (415, "0")
    assert "JPEG" in answer.text


def close(acting, cast, report_id) -> None:
    with acting(cast.tess) as tess:
        completed(db.session.scalars(select(Report).where(Report.id == report_id)).one(), tess)
        db.session.commit()


def test_a_closed_report(phone, acting, cast):
    phone.announce(phone.data[:10])
    close(acting, cast, phone.report_id)
    new = Phone(phone.client, phone.report_id, a_jpeg())
    for answer in (phone.send(10), phone.announce(), new.announce()):
        assert answer.status_code == 409
        assert "Upload-Offset" not in answer.headers
    assert phone.offset() == 10


def test_a_complete_upload_is_shown_after_the_report_was_closed(phone, acting, cast):
    phone.announce(phone.data)
    close(acting, cast, phone.report_id)
    again = phone.announce()
    assert (again.status_code, again.headers["Upload-Offset"]) == (201, str(len(phone.data)))


def test_a_suspended_company_goes_on_where_it_was(app, phone, cast):
    phone.announce(phone.data[:10])
    with company_as(app, cast.acme, **SUSPENDED):
        for answer in (phone.send(10), phone.announce()):
            assert answer.status_code == 403
            assert REASON in answer.text
        assert phone.offset() == 10
    assert phone.send(10).status_code == 204


def test_so_many_photos_wait_for_their_report(phone, acting, cast, monkeypatch):
    monkeypatch.setattr(service, "MOST_WAITING", 2)
    others = [Phone(phone.client, phone.report_id, a_jpeg()) for _number in range(2)]
    assert [one.announce(one.data).status_code for one in others] == [201, 201]
    answer = phone.announce()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "in no report yet: 2" in answer.text
    assert others[0].announce().status_code == 201
    with acting(cast.tess):
        db.session.execute(
            update(PhotoUpload)
            .where(PhotoUpload.client_id == others[0].client_id)
            .values(state=UploadState.PLACED)
        )
        db.session.commit()
    assert phone.announce().status_code == 201


def test_so_many_parts_make_a_photo(phone, acting, cast, monkeypatch):
    monkeypatch.setattr(service, "MOST_PARTS", 2)
    phone.announce()
    assert [phone.send(at, at + 1).status_code for at in range(3)] == [204, 204, 422]
    assert phone.offset() == 2
    assert count(acting, cast, PhotoPart) == 2
    assert phone.send(2).status_code == 204


def test_two_hundred_photos_in_a_row(tess, report_id):
    for number in range(200):
        phone = Phone(tess, report_id, b"\xff\xd8\xff" + number.to_bytes(2))
        assert phone.announce(phone.data).status_code == 201


class Failing:
    """A storage that raises this on each put."""

    def __init__(self, store: Storage, error: Exception) -> None:
        self.open, self.error = store.open, error

    def put(self, _key: str, _source: object) -> None:
        raise self.error


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (StorageFull(), 507, "storage is full"),
        (StorageUnavailable(), 503, "not responding"),
    ],
)
def test_a_storage_that_takes_nothing(app, phone, monkeypatch, error, status, words):
    phone.announce(phone.data[:10])
    for end in (20, None):
        with monkeypatch.context() as patch:
            store = app.extensions["laudo_storage"]
            patch.setitem(app.extensions, "laudo_storage", Failing(store, error))
            answer = phone.send(10, end)
        assert (answer.status_code, answer.mimetype) == (status, "text/plain")
        assert words in answer.text
        assert phone.offset() == 10
    assert phone.send(10).status_code == 204


def test_a_bucket_that_is_away(app, phone, s3, monkeypatch):
    monkeypatch.setitem(app.extensions, "laudo_storage", s3.store)
    phone.announce(phone.data[:10])
    with s3.unavailable():
        assert phone.send(10, 20).status_code == 503
        assert phone.send(10).status_code == 503
    assert phone.offset() == 10
    assert phone.send(10).status_code == 204


def test_a_full_disk_for_temporary_files(phone, tmp_path, monkeypatch):
    """The piece is larger than what is held in memory, and there is no room for it."""
    large = Phone(phone.client, phone.report_id, a_jpeg() + bytes(2 * 1024 * 1024))
    large.announce()
    with small_disk(tmp_path / "small") as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        answer = large.send(0)
        assert (answer.status_code, "full" in answer.text) == (507, True)
    monkeypatch.undo()
    assert large.offset() == 0
    assert large.send(0).status_code == 204
