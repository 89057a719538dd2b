"""Objects in an S3 bucket. Written once with their SHA-256, which the bucket verifies and stores.

    t/<tenant>/<kind>/<sha256>     an object, under the same key as on a disk
    sweeping/<key>                 a mark: a sweeper is about to delete this object if it is old

Every object is downloaded and hashed completely before its first byte is returned.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, cast
from urllib.parse import quote
from uuid import UUID

from werkzeug.http import dump_options_header

from app.slow_work import slow_work
from app.storage.base import CHUNK, Attachment, Listed, check_digest, hash_file, log
from app.storage.bucket import AlreadyThere, Bucket, WrittenJustNow
from app.storage.failures import CorruptObject, MissingObject, StorageUnavailable
from app.storage.keys import KEY, checked_key, known_key, sha256_of_key, tenant_of_folder
from app.storage.receiving import disk_failures

# A put leaves an object younger than this as it is: no sweep takes it before its row is there.
FRESH = timedelta(hours=12)
ROUNDS = 3
DOWNLOAD_SECONDS = 120
# Downloads at a time. Most of a small object's time is the wait for the bucket's answer.
FETCHERS = 8
SWEEPING = "sweeping/"
# A mark older than this was left by a sweeper that died: one deletion never takes this long.
MARK_LASTS = timedelta(minutes=10)
MARK_WAIT_SECONDS = 30.0


class S3Storage:
    def __init__(self, bucket: Bucket, *, is_direct: bool = False) -> None:
        """`is_direct` lets `link` make presigned addresses."""
        self._bucket = bucket
        self._is_direct = is_direct

    @slow_work
    def put(self, key: str, source: Path) -> None:
        checked_key(key)
        with source.open("rb") as data:
            check_digest(key, hash_file(data))
            for _round in range(ROUNDS):
                if self._put_new(key, data) or self._renew(key, data):
                    return
        log.error("%s comes and goes while it is put", key)
        raise StorageUnavailable

    @slow_work
    def open(self, key: str) -> BinaryIO:
        with disk_failures():
            spooled = tempfile.SpooledTemporaryFile(CHUNK, prefix="laudo-")  # noqa: SIM115
        file = cast(BinaryIO, spooled)
        try:
            self._download(known_key(key), file)
        except BaseException:
            file.close()
            raise
        return file

    @slow_work
    def local_path(self, key: str, directory: Path) -> Path:
        return self._fetch(key, directory)

    @slow_work
    def local_paths(self, keys: Iterable[str], directory: Path) -> dict[str, Path]:
        known = dict.fromkeys(keys)
        # Threads hold a part of a file each, however many and large the files are.
        with ThreadPoolExecutor(FETCHERS, "fetch") as pool:
            paths = list(pool.map(partial(self._find, directory=directory), known))
        return {key: path for key, path in zip(known, paths, strict=True) if path}

    @slow_work
    def exists(self, key: str) -> bool:
        return bool(KEY.fullmatch(key)) and self._head(key) is not None

    def _find(self, key: str, directory: Path) -> Path | None:
        try:
            return self._fetch(key, directory)
        except MissingObject:
            return None

    def _fetch(self, key: str, directory: Path) -> Path:
        path = directory / f"stored-{Path(known_key(key)).name}"
        if not path.exists():
            part = path.with_name(path.name + ".part")
            try:
                with part.open("w+b") as file:
                    self._download(key, file)
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        return path

    @slow_work
    def delete(self, key: str) -> None:
        self._bucket.call("delete_object", checked_key(key))

    @slow_work
    def delete_if_older(self, key: str, than: datetime) -> bool:
        """Set a mark that a concurrent put can see, because S3 has no delete conditional on age."""
        if not self._mark(checked_key(key)):
            return False
        try:
            head = self._head(key)
            if head is None or head["LastModified"] >= than:
                return False
            self.delete(key)
            return True
        finally:
            with suppress(StorageUnavailable):
                self._bucket.call("delete_object", SWEEPING + key)

    @slow_work
    def list(self, tenant_id: UUID) -> Iterator[Listed]:
        for page in self._pages(f"t/{tenant_id}/"):
            for one in page.get("Contents", ()):
                if KEY.fullmatch(one["Key"]):
                    yield Listed(one["Key"], one["Size"], one["LastModified"])

    @slow_work
    def list_tenants(self) -> Iterator[UUID]:
        for page in self._pages("t/", Delimiter="/"):
            names = (one["Prefix"].split("/")[1] for one in page.get("CommonPrefixes", ()))
            yield from filter(None, map(tenant_of_folder, names))

    @slow_work
    def link(self, key: str, attachment: Attachment, seconds: int) -> str | None:
        """Laudo does not read these bytes, so it compares the bucket's own checksum."""
        if not self._is_direct:
            return None
        head = self._head(known_key(key))
        if head is None:
            raise MissingObject(key)
        if "ChecksumSHA256" not in head:
            return None
        check_digest(key, base64.b64decode(head["ChecksumSHA256"]).hex())
        return str(
            self._bucket.client().generate_presigned_url(
                "get_object",
                Params={
                    "Bucket": self._bucket.name,
                    "Key": key,
                    "ResponseContentDisposition": disposition(attachment.file_name),
                    "ResponseContentType": attachment.media_type,
                    "ResponseCacheControl": "private, no-store",
                },
                ExpiresIn=seconds,
            )
        )

    @slow_work
    def free_bytes(self) -> int | None:
        return None

    def _pages(self, prefix: str, **options: str) -> Iterator[Any]:
        """The pages of one listing, of up to 1000 objects each."""
        token = dict[str, str]()
        while True:
            with self._bucket.failures(prefix):
                page = self._bucket.client().list_objects_v2(
                    Bucket=self._bucket.name, Prefix=prefix, **options, **token
                )
            yield page
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _put_new(self, key: str, data: BinaryIO) -> bool:
        try:
            self._write(key, data, IfNoneMatch="*")
        except AlreadyThere:
            return False
        except WrittenJustNow:
            time.sleep(0.2)
            return False
        return True

    def _renew(self, key: str, data: BinaryIO) -> bool:
        """Renew the time of an existing object; False if it is gone."""
        head = self._head(key)
        if head is None:
            return False
        is_whole = head.get("ChecksumSHA256") == _checksum(key)
        if is_whole and head["LastModified"] > datetime.now(UTC) - FRESH:
            return True
        if not is_whole:
            log.warning("%s lies in the bucket without its checksum and is put again", key)
        self._write(key, data)
        # A sweeper that read the age before this write may delete after it, so wait for it.
        return self._is_free_of_sweepers(key) and self._head(key) is not None

    def _write(self, key: str, data: BinaryIO, **condition: str) -> None:
        data.seek(0)
        self._bucket.call(
            "put_object",
            key,
            Body=data,
            ChecksumAlgorithm="SHA256",
            ChecksumSHA256=_checksum(key),
            **condition,
        )

    def _head(self, key: str) -> Any:
        """The object's metadata, None if there is no such object."""
        try:
            return self._bucket.call("head_object", key, ChecksumMode="ENABLED")
        except MissingObject:
            return None

    def _download(self, key: str, file: BinaryIO) -> None:
        """Download all bytes and verify them; rewinds the file.

        A download that breaks off or arrives damaged is tried once more: the network is the likely
        cause.
        """
        for is_last in (False, True):
            body = self._bucket.call("get_object", key)["Body"]
            try:
                with body, disk_failures():
                    file.seek(0)
                    file.truncate()
                    check_digest(key, self._copy(key, body, file))
                    file.seek(0)
                return
            except (CorruptObject, StorageUnavailable):
                if is_last:
                    raise

    def _copy(self, key: str, body: Any, file: BinaryIO) -> str:
        """Copy the body to the file; returns the SHA-256 (hex) of what arrived."""
        digest = hashlib.sha256()
        until = time.monotonic() + DOWNLOAD_SECONDS
        while True:
            with self._bucket.failures(key):
                chunk = body.read(CHUNK)
            if not chunk:
                return digest.hexdigest()
            digest.update(chunk)
            file.write(chunk)
            if time.monotonic() > until:
                log.error("%s did not arrive within %s s", key, DOWNLOAD_SECONDS)
                raise StorageUnavailable

    def _mark(self, key: str) -> bool:
        """Set the mark; False if another sweeper has it. Removes a stale mark."""
        try:
            self._bucket.call("put_object", SWEEPING + key, Body=b"", IfNoneMatch="*")
        except (AlreadyThere, WrittenJustNow):
            if not self._is_marked(key):
                self._bucket.call("delete_object", SWEEPING + key)
            return False
        return True

    def _is_marked(self, key: str) -> bool:
        head = self._head(SWEEPING + key)
        return head is not None and head["LastModified"] > datetime.now(UTC) - MARK_LASTS

    def _is_free_of_sweepers(self, key: str) -> bool:
        until = time.monotonic() + MARK_WAIT_SECONDS
        while self._is_marked(key):
            if time.monotonic() > until:
                raise StorageUnavailable
            time.sleep(0.2)
        return True


def disposition(file_name: str) -> str:
    """`Content-Disposition` of a download with this name, in ASCII and in UTF-8."""
    plain = file_name.encode("ascii", "replace").decode().replace("?", "_")
    names = {"filename": plain}
    if plain != file_name:
        names["filename*"] = f"UTF-8''{quote(file_name, safe='')}"
    return dump_options_header("attachment", names)


def _checksum(key: str) -> str:
    """The SHA-256 in the key, in S3's encoding (base64)."""
    return base64.b64encode(bytes.fromhex(sha256_of_key(key))).decode()
