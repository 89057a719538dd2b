"""Plain data about people who handled a report besides filling it in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ImportedWork:
    """`count` entries of `person` that `importer` brought in from a file, the last one at `at`."""

    person: str
    importer: str
    count: int
    at: datetime
