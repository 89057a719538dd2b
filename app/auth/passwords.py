"""Password hashing and the rules for a new password. No other module may handle a hash.

Hashes are computed and verified one at a time per process.
"""

from __future__ import annotations

from base64 import b64encode
from secrets import token_bytes
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.low_level import ARGON2_VERSION

from app.auth.guessable import is_guessable
from app.errors import DomainError

MIN_LENGTH = 10
MAX_LENGTH = 200

# A hash needs 64 MiB, and its four lanes use all cores of a small machine: two at once in one
# process would finish no sooner than one after the other.
MAX_CONCURRENT = 1

_hasher = PasswordHasher()
_turns = BoundedSemaphore(MAX_CONCURRENT)


def dummy_hash(hasher: PasswordHasher) -> str:
    """A hash of no known password. It costs as much to verify as a real one but nothing to make,
    so it does not slow down every start of the app."""
    salt, digest = (
        b64encode(token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v={ARGON2_VERSION}${cost}${salt}${digest}"


# Verified when the e-mail is unknown, so that both responses take the same time.
_DUMMY_HASH = dummy_hash(_hasher)


class WeakPassword(DomainError):
    """A password must have %(least)s to %(most)s characters. A short sentence is easy to
    remember."""

    status = 422


class CommonPassword(WeakPassword):
    """This password is easy to guess: it is common, or based on your name, your e-mail or your
    company's name. Choose another one, such as a short sentence of your own."""


def hash_password(password: str, *about: str) -> str:
    """An argon2id hash. `about` is what others know about the owner: e-mail, name, company.

    Raises WeakPassword for a bad length, CommonPassword for an easily guessed password.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(least=MIN_LENGTH, most=MAX_LENGTH)
    if is_guessable(password, about):
        raise CommonPassword
    with _turns:
        return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password matches. A hash of None takes as long and never matches."""
    try:
        with _turns:
            # Cut well past MAX_LENGTH: a longer password never matches and must not cost more.
            fits = _hasher.verify(password_hash or _DUMMY_HASH, password[: 2 * MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None
