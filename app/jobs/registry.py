"""The kinds of background work. Features register theirs in create_app; jobs imports no feature."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from flask import Flask, current_app

from app.models import Work

# Time limits of one job, in seconds. An export copies all data of a company.
SECONDS = 600
LONG_SECONDS = 6 * 3600


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to carry out one row of work. Only the newest fence may publish.

    `attempt` counts from 1. `request_id` is the request that asked for the work, if one did.
    """

    kind: str
    id: UUID
    tenant_id: UUID
    fence: int
    attempt: int = 1
    request_id: str | None = None


# Carries out a claim, outside any transaction and inside the tenant's scope. Publishes its results
# through `runner.publish(model, claim)`.
Perform = Callable[[Claim], None]


@dataclass(frozen=True, slots=True)
class Late:
    """A `Perform` whose libraries only workers may load: `load` imports and returns it.

    Workers call `load` once before they fork. No web process calls it.
    """

    load: Callable[[], Perform]

    def __call__(self, claim: Claim) -> None:
        self.load()(claim)


class Retention(StrEnum):
    """What remains of older work of one kind. Erasing a company removes all of it."""

    ALL = "all"
    # A new file replaces the older one; the rows stay (`work.drop_older_files`).
    NEWEST_FILE = "newest_file"
    # Older rows are deleted on a new request; the app's role may delete from this table.
    NEWEST_ROWS = "newest_rows"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of work, with everything that the queue, relay, runner and operators need to know.

    `name` is stored in queues and in the table `work_kinds`. `queue` is the RQ queue that wakes
    workers. `time_limit` is in seconds. `flask check` says `noun` for one row, and `when_late` to
    operators when a row has waited too long. `is_forked` is False for short work that gives
    untrusted bytes to a limited child of its own (imaging/child.py): then the worker does the rest
    itself, with its open connection, and forks once. Workers do `is_last` work only when no other
    work waits, so nobody is told that it waits.
    """

    name: str
    model: type[Work]
    perform: Perform
    queue: str
    noun: str
    retention: Retention = Retention.ALL
    time_limit: int = SECONDS
    is_forked: bool = True
    is_last: bool = False
    when_late: str = "look at the workers' log, and start more of them"


# Called with a function that says whether the relay is stopping. Runs outside tenants' scopes, and
# yields wherever the caller should commit.
Daily = Callable[[Callable[[], bool]], Iterator[None]]


def register(app: Flask, kind: Kind) -> None:
    app.extensions.setdefault("laudo_jobs", {})[kind.name] = kind


def register_chore(app: Flask, chore: Callable[[], object]) -> None:
    """Register what the relay runs about twice a minute. It commits its own transactions."""
    app.extensions.setdefault("laudo_chores", []).append(chore)


def register_daily(app: Flask, act: Daily) -> None:
    """Register what one relay runs once a day. It yields wherever the caller should commit."""
    app.extensions.setdefault("laudo_daily", []).append(act)


def register_hourly(app: Flask, act: Daily) -> None:
    """Register what one relay runs once an hour. After a DomainError it is tried again soon."""
    app.extensions.setdefault("laudo_hourly", []).append(act)


def list_hourly() -> list[Daily]:
    return list(current_app.extensions.get("laudo_hourly", ()))


def list_daily() -> list[Daily]:
    return list(current_app.extensions.get("laudo_daily", ()))


def list_chores() -> list[Callable[[], object]]:
    return list(current_app.extensions.get("laudo_chores", ()))


def get_kind(name: str) -> Kind:
    """The registered kind. Raises KeyError."""
    kind: Kind = current_app.extensions["laudo_jobs"][name]
    return kind


def kind_of(model: type[Work]) -> Kind:
    """The kind whose rows these are. Raises KeyError."""
    for kind in list_kinds():
        if kind.model is model:
            return kind
    raise KeyError(model)


def list_kinds() -> list[Kind]:
    return list(current_app.extensions["laudo_jobs"].values())


def list_queues() -> list[str]:
    """The queues without duplicates, in order of registration."""
    return list(dict.fromkeys(kind.queue for kind in list_kinds()))


def list_last_queues() -> frozenset[str]:
    """The queues that are served only while all others are empty."""
    return frozenset(kind.queue for kind in list_kinds() if kind.is_last)
