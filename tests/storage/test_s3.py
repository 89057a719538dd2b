"""What only a bucket does: hang, fail, break off, lose checksums, make links."""

from __future__ import annotations

import base64
import threading
import time
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest
import requests

from app.storage import Attachment, CorruptObject, MissingObject, StorageUnavailable
from app.storage import bucket as bucket_module
from app.storage.breaker import Breaker
from app.storage.s3 import S3Storage
from tests.storage.stages import BUCKET, S3Stage, key_of

DATA = b"the bytes of a photo" * 1000


@pytest.fixture
def impatient(s3, monkeypatch) -> S3Stage:
    """The same code with a timeout of one second instead of twenty."""
    monkeypatch.setattr(bucket_module, "READ_SECONDS", 0.5)
    s3.store = S3Storage(s3.bucket())
    return s3


def test_the_client_has_the_decided_timeouts(s3):
    config = s3.bucket().client().meta.config
    assert (config.connect_timeout, config.read_timeout) == (5, 20)
    assert config.retries["total_max_attempts"] == 3


def test_objects_are_written_once_with_their_checksum(s3, tmp_path):
    key = s3.put(DATA, tmp_path)
    head = s3.raw.head_object(Bucket=BUCKET, Key=key, ChecksumMode="ENABLED")
    assert base64.b64decode(head["ChecksumSHA256"]) == sha256(DATA).digest()
    s3.proxy.seen.clear()
    s3.put(DATA, tmp_path)
    assert [method for method, _path in s3.proxy.seen] == ["PUT", "HEAD"]


def test_many_objects_are_fetched_together_and_each_asked_for_once(s3, tmp_path):
    keys = [s3.put(f"photo {n}".encode(), tmp_path) for n in range(20)]
    s3.proxy.seen.clear()
    together = threading.Barrier(4)
    # No answer comes before four requests wait for one.
    s3.proxy.before_answer = lambda method, path: together.wait(10) and None
    assert set(s3.store.local_paths([*keys, *keys], tmp_path)) == set(keys)
    assert len(s3.proxy.seen) == len(keys)


@pytest.mark.parametrize("fault", ["hang", "500", "reset"])
def test_it_fails_in_bounded_time(impatient, tmp_path, fault):
    key = impatient.put(DATA, tmp_path)
    started = time.monotonic()
    with impatient.proxy.fault(fault):
        with pytest.raises(StorageUnavailable):
            impatient.store.open(key)
        with pytest.raises(StorageUnavailable):
            impatient.put(b"more", tmp_path)
    # Three tries of each, with pauses. Without timeouts it would take far longer.
    assert time.monotonic() - started < 25
    assert impatient.put(b"more", tmp_path) == key_of(b"more")


@pytest.mark.parametrize("fault", ["hang", "500", "reset"])
def test_two_failures_in_a_row_are_not_noticed(impatient, tmp_path, fault):
    key = impatient.put(DATA, tmp_path)
    with impatient.proxy.fault(fault, times=2), impatient.store.open(key) as file:
        assert file.read() == DATA


@pytest.mark.parametrize("fault", ["truncate", "corrupt"])
def test_truncated_or_changed_downloads_are_repeated(s3, tmp_path, fault):
    key = s3.put(DATA, tmp_path)
    with s3.proxy.fault(fault, times=1), s3.store.open(key) as file:
        assert file.read() == DATA
    expected = {"truncate": StorageUnavailable, "corrupt": CorruptObject}[fault]
    with s3.proxy.fault(fault), pytest.raises(expected):
        s3.store.open(key)


def test_a_bucket_that_does_not_exist_or_refuses_us_is_no_missing_object(s3, tmp_path):
    key = s3.put(DATA, tmp_path)
    other = s3.bucket()
    other.name = "another"
    with pytest.raises(StorageUnavailable):
        S3Storage(other).open(key)


def test_while_it_fails_the_next_calls_fail_at_once(s3, tmp_path):
    key = s3.put(DATA, tmp_path)
    bucket = s3.bucket()
    bucket.breaker = Breaker(failures=2, pause=0.5)
    store = S3Storage(bucket)
    with s3.proxy.fault("500"):
        for _try in range(2):
            with pytest.raises(StorageUnavailable):
                store.open(key)
        s3.proxy.seen.clear()
        for _try in range(20):
            with pytest.raises(StorageUnavailable):
                store.open(key)
        assert s3.proxy.seen == []
    time.sleep(0.6)
    store.open(key).close()
    store.open(key).close()


def test_a_missing_object_is_no_failure_of_the_bucket():
    breaker = Breaker(failures=1, pause=60)
    for _try in range(3):
        with pytest.raises(MissingObject), breaker:
            raise MissingObject("key")
    with pytest.raises(StorageUnavailable), breaker:
        raise StorageUnavailable
    with pytest.raises(StorageUnavailable), breaker:
        raise AssertionError("the breaker let a call through")


def test_a_stale_mark_does_not_block_for_long(s3, tmp_path):
    key, day = s3.put(DATA, tmp_path), timedelta(days=1)
    s3.age(key, 2 * day)
    s3.raw.put_object(Bucket=BUCKET, Key=f"sweeping/{key}", Body=b"")
    before = datetime.now(UTC) - day
    # Another sweeper is at work on it.
    assert not s3.store.delete_if_older(key, before)
    s3.age(f"sweeping/{key}", timedelta(hours=1))
    s3.put(DATA, tmp_path)
    s3.age(key, 2 * day)
    # The first call removes the old mark, the next one the object.
    assert not s3.store.delete_if_older(key, before)
    assert s3.store.delete_if_older(key, before)
    assert s3.names() == []


class TestDirectLinks:
    @pytest.fixture
    def direct(self, moto_url) -> S3Stage:
        stage = S3Stage(moto_url, is_direct=True)
        yield stage
        stage.close()

    def test_serve_the_bytes_with_our_name_and_type(self, direct, tmp_path):
        key = direct.put(DATA, tmp_path)
        name = 'Relatório "SP4"; x.pdf'
        url = direct.store.link(key, Attachment(name, "application/pdf"), 300)
        answer = requests.get(url, timeout=10)
        assert answer.content == DATA
        assert answer.headers["Content-Type"] == "application/pdf"
        assert answer.headers["Content-Disposition"].startswith("attachment; ")
        assert "filename*=UTF-8''Relat%C3%B3rio" in answer.headers["Content-Disposition"]
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert "X-Amz-Expires=300" in url

    def test_are_not_made_for_missing_or_changed_objects(self, direct, tmp_path):
        key = direct.put(DATA, tmp_path)
        attachment = Attachment("a.pdf", "application/pdf")
        with pytest.raises(MissingObject):
            direct.store.link(key_of(b"other"), attachment, 300)
        direct.raw.put_object(Bucket=BUCKET, Key=key, Body=b"changed", ChecksumAlgorithm="SHA256")
        with pytest.raises(CorruptObject):
            direct.store.link(key, attachment, 300)

    def test_without_a_checksum_laudo_reads_the_bytes_itself(self, direct, tmp_path):
        direct.raw.put_object(Bucket=BUCKET, Key=key_of(DATA), Body=DATA)
        assert direct.store.link(key_of(DATA), Attachment("a", "image/png"), 300) is None

    def test_only_if_configured(self, s3, tmp_path):
        key = s3.put(DATA, tmp_path)
        assert s3.store.link(key, Attachment("a", "image/png"), 300) is None
