"""Finds damage in a backup, or in the evidence of a database, and describes it in sentences."""

from __future__ import annotations

import hmac
import json

from psycopg2 import extensions

from app.commands.backup.figures import Chain, DatabaseFigures, find_hash, table_names
from app.commands.backup.folder import Backup
from app.commands.backup.refusal import Refusal
from app.commands.backup.threads import in_threads
from app.commands.progress import track
from app.tombstones import sign_body


def find_damage(backup: Backup) -> list[str]:
    """Everything that has changed since it was written. Reads every byte once; restores nothing."""
    if changed := backup.find_changed_files():
        return changed
    expected = list(backup.list_objects())
    read = in_threads(backup.find_bad_object, expected)
    done = track(read, "Reading objects", total=len(expected))
    return [sentence for _one, sentence in done if sentence]


def find_broken(found: DatabaseFigures) -> dict[str, str]:
    """A sentence for each tenant whose audit chain is broken."""
    return {
        tenant_id: f"The audit chain of tenant {tenant_id} does not fit at entry {chain.broken_at}."
        for tenant_id, chain in found.chains.items()
        if chain.broken_at is not None
    }


def list_problems(found: DatabaseFigures) -> list[str]:
    """Sentences on broken audit chains and on reports that differ from their snapshots."""
    return [*find_broken(found).values()] + [
        f"Report {report_id} no longer matches what was frozen at completion. {'; '.join(lines)}."
        for report_id, lines in found.differences.items()
    ]


def find_rewritten(earlier: list[Backup], connection: extensions.connection) -> dict[str, str]:
    """A sentence for each tenant whose chain no longer contains the head in its last backup.

    Backups in which the chain was already bad do not count. A chain whose newest entries were
    removed or rewritten is consistent in itself, so only a head that is kept elsewhere reveals
    it. An erased company has no chain; its tombstone says so.
    """
    erased = _read_erased(connection)
    sentences = {}
    for tenant_id, (name, head) in _last_good_heads(earlier).items():
        found = find_hash(connection, tenant_id, head.sequence)
        is_erased = found is None and erased.get(tenant_id, -1) >= head.sequence
        if found == head.hash or is_erased:
            continue
        sentences[tenant_id] = (
            f"The audit chain of tenant {tenant_id} was rewritten: entry {head.sequence} is not"
            f" what it was in the backup {name}."
        )
    return sentences


def _last_good_heads(earlier: list[Backup]) -> dict[str, tuple[str, Chain]]:
    """By tenant, the newest head that was found good, and the name of the backup."""
    heads = {}
    for backup in earlier:
        try:
            manifest = backup.read_manifest()
        except Refusal:
            continue
        for tenant_id, head in manifest.figures.chains.items():
            if not manifest.has_bad_chain(tenant_id):
                heads[tenant_id] = (backup.name, head)
    return heads


def _read_erased(connection: extensions.connection) -> dict[str, int]:
    """By erased tenant, the last sequence of its chain, from genuine tombstones."""
    if "tombstones" not in table_names(connection):
        return {}
    erased = {}
    with connection.cursor() as cursor:
        cursor.execute("select body, signature from tombstones")
        for body, signature in cursor.fetchall():
            if hmac.compare_digest(sign_body(body), signature):
                facts = json.loads(body)
                erased[facts["tenant"]] = int(facts["audit"]["sequence"])
    return erased
