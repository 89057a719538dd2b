"""Paged lists: which lines belong to a page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Generic, TypeVar

Line = TypeVar("Line")


@dataclass(frozen=True, slots=True)
class Page(Generic[Line]):
    """One page of a list; `page` counts from 1, `total` is the number of matching lines."""

    lines: tuple[Line, ...]
    page: int
    pages: int
    total: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The position of a page among `total` lines: `size` lines from `offset`."""

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
    """The position of a page; page numbers out of range become the first or the last page."""
    pages = max(1, -(-total // size))
    return Cut(min(max(page, 1), pages), pages, total, size)
