"""Objects by key: written once, verified on every read, never overwritten. Local disk or S3.

Only this package knows where the bytes are: nothing else uses boto3 or paths under the root.
Callers check a person's permissions before they use a storage.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from app.storage.base import CHUNK, Attachment, Listed, Storage
from app.storage.bound import BoundStorage
from app.storage.failures import (
    CorruptObject,
    MissingObject,
    ObjectTooLarge,
    StorageFull,
    StorageUnavailable,
)
from app.storage.keys import KEY, PARTS, kind_of_key, new_part_key, object_key, sha256_of_key
from app.storage.local import LocalStorage
from app.storage.receiving import Incoming, Received, disk_failures, receive

__all__ = [
    "CHUNK",
    "KEY",
    "PARTS",
    "Attachment",
    "CorruptObject",
    "Incoming",
    "Listed",
    "LocalStorage",
    "MissingObject",
    "ObjectTooLarge",
    "Received",
    "Storage",
    "StorageFull",
    "StorageUnavailable",
    "disk_failures",
    "kind_of_key",
    "new_part_key",
    "object_key",
    "put_bytes",
    "receive",
    "sha256_of_key",
    "storage",
    "whole_storage",
]


def put_bytes(key: str, data: bytes, store: Storage | None = None) -> None:
    """Store a few bytes from memory (a logo, a signature). Raises the same errors as `put`."""
    with Incoming() as file:
        file.write(data)
        (store or storage()).put(key, file.received().path)


def storage() -> Storage:
    """The app's storage, restricted to the keys of the bound tenant."""
    return BoundStorage(whole_storage())


def whole_storage() -> Storage:
    """The storage of all companies, only for operators' commands, the sweep and probes."""
    store: Storage = current_app.extensions["laudo_storage"]
    return store


def init_app(app: Flask) -> None:
    app.extensions["laudo_storage"] = _chosen(app.config)


def _chosen(config: Mapping[str, Any]) -> Storage:
    """S3 if a bucket is configured, else the local disk."""
    if not config["STORAGE_S3_BUCKET"]:
        return LocalStorage(Path(config["STORAGE_DIR"]))
    # Imported here because boto3 takes 0.1 s that a local installation does not need.
    from app.storage.bucket import Bucket
    from app.storage.s3 import S3Storage

    bucket = Bucket(
        config["STORAGE_S3_BUCKET"],
        endpoint_url=config["STORAGE_S3_ENDPOINT_URL"],
        region=config["STORAGE_S3_REGION"],
        key_id=config["STORAGE_S3_KEY_ID"],
        secret=config["STORAGE_S3_SECRET"],
    )
    return S3Storage(bucket, is_direct=config["STORAGE_S3_DIRECT_DOWNLOADS"])
