"""Deleting objects that no row names: their row was never committed, or names another object now.

An object is deleted only if it is at least a day old and no row names it at that moment. A put
renews the age of its object, so objects whose row is about to be committed are young. If a genuine
tombstone says that a company was erased, all its objects are deleted, whatever their age. Objects
of companies that this database does not know are kept, because another installation may own them.
While there is a hold (holding.py), nothing is deleted.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.extensions import db
from app.storage.base import Listed, Storage
from app.storage.holding import Hold, find_hold
from app.storage.keys import PARTS, kind_of_key
from app.storage.references import find_named, list_named, list_tenant_ids
from app.tenancy import platform_scope, tenant_scope
from app.tombstones import list_erased
from app.watching import Watch, unwatched

log = logging.getLogger(__name__)

AGE = timedelta(hours=24)
NOBODY = UUID(int=0)  # readiness probes
# Few objects lose their row. This many without one suggest a database of another storage.
SUSPICIOUS_COUNT, SUSPICIOUS_SHARE = 100, 0.1
# Previews, bundles and exports of answers are the exception: the next one replaces them, and they
# can be made again. So are parts of uploads: the phone keeps the photo until it is in the report.
# An uploaded form has no row at all: its page works as long as the sweep keeps it.
SHORT_LIVED = frozenset({"preview", "answers", "bundle", "form", PARTS})
AT_ONCE = 200


@dataclass
class Swept:
    """What a sweep found and did. `refused` are companies with too much to delete; `unknown` are
    those with objects but neither a row nor a tombstone. With a `hold`, it did nothing."""

    seen: int = 0
    deleted: int = 0
    deleted_bytes: int = 0
    refused: tuple[UUID, ...] = ()
    unknown: tuple[UUID, ...] = ()
    hold: Hold | None = None


def sweep(
    store: Storage,
    *,
    is_sure: bool = False,
    must_stop: Callable[[], bool] = lambda: False,
    watch: Watch = unwatched,
) -> Swept:
    """Sweep every company's objects. `is_sure` deletes any amount.

    Raises StorageUnavailable; the next sweep continues.
    """
    if hold := find_hold():
        log.warning("nothing is swept before the hold of %s is released", hold.since)
        return Swept(hold=hold)
    swept = Swept()
    # Listed before the rows are read, so that a new company's row is found.
    having = set(store.list_tenants())
    known = list_tenant_ids()
    for tenant_id in (NOBODY, *known):
        with tenant_scope(tenant_id):
            _sweep_tenant(store, tenant_id, swept, is_sure, must_stop, watch)
    erased = _list_erased()
    strangers = having.difference(known, (NOBODY,))
    for tenant_id in sorted(strangers.intersection(erased)):
        _clear(store, tenant_id, swept, must_stop, watch)
    swept.unknown = tuple(
        one for one in sorted(strangers.difference(erased)) if any(store.list(one))
    )
    if swept.unknown:
        log.warning("left alone, since no row and no tombstone knows them: %s", swept.unknown)
    log.info("swept %s of %s objects, %s bytes", swept.deleted, swept.seen, swept.deleted_bytes)
    return swept


def clear_if_erased(store: Storage, tenant_id: UUID) -> int:
    """Delete all objects of an erased company; returns how many.

    For work that was running during the erasure: it may put files after `flask tenant erase` has
    listed them. Does nothing if the company still has its row or has no genuine tombstone.
    Raises StorageUnavailable.
    """
    if tenant_id in list_tenant_ids() or tenant_id not in _list_erased():
        return 0
    swept = Swept()
    _clear(store, tenant_id, swept, lambda: False, unwatched)
    return swept.deleted


def delete_loose(store: Storage, keys: Collection[str]) -> None:
    """Delete those of the bound tenant's objects that no row names and that are a day old.

    For objects whose row was just deleted. Raises StorageUnavailable; the next sweep continues.
    """
    before = datetime.now(UTC) - AGE
    named = find_named(keys)
    db.session.rollback()
    for key in keys:
        if key not in named:
            store.delete_if_older(key, before)


def _list_erased() -> set[UUID]:
    with platform_scope() as session:
        return list_erased(session)


def _clear(
    store: Storage, tenant_id: UUID, swept: Swept, must_stop: Callable[[], bool], watch: Watch
) -> None:
    listed = list(watch(store.list(tenant_id), "Listing objects"))
    for one in watch(listed, "Deleting objects"):
        if must_stop():
            return
        store.delete(one.key)
        swept.seen += 1
        swept.deleted += 1
        swept.deleted_bytes += one.byte_size
        log.warning("%s is deleted: tenant %s was erased before it came", one.key, tenant_id)


def _sweep_tenant(
    store: Storage,
    tenant_id: UUID,
    swept: Swept,
    is_sure: bool,
    must_stop: Callable[[], bool],
    watch: Watch,
) -> None:
    before = datetime.now(UTC) - AGE
    listed = list(watch(store.list(tenant_id), "Listing objects"))
    swept.seen += len(listed)
    # Rows are read after the listing, so that an object that got its row meanwhile is kept.
    named = list_named()
    db.session.rollback()
    loose = [one for one in listed if one.put_at < before and one.key not in named]
    lasting = [one for one in loose if kind_of_key(one.key) not in SHORT_LIVED]
    if not is_sure and len(lasting) > max(SUSPICIOUS_COUNT, SUSPICIOUS_SHARE * len(listed)):
        log.error(
            "%s of %s objects of tenant %s have no row; none is swept before somebody has looked",
            len(lasting),
            len(listed),
            tenant_id,
        )
        swept.refused += (tenant_id,)
        return
    for one in watch(_still_loose(loose), "Deleting objects", total=len(loose)):
        if must_stop():
            return
        if store.delete_if_older(one.key, before):
            swept.deleted += 1
            swept.deleted_bytes += one.byte_size


def _still_loose(loose: Sequence[Listed]) -> Iterator[Listed]:
    """Look the keys up again, in batches, right before they are deleted."""
    for start in range(0, len(loose), AT_ONCE):
        some = loose[start : start + AT_ONCE]
        named = find_named([one.key for one in some])
        db.session.rollback()
        yield from (one for one in some if one.key not in named)
