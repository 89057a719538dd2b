"""Browsers, people for a single test, and their second factors."""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from functools import cache
from itertools import count
from typing import Any
from uuid import uuid4

import pyotp
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from flask import Flask
from flask.testing import FlaskClient
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

from app.auth import second_factor
from app.auth.account_stores import TenantAccountStore
from app.auth.passwords import hash_password
from app.extensions import db
from app.models import Account, Role
from tests.support.cast import PASSWORD, Person

ORIGIN = "http://localhost"
HTMX = {"HX-Request": "true"}
FETCH = {"X-Requested-With": "fetch"}
_turn = count(1)


@cache
def password_hash() -> str:
    return hash_password(PASSWORD)


def fresh_browser(app: Flask) -> FlaskClient:
    """A browser with its own IP address, so that log-in attempts of tests are counted
    separately."""
    client = app.test_client()
    client.environ_base["REMOTE_ADDR"] = (
        f"10.{uuid4().int % 250}.{uuid4().int % 250}.{next(_turn) % 250}"
    )
    return client


def log_in(client: FlaskClient, person: Person, password: str = PASSWORD, **fields: str) -> Any:
    data = {"email": person.email, "password": password, **fields}
    return client.post("/login", data=data)


def a_person(acting: Any, cast: Any, role: Role = Role.TECHNICIAN) -> Person:
    """A new person of Acme. Log-in attempts are counted by account, so each test has its own."""
    with acting(cast.ana):
        email = f"{secrets.token_hex(6)}@acme.test"
        account = Account(email=email, name="Nina New", role=role, password_hash=password_hash())
        db.session.add(account)
        db.session.commit()
        return Person(account.id, account.tenant_id, email, account.name, role)


def account_of(person: Person) -> Account:
    """Load the account in the person's own scope."""
    return db.session.get_one(Account, person.id, populate_existing=True)


def with_totp(acting: Any, person: Person) -> tuple[str, list[str]]:
    """Turn on an authenticator; returns its secret and the recovery codes."""
    secret = pyotp.random_base32()
    with acting(person) as actor:
        store = TenantAccountStore(db.session(), account_of(person))
        codes = second_factor.confirm_totp(
            store=store, secret=secret, code=code_of(secret), actor=actor
        )
        db.session.commit()
    return secret, codes


def code_of(secret: str, ahead: int = 0) -> str:
    return pyotp.TOTP(secret).generate_otp(int(time.time()) // 30 + ahead)


class Authenticator:
    """A device with one passkey that answers as browsers do."""

    def __init__(self, origin: str = ORIGIN, *, verifies: bool = True) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = secrets.token_bytes(32)
        self.origin = origin
        self.uses = 0
        self.flags = 0x05 if verifies else 0x01

    def register(self, options: dict[str, Any]) -> str:
        numbers = self.key.public_key().public_numbers()
        x, y = (number.to_bytes(32, "big") for number in (numbers.x, numbers.y))
        key = encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
        data = self._data(options["rp"]["id"], self.flags | 0x40)
        data += bytes(16) + len(self.id).to_bytes(2, "big") + self.id + key
        attestation = encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
        return self._answer(
            clientDataJSON=self._client_data("webauthn.create", options),
            attestationObject=attestation,
        )

    def prove(self, options: dict[str, Any]) -> str:
        self.uses += 1
        client = self._client_data("webauthn.get", options)
        data = self._data(options["rpId"], self.flags)
        signed = data + hashlib.sha256(client).digest()
        return self._answer(
            clientDataJSON=client,
            authenticatorData=data,
            signature=self.key.sign(signed, ec.ECDSA(hashes.SHA256())),
        )

    def _data(self, host: str, flags: int) -> bytes:
        return (
            hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.uses.to_bytes(4, "big")
        )

    def _client_data(self, kind: str, options: dict[str, Any]) -> bytes:
        client_data = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(client_data).encode()

    def _answer(self, **parts: bytes) -> str:
        named = bytes_to_base64url(self.id)
        response = {name: bytes_to_base64url(part) for name, part in parts.items()}
        return json.dumps({"id": named, "rawId": named, "type": "public-key", "response": response})


def add_passkey(client: FlaskClient, device: Authenticator, name: str = "Work phone") -> Any:
    """Add the passkey through the pages, as passkeys.js does."""
    form = {"name": name, "current": PASSWORD}
    offered = client.post("/account/passkeys/options", data=form, headers=FETCH)
    assert offered.status_code == 200, offered.text
    form["credential"] = device.register(json.loads(offered.text))
    return client.post("/account/passkeys", data=form)


def options_at(client: FlaskClient, path: str) -> dict[str, Any]:
    offered = client.post(path, headers=FETCH)
    assert offered.status_code == 200, offered.text
    options: dict[str, Any] = json.loads(offered.text)
    assert len(base64url_to_bytes(options["challenge"])) >= 32
    return options
