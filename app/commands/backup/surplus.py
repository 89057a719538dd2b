"""What a storage has that no restored row names: newer work, where an older backup was restored."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from uuid import UUID

from app.storage import Storage
from app.storage.sweeping import NOBODY

FIRST = 3


@dataclass(frozen=True, slots=True)
class Surplus:
    """Of one tenant, known to the restored rows or not: how much, and the first few keys."""

    tenant_id: UUID
    objects: int
    byte_size: int
    first_keys: tuple[str, ...]

    def __str__(self) -> str:
        more = self.objects - len(self.first_keys)
        keys = ", ".join(self.first_keys) + (f" and {more} more" if more else "")
        return f"tenant {self.tenant_id}: {self.objects} objects, {self.byte_size} bytes: {keys}"


def find_surplus(store: Storage, named: Collection[str]) -> list[Surplus]:
    """By tenant, in the order of their ids. Raises StorageUnavailable."""
    return list(_surpluses(store, frozenset(named)))


def _surpluses(store: Storage, named: frozenset[str]) -> Iterator[Surplus]:
    for tenant_id in sorted(store.list_tenants()):
        loose = sorted(
            (one for one in store.list(tenant_id) if one.key not in named),
            key=lambda one: one.key,
        )
        if loose and tenant_id != NOBODY:
            first = tuple(one.key for one in loose[:FIRST])
            yield Surplus(tenant_id, len(loose), sum(one.byte_size for one in loose), first)
