"""Registers the daily deletion of uploads that nobody finished."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from flask import Flask

from app.jobs.registry import register_daily
from app.storage import storage
from app.storage.holding import find_hold
from app.storage.references import list_tenant_ids
from app.storage.sweeping import delete_loose
from app.tenancy import tenant_scope
from app.uploads.service import drop_abandoned

log = logging.getLogger(__name__)

# The phone keeps a photo until it is in the report, and sends it again from the start.
KEPT = timedelta(days=7)


def register(app: Flask) -> None:
    register_daily(app, drop_all_abandoned)


def drop_all_abandoned(must_stop: Callable[[], bool]) -> Iterator[None]:
    """Delete every company's abandoned uploads and their objects. Commit at each yield.

    Does nothing while the sweep is on hold. Raises StorageUnavailable; the sweep deletes the rest.
    """
    if find_hold():
        return
    before = datetime.now(UTC) - KEPT
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            while not must_stop() and (dropped := drop_abandoned(before=before)) is not None:
                yield
                delete_loose(storage(), dropped)
