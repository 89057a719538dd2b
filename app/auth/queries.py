"""Queries about the user's own account: second factors, devices, sign-in log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, exists, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.auth.account_stores import AccountStore, PlatformAccountStore
from app.auth.devices import Device, device_of
from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Passkey,
    PlatformAuditEntry,
    SuperadminSession,
)

# The database function `find_identity` uses the same limits.
IDLE_TIMEOUT = timedelta(hours=12)
MAX_AGE = timedelta(days=30)
SIGN_INS = 50
SIGN_IN_ACTIONS = ("session.opened", "session.half_open", "session.refused")


@dataclass(frozen=True, slots=True)
class Factors:
    """The person's second factors."""

    has_totp: bool
    passkeys: int
    codes_left: int

    @property
    def is_on(self) -> bool:
        return self.has_totp or self.passkeys > 0

    @property
    def count(self) -> int:
        return self.has_totp + self.passkeys


@dataclass(frozen=True, slots=True)
class SignedInDevice:
    session_id: UUID
    device: Device
    ip: str
    seen_at: datetime
    opened_at: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class SignIn:
    """One line of the sign-in log; `result` is the last part of the audit action."""

    at: datetime
    result: str
    how: str
    ip: str
    device: Device


def is_open(sessions: Any) -> ColumnElement[bool]:
    """Condition for a session row that is still valid. The caller checks that the account is
    active."""
    oldest = IDLE_TIMEOUT if sessions is SuperadminSession else MAX_AGE
    return and_(
        sessions.revoked_at.is_(None),
        sessions.created_at > func.now() - oldest,
        sessions.seen_at > func.now() - IDLE_TIMEOUT,
    )


def has_second_factor(account_id: UUID | None) -> bool:
    """Whether a person of the bound tenant has a second factor."""
    passkey = exists().where(Passkey.account_id == Account.id)
    has_codes = Account.totp_confirmed_at.is_not(None)
    return bool(db.session.scalar(select(has_codes | passkey).where(Account.id == account_id)))


def get_factors(store: AccountStore) -> Factors:
    assert store.person
    passkeys = select(func.count()).select_from(store.passkeys).where(store.own(store.passkeys))
    unused = store.codes.used_at.is_(None)
    codes = select(func.count()).select_from(store.codes).where(store.own(store.codes), unused)
    return Factors(
        has_totp=store.person.totp_confirmed_at is not None,
        passkeys=store.session.scalar(passkeys) or 0,
        codes_left=store.session.scalar(codes) or 0,
    )


def list_passkeys(store: AccountStore) -> list[Any]:
    """Oldest first."""
    own = select(store.passkeys).where(store.own(store.passkeys))
    return list(store.session.scalars(own.order_by(store.passkeys.created_at)))


def list_devices(store: AccountStore, *, this_session: UUID) -> list[SignedInDevice]:
    """The person's signed-in devices: this one first, then by last use."""
    table = store.sessions
    open_ones = select(table).where(store.own(table), is_open(table))
    devices = [
        SignedInDevice(
            row.id,
            device_of(row.user_agent),
            row.ip,
            row.seen_at,
            row.created_at,
            row.id == this_session,
        )
        for row in store.session.scalars(open_ones.order_by(table.seen_at.desc()))
    ]
    return sorted(devices, key=lambda one: not one.is_this)


def list_sign_ins(store: AccountStore) -> list[SignIn]:
    """The last 50 login attempts on this account, newest first."""
    return (
        _platform_sign_ins(store)
        if isinstance(store, PlatformAccountStore)
        else _tenant_sign_ins(store)
    )


def _tenant_sign_ins(store: AccountStore) -> list[SignIn]:
    assert store.person
    rows = store.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_id == store.person.id, AuditEntry.action.in_(SIGN_IN_ACTIONS))
        .order_by(AuditEntry.sequence.desc())
        .limit(SIGN_INS)
    )
    return [
        _sign_in(row.at, row.action, row.facts["facts"], row.facts["actor"]["ip"]) for row in rows
    ]


def _platform_sign_ins(store: AccountStore) -> list[SignIn]:
    """The platform's audit names the account only in its body."""
    assert store.person
    about = cast(PlatformAuditEntry.body, JSONB)["account"].astext
    rows = store.session.scalars(
        select(PlatformAuditEntry)
        .where(
            PlatformAuditEntry.action.in_(SIGN_IN_ACTIONS),
            about == str(store.person.id),
        )
        .order_by(PlatformAuditEntry.created_at.desc())
        .limit(SIGN_INS)
    )
    bodies = [(row.created_at, row.action, json.loads(row.body)) for row in rows]
    return [_sign_in(at, action, body, body["ip"]) for at, action, body in bodies]


def _sign_in(at: datetime, action: str, facts: dict[str, Any], ip: str) -> SignIn:
    how, device = facts.get("how", "password"), device_of(facts.get("device", ""))
    return SignIn(at, action.partition(".")[2], how, ip, device)
