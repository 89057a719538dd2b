"""The state between a correct password and the second step: a value signed for five minutes.

It is kept in the cookie, names one account and grants access only to that account's second step.
Changing the password invalidates it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from itsdangerous import BadData

from app.auth.account_stores import AccountStore, account_store_by_id
from app.errors import DomainError, NotFound
from app.signing import HALF_WAY


class HalfWayOver(DomainError):
    """You did not enter the second factor within five minutes. Start again with your password."""

    status = 422


def seal_half_way(store: AccountStore) -> str:
    person = store.person
    assert person
    tenant = person.tenant_id.hex if person.tenant_id else None
    return HALF_WAY.sign([tenant, person.id.hex, _mark(person.password_hash)])


def read_half_way(sealed: str | None) -> tuple[UUID | None, UUID, str] | None:
    """Tenant id, account id and password fingerprint; None if invalid or expired."""
    try:
        tenant, account, mark = HALF_WAY.read(sealed or "")
    except BadData:
        return None
    return UUID(tenant) if tenant else None, UUID(account), mark


@contextmanager
def half_way_account_store(sealed: str | None) -> Iterator[AccountStore]:
    """The store of the account whose password was just accepted. Raises HalfWayOver."""
    state = read_half_way(sealed)
    if state is None:
        raise HalfWayOver
    tenant_id, account_id, mark = state
    try:
        with account_store_by_id(tenant_id, account_id) as store:
            if not store.person or _mark(store.person.password_hash) != mark:
                raise HalfWayOver
            yield store
    except NotFound as error:
        raise HalfWayOver from error


def _mark(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]
