"""Parallel waits: copying and hashing objects waits for disks and networks, not processors."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 8
ITEMS_AT_ONCE = 1_000

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")


def in_threads(
    act: Callable[[Item], Outcome], items: Sequence[Item]
) -> Iterator[tuple[Item, Outcome]]:
    """Yield each item with the result of `act`, in order, with a bounded number at a time."""
    with ThreadPoolExecutor(THREADS) as pool:
        for start in range(0, len(items), ITEMS_AT_ONCE):
            some = items[start : start + ITEMS_AT_ONCE]
            yield from zip(some, pool.map(act, some), strict=True)
