"""What proves a person besides the password: authenticator codes and recovery codes.

Passkeys are in passkeys.py; they share the recovery codes and the rule of the last factor.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime
from uuid import UUID

import pyotp
import segno
from sqlalchemy import delete, func, select, true, update

from app import encryption
from app.auth.doors import Door, TenantDoor
from app.auth.queries import get_factors
from app.auth.service import require_password, revoke_sessions
from app.errors import DomainError, NotFound
from app.extensions import db
from app.models import Account, Actor

ISSUER = "Laudo"
STEP_SECONDS = 30
# A phone's clock may be off by half a minute; a code is not good for longer than it must be.
WINDOW = (0, -1, 1)
CODES = 10
# Without letters and digits that look alike; 12 of 31 are 59 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH, CODE_GROUP = 12, 4


class WrongCode(DomainError):
    """This code is not right. Each is good for about a minute and only once: wait for the next
    one, and check that the clock of the phone sets itself."""

    status = 422


class WrongRecoveryCode(DomainError):
    """This recovery code is not right, or it was used already. Each is good once."""

    status = 422


class UnreadableSecret(DomainError):
    """Authenticator codes cannot be checked on this server any more. Use a recovery code or a
    passkey, or ask your administrator to reset your second factor."""

    status = 422


class AlreadyOn(DomainError):
    """An authenticator app is set up already. Turn it off first to set up another one."""


class NotOn(DomainError):
    """There is no second factor yet. Set one up first; recovery codes come with it."""


class LastFactor(DomainError):
    """Your company wants a second factor from its admins, and this is your last one. Add another
    one first."""


class SetUpAgain(DomainError):
    """This page was too old. Scan the new code below: it replaces the one before."""

    status = 422


def make_secret() -> str:
    return pyotp.random_base32()


def seal_secret(secret: str, account_id: UUID) -> str:
    """A secret for the page that sets it up: nothing is stored until it gave a right code."""
    return encryption.encrypt(f"{account_id} {secret}")


def open_secret(sealed: str, account_id: UUID) -> str:
    """Raises SetUpAgain for what was not sealed here for this account."""
    try:
        owner, secret = encryption.decrypt(sealed).split()
    except (encryption.Unreadable, ValueError) as error:
        raise SetUpAgain from error
    if owner != str(account_id):
        raise SetUpAgain
    return secret


def grouped(secret: str) -> str:
    """The secret as people type it, in groups of four."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def qr_svg(secret: str, email: str) -> str:
    """The QR code that authenticator apps read, as an SVG element without style attributes."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return str(segno.make(address, error="m").svg_inline(border=2, omitsize=True, light="white"))


def set_up_totp(
    *, door: Door, password: str, secret: str, code: str, actor: Actor
) -> list[str]:  # fmt: skip
    """`confirm_totp` for a page: whoever finds an open browser must not lock its owner out with an
    authenticator of theirs. Raises WrongPassword too."""
    require_password(door, password)
    return confirm_totp(door=door, secret=secret, code=code, actor=actor)


def confirm_totp(*, door: Door, secret: str, code: str, actor: Actor) -> list[str]:
    """Take the authenticator into force once it gave a right code.

    Returns new recovery codes if the person had no second factor before, else nothing. Raises
    AlreadyOn or WrongCode.
    """
    _lock(door)
    person = door.person
    assert person
    if person.totp_confirmed_at is not None:
        raise AlreadyOn
    step = _step_of(secret, code)
    if step is None:
        raise WrongCode
    codes = first_codes(door)
    person.totp_secret = encryption.encrypt(secret)
    person.totp_confirmed_at = datetime.now(UTC)
    person.totp_step = step
    door.note("account.two_factor_set", actor, factor="authenticator")
    return codes


def turn_off_totp(*, door: Door, password: str, actor: Actor) -> None:
    """Forget the authenticator. Raises WrongPassword or LastFactor; a second time is harmless."""
    require_password(door, password)
    _lock(door)
    person = door.person
    assert person
    if person.totp_confirmed_at is None:
        return
    keep_a_factor(door)
    person.totp_secret = person.totp_confirmed_at = person.totp_step = None
    door.session.flush()
    drop_idle_codes(door)
    door.note("account.two_factor_removed", actor, factor="authenticator")


def take_code(*, door: Door, code: str) -> str:
    """Use up an authenticator's code or a recovery code; which of the two it was.

    Raises WrongCode, WrongRecoveryCode or UnreadableSecret.
    """
    _lock(door)
    person = door.person
    assert person
    plain = "".join(code.lower().split()).replace("-", "")
    if len(plain) == CODE_LENGTH:
        if not _take_recovery_code(door, plain):
            raise WrongRecoveryCode
        return "recovery"
    if person.totp_confirmed_at is None or person.totp_secret is None:
        raise WrongCode
    try:
        secret = encryption.decrypt(person.totp_secret)
    except encryption.Unreadable as error:
        raise UnreadableSecret from error
    step = _step_of(secret, plain, newer_than=person.totp_step or 0)
    if step is None:
        raise WrongCode
    person.totp_step = step
    return "code"


def renew_codes(*, door: Door, password: str, actor: Actor) -> list[str]:
    """Ten new recovery codes; the old ones are void. Raises WrongPassword or NotOn."""
    require_password(door, password)
    _lock(door)
    if not get_factors(door).is_on:
        raise NotOn
    codes = _make_codes(door)
    door.note("account.recovery_codes_made", actor, codes=str(len(codes)))
    return codes


def reset_second_factors(*, account_id: UUID, actor: Actor) -> None:
    """Take every second factor from a person of the bound tenant and end their sessions: for an
    admin whose colleague lost the phone. Raises NotFound."""
    account = db.session.scalars(select(Account).where(Account.id == account_id)).one_or_none()
    if account is None:
        raise NotFound
    clear_second_factors(door=TenantDoor(db.session(), account), actor=actor)


def clear_second_factors(*, door: Door, actor: Actor) -> None:
    """The same for whoever's door it is, superadmins included."""
    _lock(door)
    person = door.person
    assert person
    person.totp_secret = person.totp_confirmed_at = person.totp_step = None
    for table in (door.passkeys, door.codes):
        door.session.execute(delete(table).where(door.own(table)))
    revoke_sessions(door, true())
    door.note("account.two_factor_reset", actor)


def first_codes(door: Door) -> list[str]:
    """Recovery codes come with the first factor; with a further one the old codes stay good."""
    return [] if get_factors(door).is_on else _make_codes(door)


def keep_a_factor(door: Door) -> None:
    """Raises LastFactor where the company demands one and no other would be left."""
    if door.demands_second_factor() and get_factors(door).count <= 1:
        raise LastFactor


def drop_idle_codes(door: Door) -> None:
    """Recovery codes of somebody without a second factor open nothing and go."""
    if not get_factors(door).is_on:
        door.session.execute(delete(door.codes).where(door.own(door.codes)))


def _make_codes(door: Door) -> list[str]:
    door.session.execute(delete(door.codes).where(door.own(door.codes)))
    plain = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    for code in plain:
        door.add(door.codes, code_hash=_hashed(code))
    return [
        "-".join(code[at : at + CODE_GROUP] for at in range(0, CODE_LENGTH, CODE_GROUP))
        for code in plain
    ]


def _take_recovery_code(door: Door, plain: str) -> bool:
    table = door.codes
    used = door.session.execute(
        update(table)
        .where(door.own(table), table.code_hash == _hashed(plain), table.used_at.is_(None))
        .values(used_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return int(used.rowcount) == 1  # type: ignore[attr-defined]


def _hashed(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()


def _step_of(secret: str, code: str, newer_than: int = 0) -> int | None:
    """The step whose code this is, if none so new was taken before."""
    totp, plain = pyotp.TOTP(secret), "".join(code.split())
    now = int(time.time()) // STEP_SECONDS
    for step in (now + offset for offset in WINDOW):
        fits = hmac.compare_digest(totp.generate_otp(step).encode(), plain.encode())
        if fits and step > newer_than:
            return step
    return None


def _lock(door: Door) -> None:
    """Two who use one code at once, or take away the last two factors, go one after the other."""
    door.session.flush()
    door.session.refresh(door.person, with_for_update={"key_share": True})
