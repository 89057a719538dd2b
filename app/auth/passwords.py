"""Password hashing and the rules for a new password. Nothing else may touch a hash.

Hashes are made and compared one after the other, whoever asks: a password takes its turn.
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

# A hash takes 64 MiB while it is made or compared, and its four lanes all cores of a small machine:
# two at once in one process would end no sooner than one after the other.
AT_ONCE = 1

_hasher = PasswordHasher()
_turns = BoundedSemaphore(AT_ONCE)


def unknown_hash(hasher: PasswordHasher) -> str:
    """A hash of no known password, as dear to verify as a real one and free to make: each start
    of the app would otherwise pay for it."""
    salt, digest = (
        b64encode(token_bytes(size)).decode().rstrip("=")
        for size in (hasher.salt_len, hasher.hash_len)
    )
    cost = f"m={hasher.memory_cost},t={hasher.time_cost},p={hasher.parallelism}"
    return f"$argon2{hasher.type.name.lower()}$v={ARGON2_VERSION}${cost}${salt}${digest}"


# Verified when the e-mail is unknown, so that both answers take the same time.
_NOBODY = unknown_hash(_hasher)


class WeakPassword(DomainError):
    """A password has %(least)s to %(most)s characters. A short sentence is easy to remember."""

    status = 422


class CommonPassword(WeakPassword):
    """This password is easy to guess: it is a common one, or made of your name, your e-mail or your
    company's name. Choose another one, such as a short sentence of your own."""


def hash_password(password: str, *about: str) -> str:
    """An argon2id hash. `about` is what others know of its owner: e-mail, name, company.

    Raises WeakPassword outside the length rule, CommonPassword for what is easily guessed.
    """
    if not MIN_LENGTH <= len(password) <= MAX_LENGTH:
        raise WeakPassword(least=MIN_LENGTH, most=MAX_LENGTH)
    if is_guessable(password, about):
        raise CommonPassword
    with _turns:
        return _hasher.hash(password)


def verify_password(password_hash: str | None, password: str) -> bool:
    """Whether the password fits; None (nobody) takes as long and never fits."""
    try:
        with _turns:
            # Cut well past MAX_LENGTH: a longer one never fits and must not cost more to refuse.
            fits = _hasher.verify(password_hash or _NOBODY, password[: 2 * MAX_LENGTH])
    except (VerificationError, InvalidHashError):
        return False
    return fits and password_hash is not None
