"""`flask anchors ...`: the public key, anchors now, the statement after a restored backup."""

from __future__ import annotations

import click
from flask.cli import AppGroup

from app.anchors.comparison import NOTHING, compare
from app.anchors.jobs import anchor_all
from app.anchors.lines import public_key_pem
from app.anchors.queries import find_first_head
from app.anchors.service import state_restored
from app.commands.check.anchors import read_anchors
from app.commands.people import operator, refusals_as_errors
from app.evidence.service import record
from app.extensions import db
from app.rows import own_tenant
from app.storage.references import list_tenant_ids
from app.tenancy import tenant_scope

anchors = AppGroup("anchors", help="Signed ends of the audit chains, kept outside.")
COMMANDS = (anchors,)


@anchors.command("key")
def key() -> None:
    """Print the public key that verifies the anchors, as PEM."""
    click.echo(public_key_pem(), nl=False)


@anchors.command("write")
def write() -> None:
    """Make and deliver anchors now, as the relay does once an hour."""
    with refusals_as_errors():
        for _done in anchor_all(lambda: False):
            db.session.commit()
    click.echo("Anchored.")


@anchors.command("restored")
@click.option("--reason", required=True, help="Why entries are missing; companies can read it.")
def restored(reason: str) -> None:
    """State that the database was restored from a backup, so that later anchors are set aside.

    The statement is signed, kept with the anchors, and told in the audit of each company whose
    entries are missing.
    """
    reading, stated = read_anchors(), 0
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            found = compare(reading.claims.get(tenant_id, ())).contradiction
            if not found:
                continue
            agreed = find_first_head() if found.agreed == NOTHING else found.agreed
            state_restored(agreed, reason=reason.strip()[:500])
            record(
                "tenant.anchors_set_aside",
                own_tenant(),
                operator(),
                reason=reason.strip()[:500],
                entry=str(agreed.sequence),
                count=str(found.count),
            )
            db.session.commit()
            stated += 1
    click.echo(f"Stated for {stated} companies.")
