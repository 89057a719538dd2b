"""The kinds of background work. Features register theirs in create_app; jobs imports no feature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from flask import Flask, current_app

from app.models import Work


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out one row of work: publishing needs the fence to be the newest still.

    `attempt` counts from 1.
    """

    kind: str
    id: UUID
    tenant_id: UUID
    fence: int
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Kind:
    """`perform(claim)` runs outside any transaction, inside the tenant's scope.

    It publishes through `runner.publish(model, claim)`. `queue` is the RQ queue that wakes it.
    `module` is what `perform` imports when it runs: workers load it once for all their children.
    """

    name: str
    model: type[Work]
    perform: Callable[[Claim], None]
    queue: str
    module: str | None = None


# Called with what says whether the relay stops; runs outside any tenant's scope.
Daily = Callable[[Callable[[], bool]], Iterator[None]]


def register(app: Flask, kind: Kind) -> None:
    app.extensions.setdefault("laudo_jobs", {})[kind.name] = kind


def register_chore(app: Flask, chore: Callable[[], object]) -> None:
    """Something that the relay does again and again, some twice a minute; it commits itself."""
    app.extensions.setdefault("laudo_chores", []).append(chore)


def register_daily(app: Flask, act: Daily) -> None:
    """Something that one relay does once a day; it yields wherever its work is to be committed."""
    app.extensions.setdefault("laudo_daily", []).append(act)


def list_daily() -> list[Daily]:
    return list(current_app.extensions.get("laudo_daily", ()))


def list_chores() -> list[Callable[[], object]]:
    return list(current_app.extensions.get("laudo_chores", ()))


def get_kind(name: str) -> Kind:
    """The registered kind. Raises KeyError."""
    kind: Kind = current_app.extensions["laudo_jobs"][name]
    return kind


def list_kinds() -> list[Kind]:
    return list(current_app.extensions["laudo_jobs"].values())
