"""Readiness checks for operators: each component reports its own state."""

from __future__ import annotations

import hashlib
import secrets
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from app.errors import DomainError
from app.jobs.alive import count_alive
from app.jobs.queue import redis_client
from app.storage import object_key, put_bytes, whole_storage
from app.storage.holding import find_hold
from app.tenancy import call_definer

MIN_FREE_SHARE = 0.05
# If a document has waited longer than this, something is wrong.
MAX_WAIT_SECONDS = 600
# Anchors are made hourly; a place that was down for longer than this needs an operator.
MAX_ANCHOR_WAIT_SECONDS = 3 * 3600
PROBE_BYTES = 16
NO_TENANT = UUID(int=0)

Part = dict[str, Any]


def check_parts(*, database_answers: bool) -> dict[str, Part]:
    """Check every component. Each result has `ok` and measurements in bytes or seconds."""
    return {
        "database": {"ok": database_answers},
        "redis": _run_check(_redis),
        "worker": _run_check(lambda: _running("worker")),
        "relay": _run_check(lambda: _running("relay")),
        "storage": _run_check(_storage),
        "disk": _run_check(_disk),
        "documents": _run_check(_documents) if database_answers else {"ok": False},
        "sweep": _run_check(_sweep) if database_answers else {"ok": False},
        "anchors": _run_check(_anchors) if database_answers else {"ok": False},
    }


def _run_check(check: Callable[[], Part]) -> Part:
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
    """Write, read and delete a few bytes, because permissions and mounts can look fine but fail.

    The bytes are random, so that concurrent checks do not delete each other's object.
    """
    probe = secrets.token_bytes(PROBE_BYTES)
    key = object_key(NO_TENANT, "probe", hashlib.sha256(probe).hexdigest())
    store = whole_storage()
    put_bytes(key, probe, store)
    with store.open(key) as stored:
        is_readable = stored.read() == probe
    store.delete(key)
    return {"ok": is_readable, "free_bytes": store.free_bytes()}


def _disk() -> Part:
    usage = shutil.disk_usage(tempfile.gettempdir())
    return {"ok": usage.free >= MIN_FREE_SHARE * usage.total, "free_bytes": usage.free}


def _documents() -> Part:
    rows = call_definer("find_oldest_queued_document")
    waited = (datetime.now(UTC) - rows[0].queued_at).total_seconds() if rows else 0
    return {"ok": waited < MAX_WAIT_SECONDS, "oldest_queued_seconds": round(waited)}


def _sweep() -> Part:
    """A hold is not a failure: it waits for an operator and does no harm in the meantime."""
    return {"ok": True, "is_held": find_hold() is not None}


def _anchors() -> Part:
    """Without a place outside, anchors are made and downloaded, but none waits for delivery."""
    if not any(current_app.config[one] for one in ("ANCHOR_DIR", "ANCHOR_BUCKET", "ANCHOR_URL")):
        return {"ok": True, "is_configured": False}
    (row,) = call_definer("count_anchors")
    waited = round(row.oldest_seconds or 0)
    return {
        "ok": waited < MAX_ANCHOR_WAIT_SECONDS,
        "is_configured": True,
        "waiting": row.waiting,
        "oldest_waiting_seconds": waited,
    }
