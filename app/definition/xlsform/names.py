"""Names for the rows of an exported XLSForm: valid in XML and unique whatever the case."""

from __future__ import annotations

import re

# Names that other programs give to parts of every form.
_RESERVED = frozenset(("data", "meta", "instanceid", "instancename", "name"))


class Names:
    """Gives names that were not given before. Choices may begin with a digit."""

    def __init__(self, *, is_choice: bool = False) -> None:
        self._is_choice = is_choice
        self._taken: set[str] = set()

    def new(self, wanted: str) -> str:
        """`wanted` itself if it is valid and free, else the nearest name."""
        name = re.sub(r"[^A-Za-z0-9_.-]", "_", wanted)
        if not self._is_choice and not re.match(r"[A-Za-z_]", name):
            name = f"_{name}"
        free, number = name, 1
        while free.lower() in self._taken or (not self._is_choice and free.lower() in _RESERVED):
            number += 1
            free = f"{name}_{number}"
        self._taken.add(free.lower())
        return free
