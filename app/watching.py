"""Lets callers observe the progress of long loops.

Commands pass `track` (app/commands/progress.py); all others use the default, `unwatched`. Nothing
here prints.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Watch(Protocol):
    def __call__(
        self, items: Iterable[Item], label: str, *, unit: str = ..., total: int | None = None
    ) -> Iterator[Item]:
        """Yield the items in order. `total` is needed if `items` has no length."""


def unwatched(
    items: Iterable[Item], label: str, *, unit: str = "objects", total: int | None = None
) -> Iterator[Item]:
    """The `Watch` that displays nothing."""
    return iter(items)
