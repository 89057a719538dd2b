"""What a password costs in earnest: the rest of the suite makes cheap ones."""

from __future__ import annotations

from argon2 import Type
from argon2.profiles import RFC_9106_LOW_MEMORY

from tests.cheap_passwords import REAL


def test_a_hash_costs_what_rfc_9106_recommends():
    least = RFC_9106_LOW_MEMORY
    assert least.type is Type.ID
    assert REAL.hash("a good long sentence").startswith(
        f"$argon2id$v={least.version}$m={least.memory_cost},t={least.time_cost},p={least.parallelism}$"
    )
