"""What stands ready on this machine and behind it, for operators: each part with its own answer."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.errors import DomainError
from app.jobs.alive import count_alive
from app.jobs.queue import redis_client
from app.storage import object_key, put_bytes, whole_storage
from app.storage.holding import find_hold
from app.tenancy import call_definer

LEAST_FREE = 0.05
# A document that waited longer than this says that something is wrong, whatever it is.
LATE_SECONDS = 600
PROBE_BYTES = 16
NOBODY = UUID(int=0)

Part = dict[str, Any]


def check_parts(*, database_answers: bool) -> dict[str, Part]:
    """Every part by name; each has `ok`, and what was measured (bytes, seconds)."""
    return {
        "database": {"ok": database_answers},
        "redis": _checked(_redis),
        "worker": _checked(lambda: _running("worker")),
        "relay": _checked(lambda: _running("relay")),
        "storage": _checked(_storage),
        "disk": _checked(_disk),
        "documents": _checked(_documents) if database_answers else {"ok": False},
        "sweep": _checked(_sweep) if database_answers else {"ok": False},
    }


def _checked(check: Callable[[], Part]) -> Part:
    try:
        return check()
    except (OSError, KeyError, DomainError, RedisError, SQLAlchemyError):
        return {"ok": False}


def _redis() -> Part:
    return {"ok": bool(redis_client().ping())}


def _running(process: str) -> Part:
    count = count_alive(redis_client(), process)
    return {"ok": count > 0, "count": count}


def _storage() -> Part:
    """Really write and read a few bytes: a mode or a mount says less.

    Never the same twice, since several processes may be asked at once.
    """
    probe = secrets.token_bytes(PROBE_BYTES)
    key = object_key(NOBODY, "probe", hashlib.sha256(probe).hexdigest())
    store = whole_storage()
    put_bytes(key, probe, store)
    with store.open(key) as stored:
        is_readable = stored.read() == probe
    store.delete(key)
    return {"ok": is_readable, "free_bytes": store.free_bytes()}


def _disk() -> Part:
    usage = shutil.disk_usage(tempfile.gettempdir())
    return {"ok": usage.free >= LEAST_FREE * usage.total, "free_bytes": usage.free}


def _documents() -> Part:
    rows = call_definer("find_oldest_queued_document")
    waited = (datetime.now(UTC) - rows[0].queued_at).total_seconds() if rows else 0
    return {"ok": waited < LATE_SECONDS, "oldest_queued_seconds": round(waited)}


def _sweep() -> Part:
    """A hold is no failure: it waits for an operator and harms nobody meanwhile."""
    return {"ok": True, "is_held": find_hold() is not None}
