"""`flask storage check` and `flask storage sweep`, for operators and their cron."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from uuid import UUID

import click
from flask.cli import AppGroup

from app.commands.backup.threads import in_threads
from app.commands.holding import describe_hold, release_holds
from app.commands.people import operator, refusals_as_errors
from app.commands.progress import tell, track
from app.config import MigrationSettings
from app.extensions import db
from app.storage import (
    PARTS,
    CorruptObject,
    MissingObject,
    Storage,
    kind_of_key,
    whole_storage,
)
from app.storage.references import Reference, list_references, list_tenant_ids
from app.storage.sweeping import sweep
from app.tenancy import tenant_scope

storage = AppGroup("storage", help="Photos, PDFs, logos and signatures where they lie.")
COMMANDS = (storage,)

Named = tuple[UUID, Reference]


@storage.command("check")
@click.option("--sample", type=click.IntRange(min=1), help="Read so many objects by chance only.")
def check_storage(sample: int | None) -> None:
    """Read and hash every object that a row names. Exit status 1 if one is wrong."""
    with refusals_as_errors():
        named = _all_named() if sample is None else _draw_sample(_all_named(), sample)
        seen, wrong = 0, 0
        for sentence in _find_wrong(whole_storage(), named):
            seen += 1
            if sentence:
                wrong += 1
                tell(sentence)
    click.echo(f"{seen} objects read, {wrong} wrong.")
    if wrong:
        raise SystemExit(1)


@storage.command("sweep")
@click.option("--sure", is_flag=True, help="Delete however much has no row.")
def sweep_storage(sure: bool) -> None:
    """Delete objects that no row names and that are older than a day. The relay does so daily."""
    with refusals_as_errors():
        swept = sweep(whole_storage(), is_sure=sure, watch=track)
    if swept.hold:
        raise click.ClickException(describe_hold(swept.hold))
    click.echo(f"{swept.seen} objects seen, {swept.deleted} deleted, {swept.deleted_bytes} bytes.")
    for tenant_id in swept.unknown:
        click.echo(
            f"tenant {tenant_id} has objects, but neither a row nor a genuine tombstone: they stay."
        )
    for tenant_id in swept.refused:
        click.echo(
            f"tenant {tenant_id}: so many objects have no row that nothing was deleted. Is this"
            " the database that belongs to the storage? If so: flask storage sweep --sure"
        )
    if swept.refused:
        raise SystemExit(1)


@storage.command("release")
def release_storage() -> None:
    """Release the hold that a restore has put on the sweep. Needs the owner's login."""
    url = MigrationSettings().migration_database_url  # type: ignore[call-arg]
    with refusals_as_errors():
        released = release_holds(url, actor=operator())
    if not released:
        click.echo("Nothing holds the sweep.")
    for hold in released:
        click.echo(
            f"Released what a restore held on {hold.since:%Y-%m-%d %H:%M} UTC: {hold.objects}"
            f" objects, {hold.byte_size} bytes. Those that no row names and that are older than a"
            " day go with the next sweep."
        )


def _all_named() -> Iterator[Named]:
    """Each object once, with a row that names it."""
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            named = {reference.key: reference for reference in list_references()}
        db.session.remove()
        yield from ((tenant_id, reference) for reference in named.values())


def _draw_sample(named: Iterable[Named], count: int) -> list[Named]:
    """A uniform random sample of `count` objects, by reservoir sampling: only these are in
    memory."""
    chance = random.SystemRandom()
    sample: list[Named] = []
    for number, one in enumerate(named):
        if number < count:
            sample.append(one)
        elif (place := chance.randrange(number + 1)) < count:
            sample[place] = one
    return sample


def _find_wrong(store: Storage, named: Iterable[Named]) -> Iterator[str | None]:
    """For each object a sentence on what is wrong, or None."""

    def read(one: Named) -> str | None:
        tenant_id, reference = one
        place = f"tenant {tenant_id}, {reference.table} {reference.row_id}: {reference.key}"
        try:
            store.open(reference.key).close()
        except MissingObject:
            # No backup has the parts of an unfinished upload; it starts again without them.
            is_part = kind_of_key(reference.key) == PARTS
            return None if is_part else f"missing: {place}"
        except CorruptObject:
            return f"corrupt: {place}"
        return None

    objects = list(named)
    for _one, sentence in track(in_threads(read, objects), "Reading objects", total=len(objects)):
        yield sentence
