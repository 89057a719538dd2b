"""Setting and releasing the hold on the sweep, as the owner of the tables.

Both are recorded in the platform's audit. app/storage/holding.py reads the hold.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC

from psycopg2 import extensions

from app.commands.backup.figures import connect
from app.commands.platform_audit import record_as_owner
from app.models import Actor
from app.storage.holding import Hold

HOLDS = "sweep_holds"


def describe_hold(hold: Hold) -> str:
    """Explains why nothing is swept, and how to release the hold."""
    return (
        f"Nothing is swept: the restore of {hold.since.astimezone(UTC):%Y-%m-%d %H:%M} UTC found"
        f" {hold.objects} objects ({hold.byte_size} bytes) that no row names, as after a restore of"
        " an older backup. They may be all that is left of newer work. When nobody needs them:"
        " flask storage release"
    )


def set_hold(url: str, *, objects: int, byte_size: int, actor: Actor) -> None:
    """Hold the sweep. `url` is the owner's. Raises Refusal if the database does not answer."""
    with _cursor(url) as cursor:
        cursor.execute(
            "insert into sweep_holds (objects, byte_size) values (%s, %s)", (objects, byte_size)
        )
        record_as_owner("storage.held", cursor, actor, objects=str(objects), bytes=str(byte_size))


def release_holds(url: str, *, actor: Actor) -> list[Hold]:
    """Release every hold and return them. `url` is the owner's. Raises Refusal."""
    with _cursor(url) as cursor:
        cursor.execute(
            "update sweep_holds set released_at = clock_timestamp(), released_by = %s"
            " where released_at is null returning created_at, objects, byte_size",
            (actor.name,),
        )
        released = [Hold(*row) for row in cursor.fetchall()]
        for hold in released:
            record_as_owner(
                "storage.released",
                cursor,
                actor,
                objects=str(hold.objects),
                bytes=str(hold.byte_size),
            )
    return released


@contextmanager
def _cursor(url: str) -> Iterator[extensions.cursor]:
    with closing(connect(url)) as connection, connection, connection.cursor() as cursor:
        yield cursor
