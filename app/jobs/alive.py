"""Heartbeats of the background processes, kept in Redis for operators and `make demo`.

They do not show which process holds which work; the leases in PostgreSQL do.
"""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.client import Pipeline

# Workers beat every five seconds (worker.py sets RQ's intervals), relays once per round.
SILENT_AFTER_SECONDS = 30


def beat(connection: Redis | Pipeline, process: str, name: str) -> None:
    """Record that a process ('worker' or 'relay') runs under this name. Raises RedisError."""
    connection.zadd(_key(process), {name: time.time()})
    connection.expire(_key(process), SILENT_AFTER_SECONDS)


def sign_off(connection: Redis | Pipeline, process: str, name: str) -> None:
    """Remove the heartbeat, so that the process counts as gone at once. Raises RedisError."""
    connection.zrem(_key(process), name)


def count_alive(connection: Redis, process: str) -> int:
    """Count recent heartbeats; a killed process counts for half a minute more. Raises
    RedisError."""
    count: Any = connection.zcount(_key(process), time.time() - SILENT_AFTER_SECONDS, "+inf")
    return int(count)


def _key(process: str) -> str:
    return f"laudo:alive:{process}"
