"""What is wrong with a backup where it lies, or with the evidence in a database, as sentences."""

from __future__ import annotations

from psycopg2 import extensions

from app.commands.backup.figures import Figures, find_hash
from app.commands.backup.folder import Backup
from app.commands.backup.refusal import Refusal
from app.commands.backup.threads import in_threads


def find_damage(backup: Backup) -> list[str]:
    """All that is no longer what was written; reads every byte once and restores nothing."""
    if changed := backup.find_changed_files():
        return changed
    wanted = list(backup.list_objects())
    return [sentence for _one, sentence in in_threads(backup.find_bad_object, wanted) if sentence]


def problems_of(found: Figures) -> list[str]:
    """Evidence that does not hold together."""
    broken = [
        f"The audit chain of tenant {tenant_id} does not fit at entry {chain.broken_at}."
        for tenant_id, chain in found.chains.items()
        if chain.broken_at is not None
    ]
    return broken + [
        f"The snapshot of report {report_id} is not what was frozen at its completion."
        for report_id in found.bad_snapshots
    ]


def find_rewritten(earlier: list[Backup], connection: extensions.connection) -> list[str]:
    """Whether each chain still runs through the head that the last good backup wrote down.

    A chain whose newest entries were cut off, or made anew, fits in itself; only a head that is
    kept elsewhere tells.
    """
    for backup in reversed(earlier):
        try:
            manifest = backup.read_manifest()
        except Refusal:
            continue
        if manifest.problems:
            continue
        return [
            f"The audit chain of tenant {tenant_id} was rewritten: entry {head.sequence} is not"
            f" what it was in the backup {backup.name}."
            for tenant_id, head in manifest.figures.chains.items()
            if find_hash(connection, tenant_id, head.sequence) != head.hash
        ]
    return []
