"""Objects in an S3 bucket. Written once with their SHA-256, which the bucket checks and keeps.

    t/<tenant>/<kind>/<sha256>     an object, under the same key as on a disk
    sweeping/<key>                 somebody is about to delete this object, if it is old

Every read is downloaded and hashed before its first byte is given away.
"""

from __future__ import annotations

import base64
import hashlib
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
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

# An object younger than this is left alone by every sweep until long after its row is there.
FRESH = timedelta(hours=12)
ROUNDS = 3
DOWNLOAD_SECONDS = 120
SWEEPING = "sweeping/"
# A sweeper that died leaves its mark; deleting one object never takes so long.
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
    def exists(self, key: str) -> bool:
        return bool(KEY.fullmatch(key)) and self._head(key) is not None

    @slow_work
    def delete(self, key: str) -> None:
        self._bucket.call("delete_object", checked_key(key))

    @slow_work
    def delete_if_older(self, key: str, than: datetime) -> bool:
        """Under a mark that a put at the same time sees: S3 cannot delete on a condition of age."""
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
        """Laudo does not see these bytes, so the bucket's own checksum of them is compared."""
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
        """The bucket's answers to one listing, which it gives by the thousand."""
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
        """Let an object that is there count as new; False where it has gone meanwhile."""
        head = self._head(key)
        if head is None:
            return False
        is_whole = head.get("ChecksumSHA256") == _checksum(key)
        if is_whole and head["LastModified"] > datetime.now(UTC) - FRESH:
            return True
        if not is_whole:
            log.warning("%s lies in the bucket without its checksum and is put again", key)
        self._write(key, data)
        # A sweeper that looked before this write may delete after it: see it through.
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
        """What the bucket says of an object, None where it has none."""
        try:
            return self._bucket.call("head_object", key, ChecksumMode="ENABLED")
        except MissingObject:
            return None

    def _download(self, key: str, file: BinaryIO) -> None:
        """All of the bytes, checked; leaves the file at its beginning.

        What breaks off or comes changed is fetched once more: networks do that, disks seldom.
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
        """The SHA-256 (hex) of what came."""
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
        """Whether this sweeper alone may go on; a mark that somebody left is taken away."""
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
    """`Content-Disposition` of a download with this name, in ASCII and in full."""
    plain = file_name.encode("ascii", "replace").decode().replace("?", "_")
    names = {"filename": plain}
    if plain != file_name:
        names["filename*"] = f"UTF-8''{quote(file_name, safe='')}"
    return dump_options_header("attachment", names)


def _checksum(key: str) -> str:
    """The SHA-256 that the key names, as S3 writes it."""
    return base64.b64encode(bytes.fromhex(sha256_of_key(key))).decode()
