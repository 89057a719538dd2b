"""Names of stored bytes: made by us from their content, never from what a person typed."""

from __future__ import annotations

import re
from uuid import UUID

from app.storage.failures import MissingObject

KEY = re.compile(r"^t/([0-9a-f-]{36})/[a-z]+/([0-9a-f]{64})(\.[a-z0-9]{2,4})?$")


def object_key(tenant_id: UUID, kind: str, sha256: str, suffix: str = "") -> str:
    """`t/<tenant>/<kind>/<sha256><suffix>`: kinds are orig, derived, logo, sign and pdf.

    Raises ValueError for what is no key.
    """
    return checked_key(f"t/{tenant_id}/{kind}/{sha256}{suffix}")


def checked_key(key: str) -> str:
    """The key itself. Raises ValueError for what is no key."""
    if not KEY.fullmatch(key):
        raise ValueError(f"not a storage key: {key!r}")
    return key


def known_key(key: str) -> str:
    """The key itself, to read with. Raises MissingObject: under what is no key lies nothing."""
    if not KEY.fullmatch(key):
        raise MissingObject(key)
    return key


def sha256_of_key(key: str) -> str:
    """The SHA-256 (hex) that the bytes under this key have."""
    match = KEY.fullmatch(checked_key(key))
    assert match
    return match[2]


def tenant_of_key(key: str) -> UUID:
    """The tenant whose bytes these are. Raises ValueError for what is no key."""
    match = KEY.fullmatch(checked_key(key))
    assert match
    return UUID(match[1])
