"""Objects that no restored row names: newer work, if an older backup was restored."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.commands.progress import track
from app.storage import PARTS, Storage, kind_of_key
from app.storage.sweeping import NOBODY

FIRST = 3


@dataclass(frozen=True, slots=True)
class Surplus:
    """Count, size and first few keys of one tenant's surplus. The rows may not know the tenant."""

    tenant_id: UUID
    objects: int
    byte_size: int
    first_keys: tuple[str, ...]

    def __str__(self) -> str:
        more = self.objects - len(self.first_keys)
        keys = ", ".join(self.first_keys) + (f" and {more} more" if more else "")
        return f"tenant {self.tenant_id}: {self.objects} objects, {self.byte_size} bytes: {keys}"


def find_surplus(store: Storage, named: Collection[str]) -> list[Surplus]:
    """The surplus of each tenant, ordered by tenant id. Raises StorageUnavailable."""
    return list(_surpluses(store, frozenset(named)))


def _surpluses(store: Storage, named: frozenset[str]) -> Iterator[Surplus]:
    tenants = sorted(store.list_tenants())
    for tenant_id in track(tenants, "Listing the storage", unit="tenants"):
        loose = sorted(
            (one for one in store.list(tenant_id) if _is_surplus(one.key, named)),
            key=lambda one: one.key,
        )
        if loose and tenant_id != NOBODY:
            first = tuple(one.key for one in loose[:FIRST])
            yield Surplus(tenant_id, len(loose), sum(one.byte_size for one in loose), first)


def _is_surplus(key: str, named: frozenset[str]) -> bool:
    """Parts of unfinished uploads are never newer work: the phones still have the photos."""
    return key not in named and kind_of_key(key) != PARTS
