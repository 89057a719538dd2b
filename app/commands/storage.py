"""`flask storage check` and `flask storage sweep`, for operators and their cron."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from uuid import UUID

import click
from flask.cli import AppGroup

from app.commands.backup.threads import in_threads
from app.commands.holding import held_words, release_holds
from app.commands.people import operator, said_plainly
from app.config import MigrationSettings
from app.extensions import db
from app.storage import CorruptObject, MissingObject, Storage, whole_storage
from app.storage.references import Reference, list_references, list_tenant_ids
from app.storage.sweeping import sweep
from app.tenancy import tenant_scope

storage = AppGroup("storage", help="Photos, PDFs, logos and signatures where they lie.")
COMMANDS = (storage,)

Named = tuple[UUID, Reference]


@storage.command("check")
@click.option("--sample", type=click.IntRange(min=1), help="Read so many objects by chance only.")
def check_storage(sample: int | None) -> None:
    """Read every object that a row names and hash it again; exit status 1 where one is wrong."""
    with said_plainly():
        named = _all_named() if sample is None else _chosen(_all_named(), sample)
        seen, wrong = 0, 0
        for sentence in _find_wrong(whole_storage(), named):
            seen += 1
            if sentence:
                wrong += 1
                click.echo(sentence)
    click.echo(f"{seen} objects read, {wrong} wrong.")
    if wrong:
        raise SystemExit(1)


@storage.command("sweep")
@click.option("--sure", is_flag=True, help="Delete however much has no row.")
def sweep_storage(sure: bool) -> None:
    """Delete objects that no row names and that are older than a day; the relay does so daily."""
    with said_plainly():
        swept = sweep(whole_storage(), is_sure=sure)
    if swept.hold:
        raise click.ClickException(held_words(swept.hold))
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
    """Let the sweep go on that a restore has held; needs the owner's login."""
    url = MigrationSettings().migration_database_url  # type: ignore[call-arg]
    with said_plainly():
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


def _chosen(named: Iterable[Named], count: int) -> list[Named]:
    """So many of them by chance, each as likely as the other; nothing else is kept in memory."""
    chance = random.SystemRandom()
    chosen: list[Named] = []
    for number, one in enumerate(named):
        if number < count:
            chosen.append(one)
        elif (place := chance.randrange(number + 1)) < count:
            chosen[place] = one
    return chosen


def _find_wrong(store: Storage, named: Iterable[Named]) -> Iterator[str | None]:
    """For each object a sentence, or None where it is what it should be."""

    def read(one: Named) -> str | None:
        tenant_id, reference = one
        place = f"tenant {tenant_id}, {reference.table} {reference.row_id}: {reference.key}"
        try:
            store.open(reference.key).close()
        except MissingObject:
            return f"missing: {place}"
        except CorruptObject:
            return f"corrupt: {place}"
        return None

    for _one, sentence in in_threads(read, list(named)):
        yield sentence
