"""Passkeys: registering one, and proving oneself by it. The ceremony itself is the library's.

Every passkey can be found by the browser alone and verifies its user (by finger, face or PIN), so
it can stand for the password too. A challenge is ours, five minutes old at most and good once: a
passkey takes none that was made before its last use.
"""

from __future__ import annotations

import ipaddress
import json
import secrets
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from flask import current_app
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.auth.doors import Door
from app.auth.queries import list_passkeys
from app.auth.second_factor import drop_idle_codes, first_codes, keep_a_factor
from app.auth.service import require_password
from app.errors import DomainError, NotFound
from app.models import Actor

NAME = "Laudo"
SECONDS = 300
MOST = 20
MAX_NAME = 80
MAX_CREDENTIAL = 20_000


class PasskeyRefused(DomainError):
    """The passkey was not accepted. Try again; if it stays so, log in another way."""

    status = 422


class ChallengeOver(DomainError):
    """That took longer than five minutes. Try again."""

    status = 422


class TooManyPasskeys(DomainError):
    """You have %(most)s passkeys, and nobody needs more. Remove one that you do not use."""

    status = 422


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the browser's answer must carry. `purpose` and `account` bind it to one ceremony."""

    purpose: str
    account: str
    value: str
    made_at: float

    @classmethod
    def new(cls, purpose: str, account: UUID | None = None) -> Challenge:
        return cls(purpose, str(account or ""), secrets.token_urlsafe(32), time.time())

    def require(self, purpose: str, account: UUID | None = None) -> None:
        """Raises ChallengeOver for one that was made for something else or too long ago."""
        is_fresh = 0 <= time.time() - self.made_at <= SECONDS
        if (self.purpose, self.account) != (purpose, str(account or "")) or not is_fresh:
            raise ChallengeOver


def relying_party() -> tuple[str, str]:
    """The host that passkeys are made for, and the origin that browsers name."""
    base = urlsplit(current_app.config["BASE_URL"])
    return base.hostname or "", f"{base.scheme}://{base.netloc}"


def passkeys_work() -> bool:
    """Browsers make passkeys for names only, and over HTTPS only but for localhost."""
    host, origin = relying_party()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return origin.startswith("https://") or host == "localhost"
    return False


def offer_registration(*, door: Door, password: str, challenge: Challenge) -> str:
    """JSON options for a new passkey. Raises WrongPassword, TooManyPasskeys."""
    require_password(door, password)
    person, known = door.person, list_passkeys(door)
    assert person
    if len(known) >= MOST:
        raise TooManyPasskeys(most=MOST)
    options = webauthn.generate_registration_options(
        rp_id=relying_party()[0],
        rp_name=NAME,
        user_id=person.id.bytes,
        user_name=person.email,
        user_display_name=person.name,
        challenge=challenge.value.encode(),
        timeout=SECONDS * 1000,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(known),
    )
    return webauthn.options_to_json(options)


def register(
    *, door: Door, credential: str, name: str, challenge: Challenge, actor: Actor
) -> list[str]:
    """Keep a new passkey. Returns recovery codes if it is the person's first second factor.

    Raises PasskeyRefused or TooManyPasskeys.
    """
    assert door.person
    door.session.refresh(door.person, with_for_update={"key_share": True})
    if len(list_passkeys(door)) >= MOST:
        raise TooManyPasskeys(most=MOST)
    body = _read(credential)
    host, origin = relying_party()
    made = _refusing(
        webauthn.verify_registration_response,
        credential=body,
        expected_challenge=challenge.value.encode(),
        expected_rp_id=host,
        expected_origin=origin,
        require_user_verification=True,
    )
    codes = first_codes(door)
    _store(door, made, _transports(body), name)
    door.note("account.two_factor_set", actor, factor="passkey", name=name)
    return codes


def offer_proof(*, door: Door | None, challenge: Challenge) -> str:
    """JSON options to prove oneself by a passkey: the door's, or any that the browser knows."""
    options = webauthn.generate_authentication_options(
        rp_id=relying_party()[0],
        challenge=challenge.value.encode(),
        timeout=SECONDS * 1000,
        allow_credentials=_descriptors(list_passkeys(door)) if door else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def credential_id(credential: str) -> str:
    """Which passkey answers. Raises PasskeyRefused."""
    named = _read(credential).get("id")
    if not isinstance(named, str) or not 0 < len(named) <= 1400 or not named.isascii():
        raise PasskeyRefused
    return named.replace("\x00", "")


def take_proof(*, door: Door, credential: str, challenge: Challenge) -> None:
    """Check that one of the door's passkeys answers this challenge. Raises PasskeyRefused."""
    body, table = _read(credential), door.passkeys
    passkey = door.session.scalars(
        select(table)
        .where(door.own(table), table.credential_id == credential_id(credential))
        .with_for_update(key_share=True)
    ).one_or_none()
    if passkey is None or _is_older(challenge, passkey.last_used_at):
        raise PasskeyRefused
    host, origin = relying_party()
    proven = _refusing(
        webauthn.verify_authentication_response,
        credential=body,
        expected_challenge=challenge.value.encode(),
        expected_rp_id=host,
        expected_origin=origin,
        credential_public_key=base64url_to_bytes(passkey.public_key),
        credential_current_sign_count=passkey.sign_count,
        require_user_verification=True,
    )
    passkey.sign_count = proven.new_sign_count
    passkey.last_used_at = datetime.now(UTC)


def remove(*, door: Door, passkey_id: UUID, password: str, actor: Actor) -> None:
    """Forget a passkey. Raises NotFound, WrongPassword or LastFactor."""
    assert door.person
    table = door.passkeys
    door.session.refresh(door.person, with_for_update={"key_share": True})
    own = select(table).where(door.own(table), table.id == passkey_id)
    passkey = door.session.scalars(own).one_or_none()
    if passkey is None:
        raise NotFound
    require_password(door, password)
    keep_a_factor(door)
    name = passkey.name
    door.session.delete(passkey)
    door.session.flush()
    drop_idle_codes(door)
    door.note("account.two_factor_removed", actor, factor="passkey", name=name)


def _store(door: Door, made: Any, transports: list[str], name: str) -> None:
    public_key = bytes_to_base64url(made.credential_public_key)
    known_as = bytes_to_base64url(made.credential_id)
    if len(known_as) > 1400 or len(public_key) > 2000:
        raise PasskeyRefused
    try:
        with door.session.begin_nested():
            door.add(
                door.passkeys,
                credential_id=known_as,
                public_key=public_key,
                sign_count=made.sign_count,
                name=name,
                transports=transports,
            )
    except IntegrityError as error:
        raise PasskeyRefused from error


def _is_older(challenge: Challenge, last_used_at: datetime | None) -> bool:
    return last_used_at is not None and challenge.made_at <= last_used_at.timestamp()


def _descriptors(passkeys: list[Any]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(id=base64url_to_bytes(one.credential_id)) for one in passkeys
    ]


def _read(credential: str) -> dict[str, Any]:
    try:
        body = json.loads(credential) if len(credential) <= MAX_CREDENTIAL else None
    except (ValueError, RecursionError) as error:
        raise PasskeyRefused from error
    if not isinstance(body, dict):
        raise PasskeyRefused
    return body


def _transports(body: dict[str, Any]) -> list[str]:
    response = body.get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    words = [one for one in named if isinstance(one, str)] if isinstance(named, list) else []
    return [one[:20] for one in words if one.isascii() and one.isprintable()][:8]


def _refusing(verify: Any, **arguments: Any) -> Any:
    try:
        return verify(**arguments)
    except Exception as error:
        # The bytes come from anybody, and the parsers under the library name a bad one in many
        # ways. Whatever was not verified is refused.
        raise PasskeyRefused from error
