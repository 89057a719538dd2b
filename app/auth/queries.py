"""What a person may see of their own account: second factors, devices, the sign-in log."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, cast, exists, func, select
from sqlalchemy.dialects.postgresql import JSONB

from app.auth.devices import Device, device_of
from app.auth.doors import Door, PlatformDoor
from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Passkey,
    PlatformAuditEntry,
    Superadmin,
    SuperadminSession,
)
from app.tenancy import call_definer, platform_scope

# The same as in the database's `find_account_session`.
IDLE = timedelta(hours=12)
OLDEST = timedelta(days=30)
SIGN_INS = 50
SIGN_IN_ACTIONS = ("session.opened", "session.half_open", "session.refused")


@dataclass(frozen=True, slots=True)
class Factors:
    """What proves the person besides the password."""

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
    """One line of the sign-in log; `result` is the last word of the audit's action."""

    at: datetime
    result: str
    how: str
    ip: str
    device: Device


def is_open(sessions: Any) -> ColumnElement[bool]:
    """Whether a row of a table of sessions lets its person in still. That they are active is asked
    beside it."""
    oldest = IDLE if sessions is SuperadminSession else OLDEST
    return and_(
        sessions.revoked_at.is_(None),
        sessions.created_at > func.now() - oldest,
        sessions.seen_at > func.now() - IDLE,
    )


def is_email_taken(email: str) -> bool:
    """Whether somebody active on all of Laudo has it, or a superadmin. Not for the answer to a
    company's own people: whom another company employs is none of their business."""
    if call_definer("find_account_by_email", p_email=email):
        return True
    with platform_scope() as session:
        known = select(Superadmin.id).where(Superadmin.email == email)
        return session.scalars(known).one_or_none() is not None


def has_second_factor(account_id: UUID | None) -> bool:
    """Whether a person of the bound tenant proves themselves by more than a password."""
    passkey = exists().where(Passkey.account_id == Account.id)
    has_codes = Account.totp_confirmed_at.is_not(None)
    return bool(db.session.scalar(select(has_codes | passkey).where(Account.id == account_id)))


def get_factors(door: Door) -> Factors:
    assert door.person
    passkeys = select(func.count()).select_from(door.passkeys).where(door.own(door.passkeys))
    unused = door.codes.used_at.is_(None)
    codes = select(func.count()).select_from(door.codes).where(door.own(door.codes), unused)
    return Factors(
        has_totp=door.person.totp_confirmed_at is not None,
        passkeys=door.session.scalar(passkeys) or 0,
        codes_left=door.session.scalar(codes) or 0,
    )


def list_passkeys(door: Door) -> list[Any]:
    """Oldest first."""
    own = select(door.passkeys).where(door.own(door.passkeys))
    return list(door.session.scalars(own.order_by(door.passkeys.created_at)))


def list_devices(door: Door, *, this_session: UUID) -> list[SignedInDevice]:
    """Where the person is signed in: this device first, then the latest seen."""
    table = door.sessions
    open_ones = select(table).where(door.own(table), is_open(table))
    devices = [
        SignedInDevice(
            row.id, device_of(row.user_agent), row.ip, row.seen_at, row.created_at,
            row.id == this_session,
        )
        for row in door.session.scalars(open_ones.order_by(table.seen_at.desc()))
    ]  # fmt: skip
    return sorted(devices, key=lambda one: not one.is_this)


def list_sign_ins(door: Door) -> list[SignIn]:
    """The last 50 tries to log in to this account, newest first."""
    return _platform_sign_ins(door) if isinstance(door, PlatformDoor) else _tenant_sign_ins(door)


def _tenant_sign_ins(door: Door) -> list[SignIn]:
    assert door.person
    rows = door.session.scalars(
        select(AuditEntry)
        .where(AuditEntry.object_id == door.person.id, AuditEntry.action.in_(SIGN_IN_ACTIONS))
        .order_by(AuditEntry.sequence.desc())
        .limit(SIGN_INS)
    )
    return [
        _sign_in(row.at, row.action, row.facts["facts"], row.facts["actor"]["ip"]) for row in rows
    ]


def _platform_sign_ins(door: Door) -> list[SignIn]:
    """The platform's audit names the account in its body alone."""
    assert door.person
    about = cast(PlatformAuditEntry.body, JSONB)["account"].astext
    rows = door.session.scalars(
        select(PlatformAuditEntry)
        .where(
            PlatformAuditEntry.action.in_(SIGN_IN_ACTIONS),
            about == str(door.person.id),
        )
        .order_by(PlatformAuditEntry.created_at.desc())
        .limit(SIGN_INS)
    )
    bodies = [(row.created_at, row.action, json.loads(row.body)) for row in rows]
    return [_sign_in(at, action, body, body["ip"]) for at, action, body in bodies]


def _sign_in(at: datetime, action: str, facts: dict[str, Any], ip: str) -> SignIn:
    how, device = facts.get("how", "password"), device_of(facts.get("device", ""))
    return SignIn(at, action.partition(".")[2], how, ip, device)
