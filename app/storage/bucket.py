"""One S3 bucket through boto3: client, timeouts, and translation of errors to ours.

s3.py decides what is stored under which name, and how.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from app.storage.base import log
from app.storage.breaker import Breaker
from app.storage.failures import MissingObject, ObjectTooLarge, StorageFull, StorageUnavailable

CONNECT_SECONDS, READ_SECONDS, TRIES = 5, 20, 3
MISSING = {"NoSuchKey", "404", "NotFound"}
TOO_LARGE = {"EntityTooLarge", "413"}
FULL = {
    "507",
    "InsufficientCapacity",
    "InsufficientStorage",
    "QuotaExceeded",
    "XMinioAdminBucketQuotaExceeded",
    "XMinioStorageFull",
}
EXISTS = {"PreconditionFailed", "412"}
CONFLICT = {"ConditionalRequestConflict", "OperationAborted", "409"}


class AlreadyThere(Exception):
    """A conditional write found an existing object under the key."""


class WrittenJustNow(Exception):
    """Another conditional write on the same key is in progress."""


@dataclass(slots=True)
class Bucket:
    """`endpoint_url` is for servers other than AWS. Without a key id, boto3 finds credentials."""

    name: str
    endpoint_url: str | None = None
    region: str | None = None
    key_id: str | None = None
    secret: str | None = field(default=None, repr=False)
    breaker: Breaker = field(default_factory=Breaker)
    _lock: Any = field(default_factory=threading.Lock, repr=False)
    _client: Any = field(default=None, repr=False)
    _made_in: int = 0

    def client(self) -> Any:
        """This process's client. Threads may share it; forked processes must not."""
        with self._lock:
            if self._client is None or self._made_in != os.getpid():
                self._client, self._made_in = self._new_client(), os.getpid()
            return self._client

    def _new_client(self) -> Any:
        return boto3.session.Session().client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=self.region,
            aws_access_key_id=self.key_id,
            aws_secret_access_key=self.secret,
            config=Config(
                connect_timeout=CONNECT_SECONDS,
                read_timeout=READ_SECONDS,
                retries={"total_max_attempts": TRIES, "mode": "standard"},
                signature_version="s3v4",
                s3={"addressing_style": "path" if self.endpoint_url else "auto"},
                max_pool_connections=32,
                # We send and compare SHA-256 ourselves; not every server supports other checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def call(self, operation: str, key: str, **arguments: Any) -> Any:
        """Make one request on one object; returns boto3's answer. Raises the errors of
        `failures`."""
        with self.failures(key):
            method = getattr(self.client(), operation)
            return method(Bucket=self.name, Key=key, **arguments)

    @contextmanager
    def failures(self, key: str) -> Iterator[None]:
        """Translate boto3's errors to ours. Logs those that an operator must look at.

        Raises MissingObject, StorageFull, StorageUnavailable, ObjectTooLarge, AlreadyThere,
        WrittenJustNow.
        """
        with self.breaker:
            try:
                yield
            except ClientError as error:
                raise _in_our_words(error, key) from error
            except BotoCoreError as error:
                log.error("the bucket %s fails for %s: %s", self.name, key, error)
                raise StorageUnavailable from error


def _in_our_words(error: ClientError, key: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    status = str(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", ""))
    if code in MISSING:
        return MissingObject(key)
    if code in EXISTS:
        return AlreadyThere(key)
    if code in CONFLICT:
        return WrittenJustNow(key)
    log.error("the bucket refuses %s: %s", key, error)
    if code in FULL or status in FULL:
        return StorageFull()
    if code in TOO_LARGE or status in TOO_LARGE:
        return ObjectTooLarge()
    return StorageUnavailable()
