"""Removing objects that no row names: bytes whose row was never committed, or names others now.

An object goes only when it is a day old and no row names it at that moment. A put refreshes its
object, so bytes on their way into a row are young. Of a company that a genuine tombstone says was
erased everything goes, whenever it came. Objects of companies that this database does not know are
left alone: they may be another installation's. While a hold stands (holding.py) nothing goes.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from app.extensions import db
from app.storage.base import Listed, Storage
from app.storage.holding import Hold, find_hold
from app.storage.keys import kind_of_key
from app.storage.references import find_named, list_named, list_tenant_ids
from app.tenancy import platform_scope, tenant_scope
from app.tombstones import list_erased

log = logging.getLogger(__name__)

AGE = timedelta(hours=24)
NOBODY = UUID(int=0)  # readiness probes
# Few bytes lose their row. So many without one are rather a database that is not the storage's.
SUSPICIOUS_COUNT, SUSPICIOUS_SHARE = 100, 0.1
# But a preview's pictures and a file of answers lose theirs with the next one, and can be made
# again.
SHORT_LIVED = frozenset({"preview", "answers"})
AT_ONCE = 200


@dataclass
class Swept:
    """What a sweep saw and did; `refused` are the companies with too much to delete, `unknown`
    those that have objects and neither a row nor a tombstone. With a `hold` it did nothing."""

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
) -> Swept:
    """Sweep every company's objects. `is_sure` deletes however much it is.

    Raises StorageUnavailable; what was not deleted then is left for the next time.
    """
    if hold := find_hold():
        log.warning("nothing is swept before the hold of %s is released", hold.since)
        return Swept(hold=hold)
    swept = Swept()
    # Asked before the rows: whoever comes meanwhile is known to them.
    having = set(store.list_tenants())
    known = list_tenant_ids()
    for tenant_id in (NOBODY, *known):
        with tenant_scope(tenant_id):
            _sweep_tenant(store, tenant_id, swept, is_sure, must_stop)
    erased = _list_erased()
    strangers = having.difference(known, (NOBODY,))
    for tenant_id in sorted(strangers.intersection(erased)):
        _clear(store, tenant_id, swept, must_stop)
    swept.unknown = tuple(
        one for one in sorted(strangers.difference(erased)) if any(store.list(one))
    )
    if swept.unknown:
        log.warning("left alone, since no row and no tombstone knows them: %s", swept.unknown)
    log.info("swept %s of %s objects, %s bytes", swept.deleted, swept.seen, swept.deleted_bytes)
    return swept


def clear_if_erased(store: Storage, tenant_id: UUID) -> int:
    """Delete all objects of a company that was erased; how many there were.

    For work that was under way: what it puts comes after `flask tenant erase` listed the files.
    Nothing happens to a company that has its row, or no genuine tombstone. Raises
    StorageUnavailable.
    """
    if tenant_id in list_tenant_ids() or tenant_id not in _list_erased():
        return 0
    swept = Swept()
    _clear(store, tenant_id, swept, lambda: False)
    return swept.deleted


def _list_erased() -> set[UUID]:
    with platform_scope() as session:
        return list_erased(session)


def _clear(store: Storage, tenant_id: UUID, swept: Swept, must_stop: Callable[[], bool]) -> None:
    for one in list(store.list(tenant_id)):
        if must_stop():
            return
        store.delete(one.key)
        swept.seen += 1
        swept.deleted += 1
        swept.deleted_bytes += one.byte_size
        log.warning("%s is deleted: tenant %s was erased before it came", one.key, tenant_id)


def _sweep_tenant(
    store: Storage, tenant_id: UUID, swept: Swept, is_sure: bool, must_stop: Callable[[], bool]
) -> None:
    before = datetime.now(UTC) - AGE
    listed = list(store.list(tenant_id))
    swept.seen += len(listed)
    # Rows are read after the list: what was listed and has a row by now is found to have one.
    named = list_named()
    db.session.rollback()
    loose = [one for one in listed if one.put_at < before and one.key not in named]
    lasting = [one for one in loose if kind_of_key(one.key) not in SHORT_LIVED]
    if not is_sure and len(lasting) > max(SUSPICIOUS_COUNT, SUSPICIOUS_SHARE * len(listed)):
        log.error(
            "%s of %s objects of tenant %s have no row; none is swept before somebody has looked",
            len(lasting), len(listed), tenant_id,
        )  # fmt: skip
        swept.refused += (tenant_id,)
        return
    for one in _still_loose(loose):
        if must_stop():
            return
        if store.delete_if_older(one.key, before):
            swept.deleted += 1
            swept.deleted_bytes += one.byte_size


def _still_loose(loose: Sequence[Listed]) -> Iterator[Listed]:
    """Asked again right before they go, some at once."""
    for start in range(0, len(loose), AT_ONCE):
        some = loose[start : start + AT_ONCE]
        named = find_named([one.key for one in some])
        db.session.rollback()
        yield from (one for one in some if one.key not in named)
