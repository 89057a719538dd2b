"""Taking a backup: first the dump, then the objects.

pg_dump and our own queries share a snapshot, so everything about the database is of one moment.
Copying the objects afterwards is consistent without stopping writes: objects are put before the
row that names them is committed, and they never change. So every row of the snapshot finds its
object, and objects put meanwhile belong to rows that the dump does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

from psycopg2 import extensions

from app.commands.backup import figures as reading
from app.commands.backup.checking import find_broken, find_rewritten, list_problems
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
from app.commands.backup.tools import Tool, find_tool, run_tool
from app.commands.progress import follow, track
from app.database_roles import OWNER
from app.reports.completing.snapshot import app_version
from app.storage import CorruptObject, MissingObject, Storage

Say = Callable[[str], None]


@dataclass
class Copied:
    """The objects in the backup, how many are new, and the keys of missing and damaged ones.

    `lost` are keys of objects that the backup has from an earlier one but the storage lost.
    """

    objects: list[StoredObject] = field(default_factory=list)
    new: int = 0
    missing: list[str] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)


def take_backup(folder: Path, url: str, store: Storage, say: Say) -> tuple[Backup, Manifest]:
    """Make a backup in `folder` of the database at `url` (the backup role's login).

    Raises Refusal and leaves nothing that looks like a backup. Problems of the installation
    itself do not stop the backup; they are listed in the manifest's `problems`.
    """
    earlier = list_backups(folder)
    with new_backup(folder) as backup:
        with reading.frozen(url) as connection:
            major = reading.server_major(connection)
            say("Dumping the database")
            _dump(backup, earlier, url, find_tool("pg_dump", major), connection)
            found = reading.read_figures(connection)
            keys = reading.list_object_keys(connection)
            rewritten = find_rewritten(earlier, connection)
            problems = [*list_problems(found), *rewritten.values()]
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


def _dump(
    backup: Backup, earlier: list[Backup], url: str, tool: Tool, connection: extensions.connection
) -> None:
    """Dump what `connection` sees. Its size is unknown until it is done, so the size of the last
    dump is used to estimate the remaining time."""

    arguments = (
        "--format=custom",
        f"--snapshot={reading.export_snapshot(connection)}",
        f"--file={backup.dump}",
    )
    estimate = _size_of(earlier[-1].dump) if earlier else 0
    with follow(lambda: _size_of(backup.dump), "Dumping the database", estimate or None):
        run_tool(tool, url, *arguments)
    backup.dump.chmod(0o600)


def _size_of(path: Path) -> int:
    """The size in bytes; 0 if there is no such file."""
    return path.stat().st_size if path.exists() else 0


def copy_objects(backup: Backup, keys: list[str], store: Storage) -> Copied:
    """Copy the objects that the folder lacks. Those that it has were verified when copied.

    Whether the storage still has the latter is read from listings, because a request per object
    would take hours with a bucket.
    """
    copied = Copied()
    known = {key for key in keys if backup.object_path(key).exists()}
    copied.lost = sorted(known - _listed(known, store))

    def tried(key: str) -> tuple[StoredObject, bool] | type[Exception]:
        """The object and whether it is new, or a description of the failure."""
        if key in known:
            size = backup.object_path(key).stat().st_size
            return StoredObject(named_sha256(key), size, key), False
        try:
            with store.open(key) as stream:
                return keep_object(backup, key, stream), True
        except (MissingObject, CorruptObject) as error:
            return type(error)

    for key, outcome in track(in_threads(tried, keys), "Copying objects", total=len(keys)):
        if isinstance(outcome, type):
            (copied.missing if outcome is MissingObject else copied.damaged).append(key)
        elif outcome[0].sha256 != named_sha256(key):
            copied.damaged.append(key)
        else:
            copied.objects.append(outcome[0])
            copied.new += outcome[1]
    return copied


def _listed(keys: set[str], store: Storage) -> set[str]:
    """The keys that the storage lists for the companies of these keys."""
    tenants = {UUID(key.split("/")[1]) for key in keys}
    return {one.key for tenant in sorted(tenants) for one in store.list(tenant)}
