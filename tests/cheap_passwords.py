"""Passwords that cost next to nothing, for the whole suite: it logs in some thousand times.

What a password really costs is held by test_auth_passwords.py.
"""

from __future__ import annotations

from argon2 import PasswordHasher

from app.auth import passwords

REAL = passwords._hasher


def make_cheap() -> None:
    """For hashes made in this process. One that was made cheaply is cheap to verify anywhere."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._NOBODY = passwords.unknown_hash(passwords._hasher)
