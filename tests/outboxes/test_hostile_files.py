"""Files that are damaged, made to do harm, or another's: a sentence, and nothing changes."""

from __future__ import annotations

import io
import struct
import zipfile
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.extensions import db
from app.models import AuditEntry, PhotoUpload, Receipt
from app.outboxes import archive
from app.storage import receive
from tests.support.outboxes import a_photo, a_zip, an_answer, packed
from tests.support.pictures import a_jpeg
from tests.support.scenarios import a_report

ME = "11111111-1111-4111-8111-111111111111"
NOT_OURS, DAMAGED = "not a file of unsent work", "is damaged"
TOO_LARGE, OTHER_FORMAT = "has more or larger parts", "another version of Laudo"
NOBODY = "not among this company"


def manifest(**facts) -> bytes:
    return a_zip(ME, [], **facts)


def with_name(name: str) -> bytes:
    return a_zip(ME, [], {name: b"x"})


def twice() -> bytes:
    name = f"photos/{uuid4()}-a.jpg"
    data = a_zip(ME, [], {name: b"x", name[:-1] + "h": b"y"})
    return data.replace((name[:-1] + "h").encode(), name.encode())


def encrypted() -> bytes:
    data = bytearray(manifest())
    data[data.rindex(b"PK\1\2") + 8] |= 1
    return bytes(data)


def broken_crc() -> bytes:
    return manifest().replace(b"laudo-outbox/1", b"laudo-outbox/2", 1)


def comment() -> bytes:
    return manifest()[:-2] + struct.pack("<H", 3) + b"abc"


def directory_of(size: int, count: int = 1) -> bytes:
    data = bytearray(manifest())
    data[-12:-10] = struct.pack("<H", count)
    data[-10:-6] = struct.pack("<I", size)
    return bytes(data)


def many_entries() -> bytes:
    return a_zip(ME, [], {f"photos/{uuid4()}-a.jpg": b"" for _ in range(archive.MAX_ENTRIES + 1)})


def many_names_of_one_file() -> bytes:
    photos = [a_photo(uuid4(), ME, "enclosure", b"x") for _one in range(2)]
    file = photos[0]["file"]
    return a_zip(ME, [{**one, "file": file} for one in photos], {file: b"x"})


HOSTILE = {
    "empty": (b"", NOT_OURS),
    "text": (b"hello, world, this is no file of ours", NOT_OURS),
    "cut": (manifest()[:-10], DAMAGED),
    "only an end": (b"PK\5\6" + bytes(18), NOT_OURS),
    "comment": (comment(), DAMAGED),
    "no manifest": (packed({"a.txt": b"x"}), NOT_OURS),
    "a workbook": (packed({"[Content_Types].xml": b"<x/>"}), NOT_OURS),
    "traversal": (with_name("../../etc/passwd"), NOT_OURS),
    "traversal in a photo": (with_name(f"photos/{uuid4()}-../x"), NOT_OURS),
    "absolute": (with_name("/etc/passwd"), NOT_OURS),
    "backslash": (with_name(f"photos/{uuid4()}-..\\x"), NOT_OURS),
    "one name twice": (twice(), NOT_OURS),
    "encrypted": (encrypted(), DAMAGED),
    "another method": (packed({"manifest.json": b"{}"}, zipfile.ZIP_LZMA), DAMAGED),
    "wrong CRC": (broken_crc(), DAMAGED),
    "bomb": (
        a_zip(ME, [], {f"photos/{uuid4()}-a.jpg": bytes(20 << 20)}, method=zipfile.ZIP_DEFLATED),
        TOO_LARGE,
    ),
    "manifest too large": (
        packed({"manifest.json": b" " * (17 << 20)}, zipfile.ZIP_DEFLATED),
        TOO_LARGE,
    ),
    "too many entries": (many_entries(), TOO_LARGE),
    "directory too large": (directory_of(5 << 20), TOO_LARGE),
    "counts too much": (directory_of(60, 65_000), TOO_LARGE),
    "too many operations": (a_zip(ME, [0] * 5_001), TOO_LARGE),
    "broken JSON": (packed({"manifest.json": b'{"format": '}), NOT_OURS),
    "deep JSON": (packed({"manifest.json": b"[" * 200_000}), NOT_OURS),
    "no object": (packed({"manifest.json": b"[]"}), NOT_OURS),
    "long number": (packed({"manifest.json": b"9" * 10_000}), NOT_OURS),
    "other format": (manifest(format="laudo-outbox/2"), OTHER_FORMAT),
    "format of another type": (manifest(format=1), NOT_OURS),
    "account of another type": (manifest(account=[1]), NOT_OURS),
    "no account": (manifest(account=""), NOT_OURS),
    "unknown account": (manifest(), NOBODY),
    "many names of one file": (many_names_of_one_file(), NOT_OURS),
    "operations of another type": (manifest(operations={}), NOT_OURS),
}


def stored(acting, cast) -> list[int]:
    with acting(cast.ana):
        counted = [db.session.scalar(select(func.count(one.id))) for one in (Receipt, PhotoUpload)]
        imported = select(func.count(AuditEntry.id)).where(AuditEntry.action == "outbox.imported")
        return [*counted, db.session.scalar(imported)]


@pytest.mark.parametrize("step", ["check", "import"])
@pytest.mark.parametrize(("data", "sentence"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_file_gets_a_sentence_and_changes_nothing(
    desk, cast, acting, data, sentence, step
):
    response = desk.post(data, step=step)
    assert response.status_code == 422
    assert sentence in " ".join(response.text.split())
    assert stored(acting, cast) == [0, 0, 0]


def test_no_file_at_all(desk):
    response = desk.post(None, step="check")
    assert response.status_code == 422 and "Choose the file" in response.text


def test_a_64_bit_end_is_refused_before_the_directory_is_read(desk):
    data = manifest()
    locator = b"PK\6\7" + bytes(16)
    response = desk.post(data[:-22] + locator + data[-22:], step="check")
    assert response.status_code == 422 and TOO_LARGE in response.text


@pytest.mark.parametrize("name", ["otto", "vera"])
def test_the_account_must_be_of_this_companys_staff(desk, cast, acting, report_id, name):
    account = getattr(cast, name).id
    response = desk.post(a_zip(account, [an_answer(report_id, account, "customer", "x")]))
    assert response.status_code == 422 and NOBODY in response.text
    assert stored(acting, cast) == [0, 0, 0]


def test_another_tenants_report_is_refused_like_one_that_does_not_exist(
    desk, cast, acting, report_id
):
    with acting(cast.otto) as actor:
        foreign = a_report(actor).id
    me, data = cast.tess.id, a_jpeg()
    photo = a_photo(foreign, me, "enclosure", data)
    operations = [
        an_answer(foreign, me, "customer", "x"),
        photo,
        an_answer(uuid4(), me, "customer", "x"),
    ]
    file = a_zip(me, operations, {photo["file"]: data})
    page = desk.take_in(file)
    sentence = "The report does not exist, or Tess Technician has no access to it."
    assert page.count(sentence) == 3
    assert stored(acting, cast)[:2] == [0, 0]


@pytest.mark.parametrize(
    "facts",
    [
        {"clientId": "x"},
        {"clientId": None},
        {"report": "../x"},
        {"kind": 1},
        {"kind": "answer\0"},
        {"payload": {"value": "x"}},
        {"payload": [["value", "x", "y"]]},
        {"payload": [["value", "\ud800"]]},
        {"payload": [["value", "a\0b"]]},
        {"after": "x"},
        {"account": "22222222-2222-4222-8222-222222222222"},
        {"block": "2"},
        {"field": "x" * 100},
    ],
)
def test_an_entry_that_is_not_understood_is_refused_alone(desk, cast, acting, report_id, facts):
    bad = an_answer(report_id, cast.tess.id, "customer", "x") | facts
    good = an_answer(report_id, cast.tess.id, "enclosure", "ok")
    page = desk.take_in(a_zip(cast.tess.id, [bad, good]))
    assert "Refused" in page and "Imported" in page
    assert stored(acting, cast) == [1, 0, 1]


def test_a_photo_is_unpacked_only_up_to_the_limit_of_uploads(
    desk, cast, acting, report_id, app, monkeypatch
):
    monkeypatch.setitem(app.config, "MAX_UPLOAD_BYTES", 100)
    data = a_jpeg()
    photo = a_photo(report_id, cast.tess.id, "enclosure", data)
    page = desk.take_in(a_zip(cast.tess.id, [photo], {photo["file"]: data}))
    assert "Refused" in page and stored(acting, cast)[:2] == [0, 0]


def test_nothing_is_unpacked_beyond_what_is_asked_for(app):
    photo = a_photo(uuid4(), ME, "enclosure", bytes(1_000))
    file = a_zip(ME, [photo], {photo["file"]: bytes(1_000)})
    with receive(io.BytesIO(file)) as received, archive.opened(received) as found:
        (record,) = found.records
        with found.bytes_of(record, 1_000) as whole:
            assert whole.byte_size == 1_000
        with pytest.raises(archive.WrongBytes), found.bytes_of(record, 999):
            pass
