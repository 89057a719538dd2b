"""Passkeys: registration and authentication. The library implements the ceremony itself.

Every passkey is discoverable and verifies its user (fingerprint, face or PIN), so it can also
replace the password. A challenge is made here, expires after five minutes and works once: a
passkey rejects challenges that were made before its last use.
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

from app.auth.account_stores import AccountStore
from app.auth.queries import list_passkeys
from app.auth.second_factor import (
    codes_for_first_factor,
    delete_unused_codes,
    require_another_factor,
)
from app.auth.service import require_password
from app.errors import DomainError
from app.models import Actor
from app.rows import one_or_404

NAME = "Laudo"
SECONDS = 300
MAX_PASSKEYS = 20
MAX_NAME = 80
MAX_CREDENTIAL = 20_000


class PasskeyRefused(DomainError):
    """The passkey was not accepted. Try again; if it keeps failing, use another method."""

    status = 422


class ChallengeOver(DomainError):
    """That took longer than five minutes. Try again."""

    status = 422


class TooManyPasskeys(DomainError):
    """You have reached the limit of %(most)s passkeys. Remove one that you do not use."""

    status = 422


@dataclass(frozen=True, slots=True)
class Challenge:
    """What the browser's response must contain. `purpose` and `account` bind it to one ceremony."""

    purpose: str
    account: str
    value: str
    made_at: float

    @classmethod
    def new(cls, purpose: str, account: UUID | None = None) -> Challenge:
        return cls(purpose, str(account or ""), secrets.token_urlsafe(32), time.time())

    def require(self, purpose: str, account: UUID | None = None) -> None:
        """Raises ChallengeOver if it has expired or was made for another purpose or account."""
        is_fresh = 0 <= time.time() - self.made_at <= SECONDS
        if (self.purpose, self.account) != (purpose, str(account or "")) or not is_fresh:
            raise ChallengeOver


def relying_party() -> tuple[str, str]:
    """The relying party id (a host name) and the origin that browsers report."""
    base = urlsplit(current_app.config["BASE_URL"])
    return base.hostname or "", f"{base.scheme}://{base.netloc}"


def passkeys_work() -> bool:
    """Browsers make passkeys only for host names, and only over HTTPS or on localhost."""
    host, origin = relying_party()
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return origin.startswith("https://") or host == "localhost"
    return False


def offer_registration(*, store: AccountStore, password: str, challenge: Challenge) -> str:
    """JSON options for a new passkey. Raises WrongPassword, TooManyPasskeys."""
    require_password(store, password)
    person, known = store.person, list_passkeys(store)
    assert person
    if len(known) >= MAX_PASSKEYS:
        raise TooManyPasskeys(most=MAX_PASSKEYS)
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
    *, store: AccountStore, credential: str, name: str, challenge: Challenge, actor: Actor
) -> list[str]:
    """Store a new passkey. Returns recovery codes if it is the person's first second factor.

    Raises PasskeyRefused or TooManyPasskeys.
    """
    assert store.person
    store.session.refresh(store.person, with_for_update={"key_share": True})
    if len(list_passkeys(store)) >= MAX_PASSKEYS:
        raise TooManyPasskeys(most=MAX_PASSKEYS)
    body = _read(credential)
    host, origin = relying_party()
    made = _verify(
        webauthn.verify_registration_response,
        credential=body,
        expected_challenge=challenge.value.encode(),
        expected_rp_id=host,
        expected_origin=origin,
        require_user_verification=True,
    )
    codes = codes_for_first_factor(store)
    _save(store, made, _transports(body), name)
    store.note("account.two_factor_set", actor, factor="passkey", name=name)
    return codes


def offer_proof(*, store: AccountStore | None, challenge: Challenge) -> str:
    """JSON options for authenticating with a passkey of the store's person.

    Without a store, the browser offers any passkey that it has for this site.
    """
    options = webauthn.generate_authentication_options(
        rp_id=relying_party()[0],
        challenge=challenge.value.encode(),
        timeout=SECONDS * 1000,
        allow_credentials=_descriptors(list_passkeys(store)) if store else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return webauthn.options_to_json(options)


def credential_id(credential: str) -> str:
    """The id of the responding passkey. Raises PasskeyRefused."""
    named = _read(credential).get("id")
    if not isinstance(named, str) or not 0 < len(named) <= 1400 or not named.isascii():
        raise PasskeyRefused
    return named.replace("\x00", "")


def take_proof(*, store: AccountStore, credential: str, challenge: Challenge) -> None:
    """Check that one of the person's passkeys signed this challenge. Raises PasskeyRefused."""
    body, table = _read(credential), store.passkeys
    passkey = store.session.scalars(
        select(table)
        .where(store.own(table), table.credential_id == credential_id(credential))
        .with_for_update(key_share=True)
    ).one_or_none()
    if passkey is None or _is_older(challenge, passkey.last_used_at):
        raise PasskeyRefused
    host, origin = relying_party()
    proven = _verify(
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


def remove(*, store: AccountStore, passkey_id: UUID, password: str, actor: Actor) -> None:
    """Delete a passkey. Raises NotFound, WrongPassword or LastFactor."""
    assert store.person
    table = store.passkeys
    store.session.refresh(store.person, with_for_update={"key_share": True})
    own = select(table).where(store.own(table), table.id == passkey_id)
    passkey = one_or_404(own, store.session)
    require_password(store, password)
    require_another_factor(store)
    name = passkey.name
    store.session.delete(passkey)
    store.session.flush()
    delete_unused_codes(store)
    store.note("account.two_factor_removed", actor, factor="passkey", name=name)


def _save(store: AccountStore, made: Any, transports: list[str], name: str) -> None:
    public_key = bytes_to_base64url(made.credential_public_key)
    known_as = bytes_to_base64url(made.credential_id)
    if len(known_as) > 1400 or len(public_key) > 2000:
        raise PasskeyRefused
    try:
        with store.session.begin_nested():
            store.add(
                store.passkeys,
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


def _verify(verify: Any, **arguments: Any) -> Any:
    try:
        return verify(**arguments)
    except Exception as error:
        # The bytes are untrusted, and the library's parsers raise many different exceptions for
        # malformed ones. Refuse everything that was not verified.
        raise PasskeyRefused from error
