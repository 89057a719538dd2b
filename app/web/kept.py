"""Rendered texts that a process keeps, so that a long page renders only what changed.

The key of a text must be everything that it shows.
"""

from __future__ import annotations

import threading
from collections import OrderedDict


class Kept:
    """Texts by key, up to a number of characters; those not used for longest are dropped."""

    def __init__(self, most: int) -> None:
        self._most, self._size = most, 0
        self._texts: OrderedDict[object, str] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: object) -> str | None:
        with self._lock:
            if (text := self._texts.get(key)) is not None:
                self._texts.move_to_end(key)
            return text

    def put(self, key: object, text: str) -> None:
        with self._lock:
            self._size += len(text) - len(self._texts.pop(key, ""))
            self._texts[key] = text
            while self._size > self._most:
                _key, dropped = self._texts.popitem(last=False)
                self._size -= len(dropped)

    def clear(self) -> None:
        with self._lock:
            self._texts.clear()
            self._size = 0
