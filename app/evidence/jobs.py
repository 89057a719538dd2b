"""The daily verification of all evidence, which a single relay runs.

It compares the rows of every completed report, and reads stored files once a week."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Flask

from app.evidence.verdicts import (
    check_rows,
    find_verification,
    keep_bytes_verdict,
    keep_rows_verdict,
    list_bytes,
    list_report_ids,
    read_bytes,
)
from app.extensions import db
from app.jobs.registry import register_daily
from app.storage.references import list_tenant_ids
from app.tenancy import tenant_scope

log = logging.getLogger(__name__)

# Shared by all companies, so that one with many reports does not block the others. The rest comes
# first on the next day, because the reports are sorted by their last check.
DAY_SECONDS = 2 * 3600.0
LEAST_SECONDS = 30.0
READ_AGAIN = timedelta(days=7)


def register(app: Flask) -> None:
    register_daily(app, check_all)


def check_all(must_stop: Callable[[], bool]) -> Iterator[None]:
    """Check every company's completed reports and store the verdicts. Commit at each yield.

    Raises StorageUnavailable.
    """
    tenants = list_tenant_ids()
    seconds = max(LEAST_SECONDS, DAY_SECONDS / max(1, len(tenants)))
    for tenant_id in tenants:
        with tenant_scope(tenant_id):
            until = time.monotonic() + seconds
            for report_id in list_report_ids():
                if must_stop() or time.monotonic() > until:
                    break
                yield from _check(report_id)


def _check(report_id: UUID) -> Iterator[None]:
    kept = find_verification(report_id)
    read_at = kept.bytes_checked_at if kept else None
    differences = check_rows(report_id)
    keep_rows_verdict(report_id, differences)
    yield
    damage = None
    if read_at is None or read_at < datetime.now(UTC) - READ_AGAIN:
        objects = list_bytes(report_id)
        db.session.rollback()
        damage = tuple(read_bytes(objects))
        keep_bytes_verdict(report_id, damage)
        yield
    if differences or damage:
        log.error("report %s no longer matches what was frozen at completion", report_id)
