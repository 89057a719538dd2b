"""Cheap password hashes for the whole test suite, which logs in about a thousand times.

The real cost of a password is tested with the real settings (tests/auth).
"""

from __future__ import annotations

from argon2 import PasswordHasher

from app.auth import passwords

REAL = passwords._hasher


def make_cheap() -> None:
    """Make hashes in this process cheap. A cheap hash is cheap to verify in any process."""
    passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    passwords._DUMMY_HASH = passwords.dummy_hash(passwords._hasher)
