"""Setting and releasing the hold on the sweep, as the owner of the tables.

Both stand in the platform's audit. Reading it is app/storage/holding.py's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC

from psycopg2 import extensions

from app.commands.backup.figures import connect
from app.evidence.service import canonical_json
from app.models import Actor
from app.storage.holding import Hold

HOLDS = "sweep_holds"


def held_words(hold: Hold) -> str:
    """Why nothing is swept, and the way out."""
    return (
        f"Nothing is swept: the restore of {hold.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC found"
        f" {hold.objects} objects ({hold.byte_size} bytes) that no row names, as after a restore of"
        " an older backup. They may be all that is left of newer work. When nobody needs them:"
        " flask storage release"
    )


def set_hold(url: str, *, objects: int, byte_size: int, actor: Actor) -> None:
    """Hold the sweep; `url` is the owner's. Raises Refusal where the database does not answer."""
    with _cursor(url) as cursor:
        cursor.execute(
            "insert into sweep_holds (objects, byte_size) values (%s, %s)", (objects, byte_size)
        )
        _note(cursor, "storage.held", actor, objects, byte_size)


def release_holds(url: str, *, actor: Actor) -> list[Hold]:
    """Release every hold, and tell which; `url` is the owner's. Raises Refusal."""
    with _cursor(url) as cursor:
        cursor.execute(
            "update sweep_holds set released_at = clock_timestamp(), released_by = %s"
            " where released_at is null returning created_at, objects, byte_size",
            (actor.name,),
        )
        released = [Hold(*row) for row in cursor.fetchall()]
        for hold in released:
            _note(cursor, "storage.released", actor, hold.objects, hold.byte_size)
    return released


@contextmanager
def _cursor(url: str) -> Iterator[extensions.cursor]:
    with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        yield cursor


def _note(
    cursor: extensions.cursor, action: str, actor: Actor, objects: int, byte_size: int
) -> None:
    facts = {"ip": "", "request": "", "objects": str(objects), "bytes": str(byte_size)}
    cursor.execute(
        "insert into platform_audit_entries (action, actor_name, body) values (%s, %s, %s)",
        (action, actor.name, canonical_json(facts)),
    )
