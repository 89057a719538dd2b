"""Plain data about how a report came about: imports, reviews, witnesses, and what speaks for its
photos."""

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


@dataclass(frozen=True, slots=True)
class ReviewStep:
    """One step of a review. `state` is a ReviewState value; `person` reviewed the report, or
    submitted it if the submit was withdrawn. `comments` counts those that this step added."""

    round: int
    step: int
    steps: int
    state: str
    person: str
    at: datetime
    comments: int = 0


@dataclass(frozen=True, slots=True)
class PhotoTrust:
    """What speaks for some photos, in the first language, and their numbers."""

    line: str
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WitnessLink:
    """A person without an account whom `sent_by` sent a link at `at`. `accepted` and `comments` are
    counts; `has_signed` says that a signature of the report is theirs."""

    name: str
    email: str
    sent_by: str
    at: datetime
    accepted: int = 0
    comments: int = 0
    has_signed: bool = False
