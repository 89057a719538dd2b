"""Password hashing and the rules for a new password. Nothing else may touch a hash."""

from __future__ import annotations

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.errors import DomainError

MIN_LENGTH = 10
MAX_LENGTH = 200

_hasher = PasswordHasher()
# Verified when the e-mail is unknown, so that both answers take the same time.
_NOBODY = _hasher.hash("nobody has this password")


class WeakPassword(DomainError):
    """A password has %(least)s to %(most)s characters. A short sentence is easy to remember."""

    status = 422


def hash_password(password: str) -> str:
    """An argon2id hash. Raises WeakPassword outside the length rule."""
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(least=MIN_LENGTH, most=MAX_LENGTH)
    return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; None (nobody) takes as long and never fits."""
    try:
        # Cut well past MAX_LENGTH: a longer one never fits and must not cost more to refuse.
        fits = _hasher.verify(password_hash or _NOBODY, password[: 2 * MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None
