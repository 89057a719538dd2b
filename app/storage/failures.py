"""Failures of the storage. The docstrings of DomainErrors are shown to users."""

from __future__ import annotations

from app.errors import DomainError


class MissingObject(KeyError):
    """No bytes are stored under this key."""


class StorageFull(DomainError):
    """The file storage is full, so nothing was saved. What you were sending stays on your device:
    try again later, and contact the Laudo operator."""

    status = 507


class ObjectTooLarge(DomainError):
    """This file is larger than the file storage accepts. Nothing was saved."""

    status = 413


class StorageUnavailable(DomainError):
    """The file storage is not responding. Everything already stored is safe; what you were sending
    stays on your device. Try again in a minute."""

    status = 503
    retry_after = 30


class CorruptObject(DomainError):
    """The stored file no longer matches the file that was received, so it is not shown. The Laudo
    operator can look for it in a backup."""

    status = 500

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
