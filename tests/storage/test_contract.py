"""The contract of both storages, tested alike with real bytes, a real disk and real HTTP."""

from __future__ import annotations

import io
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest

from app.storage import (
    CorruptObject,
    MissingObject,
    ObjectTooLarge,
    StorageFull,
    StorageUnavailable,
    receive,
)
from tests.storage.stages import TENANT, LocalStage, S3Stage, Stage, key_of

DATA = b"the bytes of a photo" * 1000
DAY = timedelta(days=1)


def read(stage: Stage, key: str) -> bytes:
    with stage.store.open(key) as file:
        return file.read()


def test_stored_bytes_are_read_unchanged(stage, tmp_path):
    key = stage.put(DATA, tmp_path)
    assert read(stage, key) == DATA
    assert stage.store.exists(key)
    assert stage.store.local_path(key, tmp_path).read_bytes() == DATA
    # A second call in the same folder gives the same file.
    assert stage.store.local_path(key, tmp_path).read_bytes() == DATA


def test_many_objects_are_fetched_at_once_without_the_missing(stage, tmp_path):
    stored = {stage.put(data, tmp_path): data for data in (DATA, b"second", b"third")}
    found = stage.store.local_paths([*stored, key_of(b"never put")], tmp_path)
    assert {key: path.read_bytes() for key, path in found.items()} == stored
    assert stage.store.local_paths(stored, tmp_path) == found


def test_many_objects_are_not_fetched_if_one_was_changed(stage, tmp_path):
    keys = [stage.put(data, tmp_path) for data in (DATA, b"second")]
    stage.harm(keys[1])
    with pytest.raises(CorruptObject):
        stage.store.local_paths(keys, tmp_path)


def test_no_bytes_and_many_bytes(stage, tmp_path):
    for data in (b"", b"x", bytes(700_000)):
        assert read(stage, stage.put(data, tmp_path)) == data


def test_the_file_can_be_read_from_any_place(stage, tmp_path):
    with stage.store.open(stage.put(DATA, tmp_path)) as file:
        file.seek(-5, io.SEEK_END)
        assert file.read() == DATA[-5:]


def test_the_same_key_twice_is_one_object(stage, tmp_path):
    assert stage.put(DATA, tmp_path) == stage.put(DATA, tmp_path)
    assert len(stage.names()) == 1


def test_many_put_the_same_bytes_at_once(stage, tmp_path):
    folders = [tmp_path / str(number) for number in range(12)]
    for folder in folders:
        folder.mkdir()
    with ThreadPoolExecutor(12) as pool:
        (key,) = set(pool.map(lambda folder: stage.put(DATA, folder), folders))
    assert read(stage, key) == DATA
    assert stage.names() == [Path(key).name]


def test_bytes_that_are_not_the_keys_are_refused(stage, tmp_path):
    wrong = tmp_path / "wrong"
    wrong.write_bytes(b"other bytes")
    with pytest.raises(CorruptObject):
        stage.store.put(key_of(DATA), wrong)
    assert stage.names() == []


def test_missing_objects_are_missing(stage, tmp_path):
    key = key_of(DATA)
    assert not stage.store.exists(key)
    with pytest.raises(MissingObject):
        stage.store.open(key)
    with pytest.raises(MissingObject):
        stage.store.local_path(key, tmp_path)
    stage.store.delete(key)
    assert not stage.store.delete_if_older(key, datetime.now(UTC) + DAY)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "../etc/passwd",
        "t/../../etc/passwd",
        "/etc/passwd",
        "t/x/orig/y",
        "t/\0",
        f"{key_of(DATA)}\n",
        key_of(DATA).replace("orig", ".."),
        f"{key_of(DATA)}/..",
        key_of(DATA).upper(),
    ],
)
def test_invalid_keys_are_never_used(stage, tmp_path, key):
    source = tmp_path / "source"
    source.write_bytes(DATA)
    with pytest.raises(ValueError):
        stage.store.put(key, source)
    with pytest.raises(MissingObject):
        stage.store.open(key)
    assert not stage.store.exists(key)
    with pytest.raises(ValueError):
        stage.store.delete(key)


def test_changed_bytes_are_never_returned(stage, tmp_path, caplog):
    key = stage.put(DATA, tmp_path)
    stage.harm(key)
    with pytest.raises(CorruptObject):
        stage.store.open(key)
    with pytest.raises(CorruptObject):
        stage.store.local_path(key, tmp_path)
    assert key in caplog.text
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith("stored-")] == []


def test_putting_the_right_bytes_again_heals_changed_ones(stage, tmp_path):
    key = stage.put(DATA, tmp_path)
    stage.harm(key)
    stage.put(DATA, tmp_path)
    assert read(stage, key) == DATA


def test_deleted_is_gone(stage, tmp_path):
    key = stage.put(DATA, tmp_path)
    stage.store.delete(key)
    assert not stage.store.exists(key)
    assert stage.names() == []


def test_the_tenants_that_have_objects_are_listed(stage, tmp_path):
    assert list(stage.store.list_tenants()) == []
    stage.put(b"one", tmp_path)
    other = key_of(b"two").replace(str(TENANT), str(UUID(int=9)))
    (tmp_path / "two").write_bytes(b"two")
    stage.store.put(other, tmp_path / "two")
    assert set(stage.store.list_tenants()) == {TENANT, UUID(int=9)}


def test_the_list_has_every_object_with_size_and_time(stage, tmp_path):
    keys = {stage.put(bytes([n]) * (n + 1), tmp_path) for n in range(5)}
    listed = {one.key: one for one in stage.store.list(TENANT)}
    assert list(stage.store.list(UUID(int=8))) == []
    assert listed.keys() == keys
    assert sorted(one.byte_size for one in listed.values()) == [1, 2, 3, 4, 5]
    for one in listed.values():
        assert abs(datetime.now(UTC) - one.put_at) < timedelta(minutes=5)


def test_only_old_objects_are_deleted(stage, tmp_path):
    young, old = stage.put(b"young", tmp_path), stage.put(b"old", tmp_path)
    stage.age(old, 2 * DAY)
    before = datetime.now(UTC) - DAY
    assert stage.store.delete_if_older(old, before)
    assert not stage.store.delete_if_older(young, before)
    assert not stage.store.exists(old)
    assert read(stage, young) == b"young"
    # Only the object is left: no mark, no lock.
    assert len(stage.names()) == 1


def test_a_put_renews_the_age(stage, tmp_path):
    key = stage.put(DATA, tmp_path)
    stage.age(key, 2 * DAY)
    stage.put(DATA, tmp_path)
    assert not stage.store.delete_if_older(key, datetime.now(UTC) - DAY)
    assert read(stage, key) == DATA


def test_a_put_during_a_sweep_always_leaves_the_object(stage, tmp_path):
    """An old object without a row is put again during a sweep: it stays in either order."""
    source = tmp_path / "source"
    source.write_bytes(DATA)
    key = key_of(DATA)
    swept = 0
    with ThreadPoolExecutor(2) as pool:
        for _round in range(40 if isinstance(stage, LocalStage) else 10):
            stage.store.put(key, source)
            stage.age(key, 2 * DAY)
            before = datetime.now(UTC) - DAY
            gone = pool.submit(stage.store.delete_if_older, key, before)
            put = pool.submit(stage.store.put, key, source)
            put.result()
            swept += gone.result()
            assert stage.store.exists(key)
    assert read(stage, key) == DATA


def test_a_full_storage_is_reported_and_leaves_nothing_partial(stage, tmp_path):
    kept = stage.put(b"there before", tmp_path)
    with stage.full():
        with pytest.raises(StorageFull) as refused:
            stage.put(bytes(300_000), tmp_path)
        assert refused.value.status == 507
        assert read(stage, kept) == b"there before"
        assert len([name for name in stage.names() if name != "ballast"]) == 1
    assert len(read(stage, stage.put(bytes(300_000), tmp_path))) == 300_000


def test_an_outage_is_reported_and_ends(stage, tmp_path):
    key = stage.put(DATA, tmp_path)
    with stage.unavailable():
        for act in (
            lambda: stage.store.open(key),
            lambda: stage.store.local_path(key, tmp_path),
            lambda: stage.store.exists(key),
            lambda: stage.put(b"more", tmp_path),
            lambda: stage.store.delete(key),
        ):
            with pytest.raises(StorageUnavailable) as refused:
                act()
            assert (refused.value.status, bool(refused.value.retry_after)) == (503, True)
    assert read(stage, key) == DATA
    assert len(stage.names()) == 1


def test_too_large_is_reported(stage, tmp_path):
    source = tmp_path / "large"
    source.write_bytes(bytes(200_000))
    with too_large(stage), pytest.raises(ObjectTooLarge) as refused:
        stage.store.put(key_of(bytes(200_000)), source)
    assert refused.value.status == 413
    assert stage.names() == []


@contextmanager
def too_large(stage: Stage) -> Iterator[None]:
    """The file size limit of the disk, or the answer of a bucket."""
    if isinstance(stage, S3Stage):
        with stage.proxy.fault("too large"):
            yield
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_received_stream_is_stored_and_leaves_no_file(stage):
    with receive(io.BytesIO(DATA)) as received:
        assert (received.byte_size, key_of(DATA)) == (len(DATA), key_of(received.path.read_bytes()))
        stage.store.put(key_of(DATA), received.path)
    assert not received.path.exists()
    assert read(stage, key_of(DATA)) == DATA


def test_local_files_belong_to_one_reader_and_none_writes_them(tmp_path):
    stage = LocalStage(tmp_path / "root")
    path = stage.root / stage.put(DATA, tmp_path)
    assert path.stat().st_mode & 0o777 == 0o400
    assert path.parent.stat().st_mode & 0o077 == 0


def test_partial_files_of_a_crash_are_deleted_by_the_next_list(tmp_path):
    stage = LocalStage(tmp_path / "root")
    folder = (stage.root / stage.put(DATA, tmp_path)).parent
    for name in (".part-old", ".part-new"):
        (folder / name).write_bytes(b"half")
    stage.age(str((folder / ".part-old").relative_to(stage.root)), 2 * DAY)
    assert len(list(stage.store.list(TENANT))) == 1
    assert not (folder / ".part-old").exists()
    assert (folder / ".part-new").exists()
