"""Checks of Redis, of the background processes and their queue, and of the storage."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from flask import current_app

from app.commands.check.finding import Finding, ok, run, warning, wrong
from app.commands.holding import describe_hold
from app.jobs.alive import SILENT_AFTER_SECONDS, count_alive
from app.jobs.queue import redis_client
from app.jobs.registry import Kind, list_kinds
from app.mail.transport import ServerUnavailable, connected, describe_destination
from app.storage import CorruptObject, MissingObject, object_key, put_bytes, whole_storage
from app.storage.holding import find_hold
from app.tenancy import call_definer

LATE_SECONDS = 60
TOO_LATE_SECONDS = 600
NOBODY = UUID(int=0)
GIB = 1024**3


def check_services() -> Iterator[Finding]:
    otherwise = "Redis does not answer: start it, and look at REDIS_URL. Work waits meanwhile."
    yield from run("redis", _redis, otherwise)
    for process in ("worker", "relay"):
        yield from run(process, lambda process=process: _alive(process), "Redis would know.")  # type: ignore[misc]
    yield from run("queue", _queue, "How long work waits could not be read.")
    broken = (
        "Bytes cannot be stored and read again: the folder of STORAGE_DIR must exist, belong to"
        " the user who runs Laudo and have room; a bucket must be reachable with its key."
    )
    yield from run("storage", _storage, broken)
    yield from run("sweep", _sweep, "Whether the sweep is held could not be read.")
    yield from run("mail", _mail, "The mail server could not be asked.")


def _redis() -> Iterator[Finding]:
    client = redis_client()
    info: Any = client.info()
    policy = info.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        yield warning(
            "redis",
            f"Redis throws entries away when it is full (maxmemory-policy {policy}): set"
            " maxmemory-policy to noeviction, or wake-ups and counted tries get lost.",
        )
    if not info.get("aof_enabled"):
        yield warning(
            "redis",
            "Redis forgets what it knows when it restarts: set appendonly to yes. Nothing is lost"
            " for good, but the relay has to feed all work again.",
        )
    if policy == "noeviction" and info.get("aof_enabled"):
        yield ok("redis", f"Redis {info.get('redis_version', '')} answers, keeps and evicts none.")


def _alive(process: str) -> Iterator[Finding]:
    count = count_alive(redis_client(), process)
    if count:
        yield ok(process, f"{count} running.")
    else:
        yield wrong(
            process,
            f"No {process} has given a sign of life for {SILENT_AFTER_SECONDS} s: start"
            f" `flask {process}` and look at its log.",
        )


def _queue() -> Iterator[Finding]:
    """Report each kind of work that waits too long. Mails may wait for their server for two days,
    and work that comes last for a quiet hour."""
    oldest = {row.kind: row.oldest_seconds or 0.0 for row in call_definer("count_work")}
    kinds = sorted((one for one in list_kinds() if not one.is_last), key=lambda kind: kind.name)
    for kind in kinds:
        if (waited := oldest.get(kind.name, 0.0)) > LATE_SECONDS:
            yield _late(kind, waited)
    longest = max(oldest.get(kind.name, 0.0) for kind in kinds)
    if longest <= LATE_SECONDS:
        yield ok("queue", f"The oldest work has waited {longest:.0f} s.")


def _late(kind: Kind, waited: float) -> Finding:
    words = f"The oldest {kind.noun} has waited {waited:.0f} s"
    if waited > TOO_LATE_SECONDS:
        return wrong("queue", f"{words}: {kind.when_late}.")
    return warning("queue", f"{words}: start another worker if this continues.")


def _storage() -> Iterator[Finding]:
    """Write, read and delete an object of this check's own; permissions alone would prove less."""
    probe = secrets.token_bytes(4096)
    key = object_key(NOBODY, "probe", hashlib.sha256(probe).hexdigest())
    store = whole_storage()
    put_bytes(key, probe, store)
    try:
        with store.open(key) as stored:
            is_same = stored.read() == probe
    except (CorruptObject, MissingObject):
        is_same = False
    finally:
        store.delete(key)
    if not is_same:
        yield wrong("storage", "The storage gave other bytes than it got: replace it.")
    elif store.exists(key):
        yield wrong("storage", "The storage keeps what was deleted: look at its rights.")
    else:
        yield ok("storage", f"{_name()} stores, reads and deletes; the hash is right.")


def _sweep() -> Iterator[Finding]:
    if hold := find_hold():
        yield warning("sweep", describe_hold(hold))
    else:
        yield ok("sweep", "Nothing holds the daily sweep of the storage.")


def _mail() -> Iterator[Finding]:
    """Log in as the worker does. Sends no mail."""
    if not current_app.config["SMTP_HOST"]:
        level = warning if current_app.config["BASE_URL"].startswith("https://") else ok
        sentence = f"Mails go {describe_destination()}, and nobody gets them: set SMTP_HOST."
        yield level("mail", sentence)
        return
    try:
        with connected() as server:
            server.noop()
    except ServerUnavailable as error:
        yield wrong(
            "mail",
            f"The mail server does not let us in ({error}): look at SMTP_HOST, SMTP_PORT,"
            " SMTP_SECURITY, SMTP_USER and SMTP_PASSWORD. Mails wait for two days.",
        )
    else:
        yield ok("mail", f"Mails go {describe_destination()}, which lets us in.")


def _name() -> str:
    bucket = current_app.config.get("STORAGE_S3_BUCKET")
    return f"Bucket {bucket}" if bucket else str(current_app.config["STORAGE_DIR"])
