"""Checks of the evidence of every company: chains, completed reports, stored bytes.

The verdict on each report is stored, so that its page and the chain's page show it.
"""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from app.commands.check.finding import Finding, ok, run, wrong
from app.commands.progress import track
from app.evidence.chain import verify_chain
from app.evidence.differences import describe_in_english
from app.evidence.verdicts import (
    check_rows,
    keep_bytes_verdict,
    keep_rows_verdict,
    list_bytes,
    list_report_ids,
    read_bytes,
)
from app.evidence.verification import Differences
from app.extensions import db
from app.storage.references import list_tenant_ids
from app.tenancy import tenant_scope

PART = "evidence"


def check_evidence(*, with_bytes: bool) -> Iterator[Finding]:
    """Check every chain and completed report. `with_bytes` also reads every stored file, which may
    take long."""

    def check() -> Iterator[Finding]:
        yield from _every_tenant(with_bytes)

    yield from run(PART, check, "The evidence could not be read: look at the database and storage.")


def _every_tenant(with_bytes: bool) -> Iterator[Finding]:
    reports, tenants, is_good = 0, list_tenant_ids(), True
    for tenant_id in tenants:
        with tenant_scope(tenant_id):
            for finding in _chain(tenant_id):
                is_good = False
                yield finding
            for report_id in track(list_report_ids(), "Checking reports", unit="reports"):
                reports += 1
                for line in check_report(report_id, with_bytes=with_bytes):
                    is_good = False
                    yield wrong(PART, f"Tenant {tenant_id}, report {report_id}: {line}.")
    if is_good:
        what = "rows and stored files" if with_bytes else "rows"
        yield ok(
            PART,
            f"{len(tenants)} audit chains are unbroken, {reports} completed reports are what was"
            f" frozen ({what}).",
        )


def _chain(tenant_id: UUID) -> Iterator[Finding]:
    state = verify_chain()
    db.session.rollback()
    if state.reason:
        yield wrong(
            PART,
            f"The audit chain of tenant {tenant_id} is broken at entry {state.broken_at}"
            f" ({state.reason.value}). Keep the database as it is and compare it with a backup.",
        )


def check_report(report_id: UUID, *, with_bytes: bool) -> list[str]:
    """Check one report of the bound tenant, store the verdict, and return the differences in
    words."""
    found: Differences = check_rows(report_id)
    keep_rows_verdict(report_id, found)
    db.session.commit()
    if with_bytes:
        objects = list_bytes(report_id)
        db.session.rollback()
        damage = tuple(read_bytes(objects))
        keep_bytes_verdict(report_id, damage)
        db.session.commit()
        found += damage
    return [describe_in_english(one) for one in found]
