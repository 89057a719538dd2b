"""Names of stored bytes: made by us from their content, never from what a person typed."""

from __future__ import annotations

import re
from uuid import UUID

from app.storage.failures import MissingObject

FOLDER = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
KEY = re.compile(r"^t/[0-9a-f-]{36}/([a-z]+)/([0-9a-f]{64})(\.[a-z0-9]{2,4})?$")


def object_key(tenant_id: UUID, kind: str, sha256: str, suffix: str = "") -> str:
    """`t/<tenant>/<kind>/<sha256><suffix>`: kinds are orig, derived, logo, sign, pdf, preview,
    export and answers.

    Raises ValueError for what is no key.
    """
    return checked_key(f"t/{tenant_id}/{kind}/{sha256}{suffix}")


def checked_key(key: str) -> str:
    """The key itself. Raises ValueError for what is no key."""
    return _parts(key)[0]


def known_key(key: str) -> str:
    """The key itself, to read with. Raises MissingObject: under what is no key lies nothing."""
    if not KEY.fullmatch(key):
        raise MissingObject(key)
    return key


def sha256_of_key(key: str) -> str:
    """The SHA-256 (hex) that the bytes under this key have."""
    return _parts(key)[2]


def kind_of_key(key: str) -> str:
    """orig, derived, logo, sign, pdf, preview... Raises ValueError for what is no key."""
    return _parts(key)[1]


def tenant_of_folder(name: str) -> UUID | None:
    """The tenant whose objects lie in a folder of that name, None for a name of no tenant."""
    return UUID(name) if re.fullmatch(FOLDER, name) else None


def _parts(key: str) -> re.Match[str]:
    match = KEY.fullmatch(key)
    if match is None:
        raise ValueError(f"not a storage key: {key!r}")
    return match
