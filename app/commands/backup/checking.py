"""What is wrong with a backup where it lies, or with the evidence in a database, as sentences."""

from __future__ import annotations

import hmac
import json

from psycopg2 import extensions

from app.commands.backup.figures import Chain, Figures, find_hash, table_names
from app.commands.backup.folder import Backup
from app.commands.backup.refusal import Refusal
from app.commands.backup.threads import in_threads
from app.tombstones import sign_body


def find_damage(backup: Backup) -> list[str]:
    """All that is no longer what was written; reads every byte once and restores nothing."""
    if changed := backup.find_changed_files():
        return changed
    wanted = list(backup.list_objects())
    return [sentence for _one, sentence in in_threads(backup.find_bad_object, wanted) if sentence]


def find_broken(found: Figures) -> dict[str, str]:
    """A sentence for each tenant whose audit chain does not hold together."""
    return {
        tenant_id: f"The audit chain of tenant {tenant_id} does not fit at entry {chain.broken_at}."
        for tenant_id, chain in found.chains.items()
        if chain.broken_at is not None
    }


def problems_of(found: Figures) -> list[str]:
    """Evidence that does not hold together."""
    return [*find_broken(found).values()] + [
        f"Report {report_id} is no longer what was frozen at its completion. {'; '.join(lines)}."
        for report_id, lines in found.differences.items()
    ]


def find_rewritten(earlier: list[Backup], connection: extensions.connection) -> dict[str, str]:
    """A sentence for each tenant whose chain no longer runs through the head of its last backup.

    One in which the chain was bad already does not count.
    A chain whose newest entries were cut off, or made anew, fits in itself; only a head that is
    kept elsewhere tells. A company that was erased has none any more, and its tombstone says so.
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
    """By tenant, the newest head that was found good, and the name of its backup."""
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
    """By tenant, how far the chain went that a genuine tombstone stands for."""
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
