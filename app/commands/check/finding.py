"""Findings of checks, and how to run checks so that one failure does not hide another."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.errors import DomainError
from app.tenancy import UnsafeDatabaseRole


class Level(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """`sentence` says what was found and, if it is a problem, what to do."""

    part: str
    level: Level
    sentence: str


Check = Callable[[], Iterable[Finding]]


def ok(part: str, sentence: str) -> Finding:
    return Finding(part, Level.OK, sentence)


def warning(part: str, sentence: str) -> Finding:
    return Finding(part, Level.WARNING, sentence)


def wrong(part: str, sentence: str) -> Finding:
    return Finding(part, Level.WRONG, sentence)


def run(part: str, check: Check, otherwise: str) -> Iterator[Finding]:
    """The findings of the check; if it fails to run, `otherwise` and the kind of failure."""
    try:
        yield from check()
    except (
        OSError,
        DomainError,
        RedisError,
        SQLAlchemyError,
        LookupError,
        UnsafeDatabaseRole,
    ) as error:
        yield wrong(part, f"{otherwise} ({type(error).__name__})")
