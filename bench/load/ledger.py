"""The people's observations, one JSON line each, written at once: nothing is kept in memory.

Lines: `request` (kind, ms, status, trouble), `save` and `photo` and `submit` (acknowledged ones).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

Line = dict[str, Any]


class Ledger:
    """Append-only. Only one process writes it."""

    def __init__(self, path: Path) -> None:
        self._file: TextIO = path.open("a", buffering=1)

    def note(self, line: str, **facts: Any) -> None:
        self._file.write(json.dumps({"line": line, **facts}) + "\n")


def lines(path: Path, kind: str) -> Iterator[Line]:
    """The lines of one kind, in chronological order."""
    with path.open() as file:
        for text in file:
            line: Line = json.loads(text)
            if line["line"] == kind:
                yield line
