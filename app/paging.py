"""Lists that are shown a page at a time: where a page is cut, and what it holds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Page(Generic[Line]):
    """One page of a list; `page` counts from 1 and `total` all lines that match."""

    lines: tuple[Line, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a page lies among `total` lines: `size` of them from `offset`."""

    page: int
    pages: int
    total: int
    size: int

    @property
    def offset(self) -> int:
        return (self.page - 1) * self.size

    def holding(self, lines: Iterable[Line]) -> Page[Line]:
        return Page(tuple(lines), self.page, self.pages, self.total)


def cut(total: int, page: int, size: int) -> Cut:
    """The cut for the page asked for; one that is too far is the last, one below 1 the first."""
    pages = max(1, -(-total // size))
    return Cut(min(max(page, 1), pages), pages, total, size)
