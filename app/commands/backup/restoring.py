"""Restoring a backup into an empty database, and verifying the result against the backup.

Objects come first, then the database in one transaction, so that rows never lack their objects
and an interrupted restore leaves an empty database. Differences found afterwards are all reported;
none stops the restore. Objects that no restored row names are reported too, and are not swept
until an operator releases the hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from psycopg2 import extensions

from app import database_roles as roles
from app.commands.backup import figures as reading
from app.commands.backup.checking import list_problems
from app.commands.backup.figures import DatabaseFigures
from app.commands.backup.folder import Backup, Manifest, StoredObject
from app.commands.backup.refusal import Refusal
from app.commands.backup.surplus import Surplus, find_surplus
from app.commands.backup.threads import in_threads
from app.commands.backup.tools import Tool, find_tool, run_tool
from app.commands.holding import HOLDS, set_hold
from app.commands.migrating import migrate
from app.commands.people import operator
from app.commands.progress import follow, track
from app.config import ROOT
from app.storage import CorruptObject, MissingObject, Storage

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Target:
    """The three logins (SQLAlchemy URLs) of the database to fill. All must open the same
    database."""

    owner: str
    backup: str
    app: str


@dataclass(frozen=True, slots=True)
class Restored:
    """Sentences on differences from the manifest, and the objects that no restored row names."""

    differences: list[str]
    surplus: list[Surplus]


def restore_backup(
    backup: Backup, target: Target, store: Storage, *, keep_storage: bool, say: Say
) -> Restored:
    """Restore, and compare the result with the manifest; a perfect restore has no differences. If
    there is a surplus, put a hold on the sweep.

    Raises Refusal before any change if the backup was altered, the database is not empty, or the
    storage already has objects of this backup and `keep_storage` does not allow it.
    """
    if changed := backup.find_changed_files():
        raise Refusal(f"{backup.path} was altered and is not restored. " + " ".join(changed))
    manifest = backup.read_manifest()
    tool = _check_target(target, manifest)
    objects = list(backup.list_objects())
    if not keep_storage:
        _check_storage(store, objects)
    say(f"Putting {len(objects)} objects into the storage")
    differences = _put_objects(backup, objects, store)
    say("Restoring the database")
    _restore_dump(backup, target, tool)
    with reading.frozen(target.backup) as connection:
        surplus = find_surplus(store, reading.list_object_keys(connection))
        # Set the hold at once. The figures do not include it: this connection's snapshot is older.
        is_held = surplus and HOLDS in reading.table_names(connection)
        if is_held:
            _hold(target, surplus)
        _analyze(target.owner)
        say("Comparing everything with the manifest")
        found = reading.read_figures(connection)
    if surplus and not is_held:
        # Not too late: without this table no sweep runs either.
        say("Bringing the tables of the older backup to this release, so that the sweep is held")
        migrate(target.owner)
        _hold(target, surplus)
    differences += list_differences(manifest.figures, found)
    differences += list_problems(found)
    differences += [
        f"{key} was missing already when the backup was made." for key in manifest.missing_objects
    ]
    differences += [
        f"{key} was damaged already when the backup was made." for key in manifest.damaged_objects
    ]
    return Restored(differences, surplus)


def _restore_dump(backup: Backup, target: Target, tool: Tool) -> None:
    arguments = ("--exit-on-error", "--single-transaction", "--no-owner")
    # pg_restore reads through the same open file, so its position is the progress.
    with (
        backup.dump.open("rb", buffering=0) as dump,
        follow(dump.tell, "Restoring the database", backup.dump.stat().st_size),
    ):
        run_tool(tool, target.owner, *arguments, source=dump)


def _hold(target: Target, surplus: list[Surplus]) -> None:
    set_hold(
        target.owner,
        objects=sum(one.objects for one in surplus),
        byte_size=sum(one.byte_size for one in surplus),
        actor=operator(),
    )


def list_differences(kept: DatabaseFigures, found: DatabaseFigures) -> list[str]:
    """A sentence for each figure of the database that differs from the manifest."""
    differences = []
    if kept.migration != found.migration:
        differences.append(f"The migration is {found.migration}, was {kept.migration}.")
    for name in sorted(kept.tables.keys() | found.tables.keys()):
        before, after = kept.tables.get(name), found.tables.get(name)
        if before and after and before.rows == after.rows:
            if before.digest != after.digest:
                differences.append(f"Rows of {name} differ from those that were kept.")
        elif before != after:
            counts = (after.rows if after else "no table", before.rows if before else "no table")
            differences.append("{}: {} rows, were {}.".format(name, *counts))
    for tenant_id in sorted(kept.chains.keys() | found.chains.keys()):
        if kept.chains.get(tenant_id) != found.chains.get(tenant_id):
            differences.append(f"The audit chain of tenant {tenant_id} has another head.")
    if kept.snapshots != found.snapshots:
        differences.append(f"{found.snapshots} frozen reports, were {kept.snapshots}.")
    return differences + _changed_rules(kept.catalog, found.catalog)


def _changed_rules(kept: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    lost = [f"The database lacks the {name}." for name in kept if name not in found]
    new = [f"The database has a new {name}." for name in found if name not in kept]
    changed = [
        f"The {name} differs." for name, rule in kept.items() if found.get(name, rule) != rule
    ]
    return lost + changed + new


def _check_target(target: Target, manifest: Manifest) -> Tool:
    """The pg_restore to use. Raises Refusal if the database cannot take this backup."""
    _check_version(manifest)
    with closing(reading.connect(target.owner)) as connection:
        if missing := roles.missing_roles(connection):
            raise Refusal(
                f"The server lacks the roles {', '.join(missing)}. As its administrator run:\n\n"
                + roles.roles_to_make_by_hand()
            )
        _check_owner(connection, manifest)
        place = _place_of(connection)
        major = reading.server_major(connection)
    for variable, url in (("BACKUP_DATABASE_URL", target.backup), ("DATABASE_URL", target.app)):
        with closing(reading.connect(url)) as connection:
            if _place_of(connection) != place:
                raise Refusal(f"{variable} and MIGRATION_DATABASE_URL open different databases.")
    if major < manifest.server_major:
        raise Refusal(
            f"The backup is of PostgreSQL {manifest.server_major}, this server is {major}: an older"
            " one cannot take it."
        )
    return find_tool("pg_restore", max(major, manifest.server_major))


def _check_version(manifest: Manifest) -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    try:
        ScriptDirectory.from_config(config).get_revision(manifest.figures.migration)
    except CommandError as error:
        raise Refusal(
            f"The backup is of a newer Laudo ({manifest.app_version}, migration"
            f" {manifest.figures.migration}). Install that version first."
        ) from error


def _check_owner(connection: extensions.connection, manifest: Manifest) -> None:
    user = connection.info.user
    if user != manifest.owner:
        raise Refusal(
            f"MIGRATION_DATABASE_URL logs in as {user}; the tables belong to {manifest.owner},"
            " whom policies and grants name. Log in as that role."
        )
    if tables := reading.table_names(connection):
        name = connection.info.dbname
        raise Refusal(
            f"The database {name} has {len(tables)} tables; a backup is restored into an empty one"
            f" alone. As the administrator run `create database other_name owner {user}`, and let"
            " the database URLs name it."
        )


def _place_of(connection: extensions.connection) -> tuple[object, ...]:
    """Identifies one database of one running server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select oid, pg_postmaster_start_time() from pg_database"
            " where datname = current_database()"
        )
        return tuple(cursor.fetchone() or ())


def _check_storage(store: Storage, objects: list[StoredObject]) -> None:
    keys = [one.key for one in objects]
    asked = in_threads(store.exists, keys)
    there = sum(exists for _key, exists in track(asked, "Looking for objects", total=len(keys)))
    if there:
        raise Refusal(
            f"The storage has {there} of the backup's {len(keys)} objects already. Name an empty"
            " storage; or keep what is there with --keep-storage: each object is then compared"
            " with the manifest."
        )


def _put_objects(backup: Backup, objects: list[StoredObject], store: Storage) -> list[str]:
    """Put the objects that the storage lacks, and verify all of them by reading them back."""

    def put(one: StoredObject) -> str | None:
        if not store.exists(one.key):
            if damage := backup.find_bad_object(one):
                return damage
            store.put(one.key, backup.object_path(one.key))
        return _find_difference(store, one)

    done = track(in_threads(put, objects), "Putting objects", total=len(objects))
    return [sentence for _one, sentence in done if sentence]


def _find_difference(store: Storage, expected: StoredObject) -> str | None:
    try:
        # Opening reads all bytes and verifies them.
        store.open(expected.key).close()
    except MissingObject:
        return f"{expected.key} did not reach the storage."
    except CorruptObject:
        return f"{expected.key} in the storage is not what was kept: its SHA-256 differs."
    return None


def _analyze(url: str) -> None:
    """Update the planner's statistics; without them, queries are slow for the first hours."""
    with closing(reading.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("analyze")
