"""Each uploaded file is written once, hashed on arrival, and removed with its request."""

from __future__ import annotations

import errno
import gc
import io
import os
import tempfile
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from app.storage import Incoming, StorageFull, StorageUnavailable, receive
from app.storage.receiving import IN_MEMORY
from tests.storage.stages import small_disk
from tests.support.pictures import a_jpeg
from tests.support.scenarios import a_report

SIZES = [0, 1, IN_MEMORY, IN_MEMORY + 1, 300_000]


@pytest.fixture
def disk(tmp_path, monkeypatch):
    """A small file system for this process's temporary files."""
    with small_disk(tmp_path / "small") as folder:
        monkeypatch.setattr(tempfile, "tempdir", str(folder))
        yield folder


def room(folder: Path) -> int:
    return os.statvfs(folder).f_bavail


@pytest.mark.parametrize("size", SIZES)
def test_it_reads_back_what_was_written(size):
    data = os.urandom(size)
    with Incoming() as file:
        for at in range(0, size, 40_000):
            assert file.write(data[at : at + 40_000]) == len(data[at : at + 40_000])
        file.seek(0)
        received = file.received()
        assert (received.sha256, received.byte_size) == (sha256(data).hexdigest(), size)
        assert received.path.read_bytes() == file.read() == data


def test_an_upload_is_received_without_a_second_copy(disk):
    data = os.urandom(700_000)  # two copies would not fit
    with Incoming() as file:
        file.write(data)
        file.seek(0)
        before = room(disk)
        with receive(file) as received:  # type: ignore[arg-type]
            assert received.sha256 == sha256(data).hexdigest()
            assert room(disk) == before
    with pytest.raises(StorageFull), Incoming() as first, receive(io.BytesIO(data)):
        first.write(data)
        raise AssertionError("there was room for both")


def test_it_has_no_name_and_leaves_nothing(disk):
    before = room(disk)
    with Incoming() as file:
        file.write(os.urandom(300_000))
        assert list(disk.iterdir()) == []
        assert room(disk) < before
    assert room(disk) == before


@pytest.mark.parametrize("size", [IN_MEMORY, 200_000])
def test_a_full_disk_gives_an_error_message_at_any_point(disk, size):
    """Small files are written to disk on demand, the end of large ones when they are read."""
    ballast = disk / "ballast"
    with pytest.raises(OSError), ballast.open("wb", buffering=0) as file:
        while file.write(bytes(4096)):
            pass
    with pytest.raises(StorageFull), Incoming() as file:
        file.write(bytes(size))
        file.seek(0)
        file.received()
    ballast.unlink()


@pytest.mark.parametrize(
    ("error", "refusal"),
    [
        (OSError(errno.ENOSPC, ""), StorageFull),
        (OSError(errno.EDQUOT, ""), StorageFull),
        (FileNotFoundError(errno.ENOENT, "No usable temporary directory"), StorageFull),
        (OSError(errno.EMFILE, ""), StorageUnavailable),
        (OSError(errno.EIO, ""), StorageUnavailable),
    ],
)
def test_each_failure_has_its_error(monkeypatch, error, refusal):
    def fail(*_args: object, **_named: object) -> None:
        raise error

    monkeypatch.setattr(tempfile, "TemporaryFile", fail)
    with pytest.raises(refusal), Incoming() as file:
        file.write(bytes(IN_MEMORY + 1))


def test_many_small_parts_open_no_files(client_of, cast, monkeypatch):
    """A request may have a thousand parts."""
    rolled: list[Incoming] = []
    monkeypatch.setattr(Incoming, "rollover", rolled.append)
    parts = {f"part{number}": (io.BytesIO(b"x" * 900), "x") for number in range(900)}
    url = f"/reports/{uuid4()}/fields/x/photos"
    assert client_of(cast.tess).post(url, data=parts).status_code == 404
    assert rolled == []


@pytest.mark.parametrize("what", ["taken", "refused", "failed"])
def test_every_request_closes_its_files(app, client_of, cast, acting, monkeypatch, what):
    made: list[Incoming] = []

    class Noted(Incoming):
        def __init__(self) -> None:
            super().__init__()
            made.append(self)

        def write(self, data: bytes) -> int:
            if what == "failed" and self._size > 100_000:
                raise StorageFull
            return super().write(data)

    monkeypatch.setattr("app.web.uploads.Incoming", Noted)
    with acting(cast.tess) as actor:
        report_id = a_report(actor).id
    data = bytes(400_000) if what == "refused" else a_jpeg() + bytes(400_000)
    answer = client_of(cast.tess).post(
        f"/reports/{report_id}/fields/enclosure/photos",
        data={"file": (io.BytesIO(data), "a.jpg")},
        headers={"HX-Request": "true"},
    )
    assert answer.status_code == {"taken": 201, "refused": 415, "failed": 507}[what]
    gc.disable()
    try:
        assert made and all(file.closed for file in made)
    finally:
        gc.enable()
