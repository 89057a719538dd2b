"""Keys of stored objects: derived from their content, never from user input."""

from __future__ import annotations

import re
from uuid import UUID, uuid4

from app.storage.failures import MissingObject

FOLDER = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
KEY = re.compile(r"^t/[0-9a-f-]{36}/([a-z]+)/([0-9a-f]{64})(\.[a-z0-9]{2,4}|\.[0-9a-f]{32})?$")
PARTS = "parts"


def object_key(tenant_id: UUID, kind: str, sha256: str, suffix: str = "") -> str:
    """`t/<tenant>/<kind>/<sha256><suffix>`: kinds are orig, parts, derived, logo, sign, pdf,
    stamp, preview, export, bundle, answers and form.

    Raises ValueError if the result is not a valid key.
    """
    return checked_key(f"t/{tenant_id}/{kind}/{sha256}{suffix}")


def new_part_key(tenant_id: UUID, sha256: str) -> str:
    """`t/<tenant>/parts/<sha256>.<random>`: a part of an upload.

    No two puts share a part, so its upload may delete it at any time.
    """
    return object_key(tenant_id, PARTS, sha256, f".{uuid4().hex}")


def checked_key(key: str) -> str:
    """Return the key unchanged. Raises ValueError if it is not a valid key."""
    return _parts(key)[0]


def known_key(key: str) -> str:
    """Return the key unchanged, for reading. Raises MissingObject if it is not a valid key."""
    if not KEY.fullmatch(key):
        raise MissingObject(key)
    return key


def sha256_of_key(key: str) -> str:
    """The SHA-256 (hex) of the object, taken from its key."""
    return _parts(key)[2]


def kind_of_key(key: str) -> str:
    """orig, derived, logo, sign, pdf, preview... Raises ValueError for what is no key."""
    return _parts(key)[1]


def tenant_of_folder(name: str) -> UUID | None:
    """The tenant whose folder has this name; None if the name is no tenant's."""
    return UUID(name) if re.fullmatch(FOLDER, name) else None


def _parts(key: str) -> re.Match[str]:
    match = KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"not a storage key: {key!r}")
    return match
