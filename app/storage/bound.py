"""A storage restricted to one company: every key is compared with the bound tenant.

This is the third lock beside those of app.tenancy: even a row that names another company's object
gives no access to it. Operators' commands, which work on all companies, use `whole_storage`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

from app.storage.base import Attachment, Listed, Storage, log
from app.storage.failures import MissingObject
from app.tenancy import ForeignTenant, require_tenant


class BoundStorage:
    """Reads of another company's key raise MissingObject; writes raise ForeignTenant.

    All raise NoTenantBound outside a tenant's scope.
    """

    def __init__(self, store: Storage) -> None:
        self._store = store

    def put(self, key: str, source: Path) -> None:
        self._store.put(_to_write(key), source)

    def open(self, key: str) -> BinaryIO:
        return self._store.open(_to_read(key))

    def local_path(self, key: str, directory: Path) -> Path:
        return self._store.local_path(_to_read(key), directory)

    def local_paths(self, keys: Iterable[str], directory: Path) -> dict[str, Path]:
        return self._store.local_paths([_to_read(key) for key in keys], directory)

    def exists(self, key: str) -> bool:
        return _is_own(key) and self._store.exists(key)

    def delete(self, key: str) -> None:
        self._store.delete(_to_write(key))

    def delete_if_older(self, key: str, than: datetime) -> bool:
        return self._store.delete_if_older(_to_write(key), than)

    def list(self, tenant_id: UUID) -> Iterator[Listed]:
        if tenant_id != require_tenant():
            raise ForeignTenant("the objects of another tenant were asked for")
        return self._store.list(tenant_id)

    def list_tenants(self) -> Iterator[UUID]:
        require_tenant()
        raise ForeignTenant("the objects of every tenant were asked for")

    def link(self, key: str, attachment: Attachment, seconds: int) -> str | None:
        return self._store.link(_to_read(key), attachment, seconds)

    def free_bytes(self) -> int | None:
        return self._store.free_bytes()


def _is_own(key: str) -> bool:
    return key.startswith(f"t/{require_tenant()}/")


def _to_read(key: str) -> str:
    if not _is_own(key):
        log.error("tenant %s was about to read %s, which is not its own", require_tenant(), key)
        raise MissingObject(key)
    return key


def _to_write(key: str) -> str:
    if not _is_own(key):
        raise ForeignTenant(f"{key} is another tenant's")
    return key
