"""Keys derived from SECRET_KEY, and encryption of small stored secrets (authenticator secrets).

After SECRET_KEY changes, stored secrets are unreadable; callers must handle Unreadable. Keys of
companies' seals are encrypted the same way, but with a key that only the sealer has.
"""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from flask import current_app


class Unreadable(ValueError):
    """The secret was encrypted with another key, or has been modified."""


def encrypt(text: str, *, key: bytes | None = None) -> str:
    """`key` has 32 bytes; without one, it is derived from SECRET_KEY."""
    return _box(key).encrypt(text.encode()).decode()


def decrypt(sealed: str, *, key: bytes | None = None) -> str:
    """Raises Unreadable."""
    try:
        return _box(key).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise Unreadable from error


def derived_key(purpose: bytes) -> bytes:
    """A key of 32 bytes, different for each purpose."""
    derive = HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose)
    secret = current_app.secret_key
    assert secret
    return derive.derive(secret if isinstance(secret, bytes) else secret.encode())


def _box(key: bytes | None) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(key or derived_key(b"laudo secrets at rest")))
