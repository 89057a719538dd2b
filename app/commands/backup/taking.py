"""Taking a backup: the dump first, the objects after it.

Everything about the database comes from one moment: pg_dump and our own reading share a snapshot.
The objects come after it, and that is consistent without stopping anybody: bytes are put before
the row that names them is committed and never change, so every row of the snapshot finds its
bytes; what is put meanwhile belongs to rows that the dump does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from app.commands.backup import figures as reading
from app.commands.backup.checking import find_broken, find_rewritten, problems_of
from app.commands.backup.folder import (
    FORMAT,
    MANIFEST,
    OBJECTS,
    Backup,
    Manifest,
    StoredObject,
    keep_object,
    list_backups,
    named_sha256,
    new_backup,
    write_private,
)
from app.commands.backup.threads import in_threads
from app.commands.backup.tools import find_tool, run_tool
from app.database_roles import OWNER
from app.reports.snapshot import app_version
from app.storage import CorruptObject, MissingObject, Storage

Say = Callable[[str], None]


@dataclass
class Copied:
    """The objects that the backup has, how many of them came now, and the keys of the others.

    `lost` are keys of objects that it has from an earlier backup and the storage no longer.
    """

    objects: list[StoredObject] = field(default_factory=list)
    new: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def take_backup(folder: Path, url: str, store: Storage, say: Say) -> tuple[Backup, Manifest]:
    """A finished backup in `folder`, of the database that `url` (the backup role's) opens.

    Raises Refusal and leaves nothing that could be taken for a backup. What is wrong with the
    installation itself stands in the manifest's `problems`: the rest is worth keeping.
    """
    earlier = list_backups(folder)
    with new_backup(folder) as backup:
        with reading.frozen(url) as connection:
            major = reading.server_major(connection)
            say("Dumping the database")
            snapshot = reading.export_snapshot(connection)
            arguments = ("--format=custom", f"--snapshot={snapshot}", f"--file={backup.dump}")
            run_tool(find_tool("pg_dump", major), url, *arguments)
            backup.dump.chmod(0o600)
            found = reading.read_figures(connection)
            keys = reading.list_object_keys(connection)
            rewritten = find_rewritten(earlier, connection)
            problems = [*problems_of(found), *rewritten.values()]
        say(f"Copying the objects that are not there yet, of {len(keys)}")
        copied = copy_objects(backup, keys, store)
        say(f"{copied.new} objects were new")
        problems += [f"{key} is missing from the storage." for key in copied.missing]
        problems += [
            f"{key} is missing from the storage; this backup has it." for key in copied.lost
        ]
        problems += [f"{key} is damaged in the storage." for key in copied.damaged]
        manifest = Manifest(
            format=FORMAT,
            made_at=datetime.now(UTC),
            app_version=app_version(),
            server_major=major,
            owner=OWNER,
            figures=found,
            objects=len(copied.objects),
            object_bytes=sum(kept.byte_size for kept in copied.objects),
            missing_objects=copied.missing,
            damaged_objects=copied.damaged,
            problems=problems,
            bad_chains=sorted({*find_broken(found), *rewritten}),
        )
        lines = (f"{kept.sha256}\t{kept.byte_size}\t{kept.key}\n" for kept in copied.objects)
        write_private(backup.path / OBJECTS, lines)
        write_private(backup.path / MANIFEST, manifest.model_dump_json(indent=1))
        backup.write_sums()
    return Backup(backup.path.with_suffix("")), manifest


def copy_objects(backup: Backup, keys: list[str], store: Storage) -> Copied:
    """Every object that the folder lacks; one that it has was hashed when it came.

    Whether the storage still has that one, too, is read from its lists: asking for each would take
    a bucket hours.
    """
    copied = Copied()
    known = {key for key in keys if backup.object_path(key).exists()}
    copied.lost = sorted(known - _listed(known, store))

    def tried(key: str) -> tuple[StoredObject, bool] | type[Exception]:
        """The object and whether it is new; else what is wrong with it."""
        if key in known:
            size = backup.object_path(key).stat().st_size
            return StoredObject(named_sha256(key), size, key), False
        try:
            with store.open(key) as stream:
                return keep_object(backup, key, stream), True
        except (MissingObject, CorruptObject) as error:
            return type(error)

    for key, outcome in in_threads(tried, keys):
        if isinstance(outcome, type):
            (copied.missing if outcome is MissingObject else copied.damaged).append(key)
        elif outcome[0].sha256 != named_sha256(key):
            copied.damaged.append(key)
        else:
            copied.objects.append(outcome[0])
            copied.new += outcome[1]
    return copied


def _listed(keys: set[str], store: Storage) -> set[str]:
    """Those that the storage lists under the companies of these keys."""
    tenants = {UUID(key.split("/")[1]) for key in keys}
    return {one.key for tenant in sorted(tenants) for one in store.list(tenant)}
