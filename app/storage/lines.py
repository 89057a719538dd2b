"""Lines of text kept in a bucket, which may be another than that of the objects: for anchors.

An object for each delivery, because objects cannot be appended to: `<prefix>/2026-11-30/<sha256>`.
A bucket with object lock keeps each as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.storage.bucket import Bucket
from app.storage.failures import StorageUnavailable


class BucketLines:
    """Lines under a prefix of one bucket."""

    def __init__(self, bucket: Bucket, prefix: str) -> None:
        self._bucket, self._prefix = bucket, prefix

    def add(self, lines: Sequence[str]) -> None:
        """Add the lines. Raises StorageUnavailable."""
        body = "".join(f"{line}\n" for line in lines).encode()
        digest = hashlib.sha256(body).hexdigest()
        key = f"{self._prefix}/{datetime.now(UTC):%Y-%m-%d}/{digest}.jsonl"
        self._bucket.call("put_object", key, Body=body, ContentType="application/x-ndjson")

    def read(self) -> Iterator[str]:
        """Every line, by day. Raises StorageUnavailable."""
        try:
            pages = (
                self._bucket.client()
                .get_paginator("list_objects_v2")
                .paginate(Bucket=self._bucket.name, Prefix=f"{self._prefix}/")
            )
            for page in pages:
                for listed in page.get("Contents", ()):
                    body = self._bucket.call("get_object", listed["Key"])["Body"].read()
                    yield from body.decode(errors="replace").splitlines()
        except (BotoCoreError, ClientError) as error:
            raise StorageUnavailable from error


def anchor_bucket(settings: Mapping[str, Any]) -> BucketLines:
    """The bucket of ANCHOR_BUCKET; what has no setting of its own is that of the storage."""

    def own(name: str) -> Any:
        return settings[f"ANCHOR_S3_{name}"] or settings[f"STORAGE_S3_{name}"]

    bucket = Bucket(
        settings["ANCHOR_BUCKET"],
        endpoint_url=own("ENDPOINT_URL"),
        region=own("REGION"),
        key_id=own("KEY_ID"),
        secret=own("SECRET"),
    )
    return BucketLines(bucket, "anchors")
