"""Second factors: authenticator codes and recovery codes.

Passkeys are in passkeys.py; they share the recovery codes and the last-factor rule.
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
from app.auth.account_stores import AccountStore, TenantAccountStore
from app.auth.queries import get_factors
from app.auth.service import require_password, revoke_sessions
from app.errors import DomainError
from app.extensions import db
from app.models import Account, Actor
from app.rows import one_or_404

ISSUER = "Laudo"
STEP_SECONDS = 30
# Steps of 30 seconds: a phone's clock may be off by half a minute, and codes expire soon after.
WINDOW = (0, -1, 1)
CODES = 10
# No letters or digits that look alike; 12 characters out of 31 are 59 bits.
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
CODE_LENGTH, CODE_GROUP = 12, 4


class WrongCode(DomainError):
    """This code is incorrect. Each code works once, for about a minute. Wait for the next one, and
    check that your phone sets its clock automatically."""

    status = 422


class WrongRecoveryCode(DomainError):
    """This recovery code is incorrect or has already been used. Each code works once."""

    status = 422


class UnreadableSecret(DomainError):
    """Authenticator codes can no longer be checked on this server. Use a recovery code or a
    passkey, or ask your admin to reset your second factor."""

    status = 422


class AlreadyOn(DomainError):
    """An authenticator app is already set up. Turn it off before you set up another one."""


class NotOn(DomainError):
    """You have no second factor yet. Set one up first; recovery codes come with it."""


class LastFactor(DomainError):
    """Your company requires a second factor for admins, and this is your last one. Add another one
    first."""


class SetUpAgain(DomainError):
    """This page was out of date. Scan the new code below; it replaces the previous one."""

    status = 422


def make_secret() -> str:
    return pyotp.random_base32()


def seal_secret(secret: str, account_id: UUID) -> str:
    """Encrypt a secret for the set-up page: it is stored only after a correct code."""
    return encryption.encrypt(f"{account_id} {secret}")


def open_secret(sealed: str, account_id: UUID) -> str:
    """Raises SetUpAgain for a value that was not sealed here for this account."""
    try:
        owner, secret = encryption.decrypt(sealed).split()
    except (encryption.Unreadable, ValueError) as error:
        raise SetUpAgain from error
    if owner != str(account_id):
        raise SetUpAgain
    return secret


def grouped(secret: str) -> str:
    """The secret in groups of four, for typing."""
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def qr_svg(secret: str, email: str) -> str:
    """The QR code that authenticator apps read, as an SVG element without style attributes."""
    address = pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=ISSUER)
    return str(segno.make(address, error="m").svg_inline(border=2, omitsize=True, light="white"))


def set_up_totp(
    *, store: AccountStore, password: str, secret: str, code: str, actor: Actor
) -> list[str]:
    """`confirm_totp` with a password check, so that a stranger at an open browser cannot lock the
    owner out with another authenticator. Raises WrongPassword too."""
    require_password(store, password)
    return confirm_totp(store=store, secret=secret, code=code, actor=actor)


def confirm_totp(*, store: AccountStore, secret: str, code: str, actor: Actor) -> list[str]:
    """Activate the authenticator if the code is correct.

    Returns new recovery codes if this is the person's first second factor, else an empty list.
    Raises AlreadyOn or WrongCode.
    """
    _lock(store)
    person = store.person
    assert person
    if person.totp_confirmed_at is not None:
        raise AlreadyOn
    step = _step_of(secret, code)
    if step is None:
        raise WrongCode
    codes = codes_for_first_factor(store)
    person.totp_secret = encryption.encrypt(secret)
    person.totp_confirmed_at = datetime.now(UTC)
    person.totp_step = step
    store.note("account.two_factor_set", actor, factor="authenticator")
    return codes


def turn_off_totp(*, store: AccountStore, password: str, actor: Actor) -> None:
    """Remove the authenticator; idempotent. Raises WrongPassword or LastFactor."""
    require_password(store, password)
    _lock(store)
    person = store.person
    assert person
    if person.totp_confirmed_at is None:
        return
    require_another_factor(store)
    person.totp_secret = person.totp_confirmed_at = person.totp_step = None
    store.session.flush()
    delete_unused_codes(store)
    store.note("account.two_factor_removed", actor, factor="authenticator")


def take_code(*, store: AccountStore, code: str) -> str:
    """Use up an authenticator or recovery code and return its kind ("code" or "recovery").

    Raises WrongCode, WrongRecoveryCode or UnreadableSecret.
    """
    _lock(store)
    person = store.person
    assert person
    plain = "".join(code.lower().split()).replace("-", "")
    if len(plain) == CODE_LENGTH:
        if not _take_recovery_code(store, plain):
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


def renew_codes(*, store: AccountStore, password: str, actor: Actor) -> list[str]:
    """Ten new recovery codes; the old ones become invalid. Raises WrongPassword or NotOn."""
    require_password(store, password)
    _lock(store)
    if not get_factors(store).is_on:
        raise NotOn
    codes = _make_codes(store)
    store.note("account.recovery_codes_made", actor, codes=str(len(codes)))
    return codes


def reset_second_factors(*, account_id: UUID, actor: Actor) -> None:
    """Remove every second factor of a person of the bound tenant and end their sessions. Admins
    use it when a colleague lost their phone. Raises NotFound."""
    account = one_or_404(select(Account).where(Account.id == account_id))
    clear_second_factors(store=TenantAccountStore(db.session(), account), actor=actor)


def clear_second_factors(*, store: AccountStore, actor: Actor) -> None:
    """The same for the store's person, who may be a superadmin."""
    _lock(store)
    person = store.person
    assert person
    person.totp_secret = person.totp_confirmed_at = person.totp_step = None
    for table in (store.passkeys, store.codes):
        store.session.execute(delete(table).where(store.own(table)))
    revoke_sessions(store, true())
    store.note("account.two_factor_reset", actor)


def codes_for_first_factor(store: AccountStore) -> list[str]:
    """New recovery codes if this is the first factor; otherwise the old codes stay valid."""
    return [] if get_factors(store).is_on else _make_codes(store)


def require_another_factor(store: AccountStore) -> None:
    """Raises LastFactor if the company requires a factor and no other would be left."""
    if store.demands_second_factor() and get_factors(store).count <= 1:
        raise LastFactor


def delete_unused_codes(store: AccountStore) -> None:
    """Delete the recovery codes if no second factor is left: they are of no use then."""
    if not get_factors(store).is_on:
        store.session.execute(delete(store.codes).where(store.own(store.codes)))


def _make_codes(store: AccountStore) -> list[str]:
    store.session.execute(delete(store.codes).where(store.own(store.codes)))
    plain = ["".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH)) for _ in range(CODES)]
    for code in plain:
        store.add(store.codes, code_hash=_hashed(code))
    return [
        "-".join(code[at : at + CODE_GROUP] for at in range(0, CODE_LENGTH, CODE_GROUP))
        for code in plain
    ]


def _take_recovery_code(store: AccountStore, plain: str) -> bool:
    table = store.codes
    used = store.session.execute(
        update(table)
        .where(store.own(table), table.code_hash == _hashed(plain), table.used_at.is_(None))
        .values(used_at=func.now())
        .execution_options(synchronize_session=False)
    )
    return int(used.rowcount) == 1  # type: ignore[attr-defined]


def _hashed(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()


def _step_of(secret: str, code: str, newer_than: int = 0) -> int | None:
    """The time step of this code, if it is later than the last step used."""
    totp, plain = pyotp.TOTP(secret), "".join(code.split())
    now = int(time.time()) // STEP_SECONDS
    for step in (now + offset for offset in WINDOW):
        fits = hmac.compare_digest(totp.generate_otp(step).encode(), plain.encode())
        if fits and step > newer_than:
            return step
    return None


def _lock(store: AccountStore) -> None:
    """Lock the account, so that two requests cannot use one code or remove the last two factors."""
    store.session.flush()
    store.session.refresh(store.person, with_for_update={"key_share": True})
