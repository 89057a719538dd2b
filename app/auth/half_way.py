"""The state between a right password and the second step: a signed value for five minutes.

It stands in the cookie, names one account and opens nothing but that account's second step. A
new password voids it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from app.auth.doors import Door, door_of_id
from app.errors import DomainError, NotFound

SECONDS = 300


class HalfWayOver(DomainError):
    """The second step was not taken within five minutes. Start again with your password."""

    status = 422


def seal_half_way(door: Door) -> str:
    person = door.person
    assert person
    tenant = person.tenant_id.hex if person.tenant_id else None
    return str(_signer().dumps([tenant, person.id.hex, _mark(person.password_hash)]))


def read_half_way(sealed: str | None) -> tuple[UUID | None, UUID, str] | None:
    """Tenant, account and the password's mark, while the five minutes last."""
    try:
        tenant, account, mark = _signer().loads(sealed or "", max_age=SECONDS)
    except BadData:
        return None
    return UUID(tenant) if tenant else None, UUID(account), mark


@contextmanager
def door_half_way(sealed: str | None) -> Iterator[Door]:
    """The door of whoever gave the right password just now. Raises HalfWayOver."""
    state = read_half_way(sealed)
    if state is None:
        raise HalfWayOver
    tenant_id, account_id, mark = state
    try:
        with door_of_id(tenant_id, account_id) as door:
            if not door.person or _mark(door.person.password_hash) != mark:
                raise HalfWayOver
            yield door
    except NotFound as error:
        raise HalfWayOver from error


def _mark(password_hash: str) -> str:
    return hashlib.sha256(password_hash.encode()).hexdigest()[:16]


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(
        current_app.secret_key or "",
        salt="laudo.half-way",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
