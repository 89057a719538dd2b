"""The two storages on real back ends, with direct access to what they store.

The local disk is a file system of 1 MB, mounted for the test. S3 is moto's server over HTTP, behind
the proxy that injects faults.
"""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import boto3
import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import s3_backends

from app.storage import LocalStorage, Storage, object_key
from app.storage.breaker import Breaker
from app.storage.bucket import Bucket
from app.storage.s3 import S3Storage
from tests.storage.proxy import Proxy

TENANT = UUID(int=7)
BUCKET = "laudo"
KEY_ID, SECRET = "testing", "testing"


def key_of(data: bytes, kind: str = "orig", suffix: str = "") -> str:
    return object_key(TENANT, kind, sha256(data).hexdigest(), suffix)


@contextmanager
def small_disk(folder: Path, size: str = "1m") -> Iterator[Path]:
    """A real file system of that size. Skips the test if this machine does not allow the mount."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Stage:
    """`store` is the storage; the methods bypass it."""

    store: Storage

    def put(self, data: bytes, folder: Path, kind: str = "orig") -> str:
        source = folder / sha256(data).hexdigest()
        source.write_bytes(data)
        key = key_of(data, kind)
        self.store.put(key, source)
        return key

    def harm(self, key: str) -> None:
        """Change a byte of the stored object."""
        raise NotImplementedError

    def age(self, key: str, by: timedelta) -> None:
        raise NotImplementedError

    def unavailable(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def full(self) -> AbstractContextManager[None]:
        raise NotImplementedError

    def names(self) -> list[str]:
        """The names of everything that is stored, complete or not."""
        raise NotImplementedError


class LocalStage(Stage):
    def __init__(self, root: Path) -> None:
        self.root = root
        self.store = LocalStorage(root)

    def harm(self, key: str) -> None:
        path = self.root / key
        data = bytearray(path.read_bytes())
        data[0] ^= 1
        path.chmod(0o600)
        path.write_bytes(bytes(data))

    def age(self, key: str, by: timedelta) -> None:
        then = (datetime.now(UTC) - by).timestamp()
        os.utime(self.root / key, (then, then))

    @contextmanager
    def unavailable(self) -> Iterator[None]:
        """A root where every access is an I/O error: a symbolic link to itself."""
        loop = self.root.with_name("nowhere")
        loop.symlink_to(loop)
        self.store.root = loop  # type: ignore[attr-defined]
        try:
            yield
        finally:
            self.store.root = self.root  # type: ignore[attr-defined]
            loop.unlink()

    @contextmanager
    def full(self) -> Iterator[None]:
        ballast = self.root / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(4096)):
                pass
        try:
            yield
        finally:
            ballast.unlink()

    def names(self) -> list[str]:
        return [path.name for path in self.root.rglob("*") if path.is_file()]


class S3Stage(Stage):
    def __init__(self, moto_url: str, *, is_direct: bool = False) -> None:
        self.proxy = Proxy(moto_url)
        self.raw = boto3.client(
            "s3",
            endpoint_url=moto_url,
            region_name="us-east-1",
            aws_access_key_id=KEY_ID,
            aws_secret_access_key=SECRET,
        )
        self.raw.create_bucket(Bucket=BUCKET)
        self.store = S3Storage(self.bucket(), is_direct=is_direct)

    def bucket(self) -> Bucket:
        return Bucket(
            BUCKET,
            endpoint_url=self.proxy.url,
            region="us-east-1",
            key_id=KEY_ID,
            secret=SECRET,
            breaker=Breaker(failures=1_000),
        )

    def harm(self, key: str) -> None:
        data = bytearray(self.raw.get_object(Bucket=BUCKET, Key=key)["Body"].read())
        data[0] ^= 1
        self.raw.put_object(Bucket=BUCKET, Key=key, Body=io.BytesIO(data))

    def age(self, key: str, by: timedelta) -> None:
        bucket = s3_backends[DEFAULT_ACCOUNT_ID]["aws"].buckets[BUCKET]
        bucket.keys[key].last_modified = (datetime.now(UTC) - by).replace(tzinfo=None)

    def unavailable(self) -> AbstractContextManager[None]:
        return self.proxy.fault("500")

    def full(self) -> AbstractContextManager[None]:
        return self.proxy.fault("quota")

    def names(self) -> list[str]:
        found = self.raw.list_objects_v2(Bucket=BUCKET).get("Contents", [])
        return [one["Key"].rpartition("/")[2] for one in found]

    def close(self) -> None:
        self.proxy.close()
        for name in self.raw.list_objects_v2(Bucket=BUCKET).get("Contents", []):
            self.raw.delete_object(Bucket=BUCKET, Key=name["Key"])
        self.raw.delete_bucket(Bucket=BUCKET)
