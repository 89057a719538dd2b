"""What can go wrong with stored bytes. The docstrings of refusals are what people read."""

from __future__ import annotations

from app.errors import DomainError


class MissingObject(KeyError):
    """No bytes are stored under this key."""


class StorageFull(DomainError):
    """The file storage is full, so nothing of this was kept. It stays on your device: try again
    later, and tell whoever runs Laudo."""

    status = 507


class ObjectTooLarge(DomainError):
    """This file is larger than the file storage takes. Nothing of it was kept."""

    status = 413


class StorageUnavailable(DomainError):
    """The file storage does not answer just now. All that was stored is safe; what you were
    sending stays on your device. Try again in a minute."""

    status = 503
    retry_after = 30


class CorruptObject(DomainError):
    """The stored file is no longer what was received, so it is not shown. Whoever runs Laudo can
    look for it in a backup."""

    status = 500

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key
