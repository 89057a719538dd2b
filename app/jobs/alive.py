"""Signs of life of the background processes, kept in Redis: for operators and `make demo`.

Who holds which work is not told here; leases in PostgreSQL do that.
"""

from __future__ import annotations

import time
from typing import Any

from redis import Redis
from redis.client import Pipeline

# Workers beat every five seconds (worker.py sets RQ's intervals), relays every round.
SILENT_AFTER_SECONDS = 30


def beat(connection: Redis | Pipeline, process: str, name: str) -> None:
    """Say that this process ('worker', 'relay') runs under this name. Raises RedisError."""
    connection.zadd(_key(process), {name: time.time()})
    connection.expire(_key(process), SILENT_AFTER_SECONDS)


def sign_off(connection: Redis | Pipeline, process: str, name: str) -> None:
    """Take the sign of life back, so that the next one knows at once. Raises RedisError."""
    connection.zrem(_key(process), name)


def count_alive(connection: Redis, process: str) -> int:
    """How many beat lately: a killed one stays for half a minute. Raises RedisError."""
    count: Any = connection.zcount(_key(process), time.time() - SILENT_AFTER_SECONDS, "+inf")
    return int(count)


def _key(process: str) -> str:
    return f"laudo:alive:{process}"
