"""`flask backup FOLDER` and `flask restore BACKUP`, for operators and their cron."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from app.commands.backup.checking import find_damage
from app.commands.backup.folder import Backup, Manifest, find_backup
from app.commands.backup.restoring import Target, restore_backup
from app.commands.backup.surplus import Surplus
from app.commands.backup.taking import take_backup
from app.commands.people import refusals_as_errors
from app.config import BackupSettings, MigrationSettings
from app.storage import whole_storage
from app.tenancy import check_app_role

# Resolved, because the folder's name is the backup's name, and `.` has none.
Folder = click.Path(file_okay=False, resolve_path=True, path_type=Path)
Existing = click.Path(exists=True, file_okay=False, resolve_path=True, path_type=Path)
MOST_SENTENCES = 50


@click.command("backup")
@click.argument("folder", type=Folder)
@click.option("--verify", is_flag=True, help="Make none: read the newest one again, every byte.")
@with_appcontext
def backup(folder: Path, verify: bool) -> None:
    """Add a backup of database and files to FOLDER, or with --verify check one."""
    started = time.monotonic()
    if verify:
        found = find_backup(folder)
        damage = find_damage(found)
        if not damage:
            _print_contents(found, found.read_manifest(), started)
        _exit_with(
            damage, f"{found.path} is damaged; remove what is named and take another backup."
        )
        return
    url = BackupSettings().backup_database_url  # type: ignore[call-arg]
    with refusals_as_errors():
        made, manifest = take_backup(folder, url, whole_storage(), click.echo)
    _print_contents(made, manifest, started)
    _exit_with(manifest.problems, "The backup is complete, but the installation has problems.")


@click.command("restore")
@click.argument("folder", type=Existing)
@click.option("--keep-storage", is_flag=True, help="Objects that the storage has may stay.")
@with_appcontext
def restore(folder: Path, keep_storage: bool) -> None:
    """Fill an empty database and storage from a backup (of a folder of them, the newest)."""
    started = time.monotonic()
    found = find_backup(folder)
    target = Target(
        owner=MigrationSettings().migration_database_url,  # type: ignore[call-arg]
        backup=BackupSettings().backup_database_url,  # type: ignore[call-arg]
        app=current_app.config["SQLALCHEMY_DATABASE_URI"],
    )
    with refusals_as_errors():
        restored = restore_backup(
            found, target, whole_storage(), keep_storage=keep_storage, say=click.echo
        )
    check_app_role()
    _print_contents(found, found.read_manifest(), started)
    _print_surplus(restored.surplus)
    _exit_with(
        restored.differences, "The restore is complete, but what came back is not what was kept."
    )
    click.echo("All of it is as the manifest says. Run `flask up`, then start Laudo.")


def _print_contents(backup: Backup, manifest: Manifest, started: float) -> None:
    """Print the counts and sizes of the backup."""
    figures = manifest.figures
    rows = sum(table.rows for table in figures.tables.values())
    entries = sum(chain.sequence for chain in figures.chains.values())
    size = (manifest.object_bytes + backup.dump.stat().st_size) / 1_000_000
    click.echo(
        f"{backup.path}\n"
        f"  made       {manifest.made_at:%Y-%m-%d %H:%M:%S} UTC by Laudo {manifest.app_version},"
        f" migration {figures.migration}\n"
        f"  database   {len(figures.tables)} tables, {rows} rows, {len(figures.catalog)} rules\n"
        f"  objects    {manifest.objects}, with the dump {size:.1f} MB\n"
        f"  evidence   {len(figures.chains)} audit chains of {entries} entries,"
        f" {figures.snapshots} frozen reports\n"
        f"  seconds    {time.monotonic() - started:.1f}"
    )


def _print_surplus(surplus: Sequence[Surplus]) -> None:
    if not surplus:
        return
    objects = sum(one.objects for one in surplus)
    size = sum(one.byte_size for one in surplus)
    click.echo(
        f"The storage has {objects} objects ({size} bytes) that no restored row names. They may be"
        " all that is left of newer work, so nothing is swept until `flask storage release`:"
    )
    for one in surplus[:MOST_SENTENCES]:
        click.echo(f"  - {one}")
    if (more := len(surplus) - MOST_SENTENCES) > 0:
        click.echo(f"  - and {more} more tenants")


def _exit_with(sentences: Sequence[str], summary: str) -> None:
    """Print the sentences and exit with status 1, if there are any."""
    if not sentences:
        return
    for sentence in sentences[:MOST_SENTENCES]:
        click.echo(f"  - {sentence}", err=True)
    if (more := len(sentences) - MOST_SENTENCES) > 0:
        click.echo(f"  - and {more} more", err=True)
    raise click.ClickException(f"{summary} ({len(sentences)} found)")


COMMANDS = (backup, restore)
