"""What a password costs in earnest: the rest of the suite makes cheap ones."""

from __future__ import annotations

import pytest
from argon2 import Type, extract_parameters
from argon2.exceptions import VerifyMismatchError
from argon2.profiles import RFC_9106_LOW_MEMORY

from app.auth.passwords import unknown_hash
from tests.cheap_passwords import REAL


def test_a_hash_costs_what_rfc_9106_recommends():
    least = RFC_9106_LOW_MEMORY
    assert least.type is Type.ID
    assert REAL.hash("a good long sentence").startswith(
        f"$argon2id$v={least.version}$m={least.memory_cost},t={least.time_cost},p={least.parallelism}$"
    )


def test_nobody_costs_what_somebody_does():
    """Else the time of an answer would tell which addresses have an account."""
    nobody = unknown_hash(REAL)
    somebody = REAL.hash("a good long sentence")
    assert extract_parameters(nobody) == extract_parameters(somebody)
    assert len(nobody) == len(somebody)
    with pytest.raises(VerifyMismatchError):
        REAL.verify(nobody, "a good long sentence")
