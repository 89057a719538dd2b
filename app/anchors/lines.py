"""The form of an anchor outside the database: one line of canonical JSON, signed with Ed25519.

    {"at": "2026-11-30T21:00:00.000000Z", "hash": ..., "key": ..., "kind": "laudo.anchor/1",
     "sequence": "812", "signature": ..., "tenant": ...}

The signature (base64) covers the canonical JSON of the other parts (RFC 8785). Anyone can verify it
with the published public key, and nobody can sign without SECRET_KEY, from which the private key is
derived. A line names the key that signed it, so that it can be verified after SECRET_KEY changes.
"""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from app.encryption import derived_key
from app.models import Anchor, AnchorKind

KINDS = {AnchorKind.HEAD: "laudo.anchor/1", AnchorKind.RESTORED: "laudo.restored/1"}
BY_NAME = {name: kind for kind, name in KINDS.items()}
HASH = re.compile(r"[0-9a-f]{64}")
MOMENT = "%Y-%m-%dT%H:%M:%S.%fZ"


class NotAnAnchor(ValueError):
    """The line has not the form of an anchor."""


@dataclass(frozen=True, slots=True)
class Claim:
    """An anchor that was read: the entry `sequence` had `hash` at `at`. `is_genuine` if the
    signature fits the line; `public_key` says whose it is."""

    kind: AnchorKind
    tenant_id: UUID
    sequence: int
    hash: str
    at: datetime
    public_key: str
    is_genuine: bool
    reason: str = ""


def sign(anchor: Anchor) -> None:
    """Set the signature and the public key of a new anchor."""
    key = _private_key()
    anchor.public_key = _text_of(key.public_key())
    anchor.signature = base64.b64encode(key.sign(_signed_part(anchor))).decode()


def line_of(anchor: Anchor) -> str:
    """The anchor as a line, without its end."""
    return rfc8785.dumps({**_facts(anchor), "signature": anchor.signature}).decode()


def read_line(line: str) -> Claim:
    """The anchor in a line. Raises NotAnAnchor."""
    try:
        facts = json.loads(line)
        signature = facts.pop("signature")
        claim = Claim(
            kind=BY_NAME[facts["kind"]],
            tenant_id=UUID(facts["tenant"]),
            sequence=int(facts["sequence"]),
            hash=facts["hash"],
            at=datetime.strptime(facts["at"], MOMENT).replace(tzinfo=UTC),
            public_key=facts["key"],
            is_genuine=_fits(facts["key"], signature, rfc8785.dumps(facts)),
            reason=facts.get("reason", ""),
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotAnAnchor(line[:80]) from error
    if not HASH.fullmatch(claim.hash) or claim.sequence < 1:
        raise NotAnAnchor(line[:80])
    return claim


def public_key() -> str:
    """The installation's public key in base64 (32 bytes)."""
    return _text_of(_private_key().public_key())


def public_key_pem() -> str:
    """The same as PEM, for openssl."""
    return (
        _private_key()
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        .decode()
    )


def _facts(anchor: Anchor) -> dict[str, str]:
    """Numbers as text: no reader of JSON can round them."""
    facts = {
        "at": anchor.at.astimezone(UTC).strftime(MOMENT),
        "hash": anchor.hash,
        "key": anchor.public_key,
        "kind": KINDS[anchor.kind],
        "sequence": str(anchor.sequence),
        "tenant": str(anchor.tenant_id),
    }
    return {**facts, "reason": anchor.reason} if anchor.reason else facts


def _signed_part(anchor: Anchor) -> bytes:
    return rfc8785.dumps(_facts(anchor))


def _fits(key: str, signature: str, signed: bytes) -> bool:
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private_key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(derived_key(b"laudo anchors"))


def _text_of(key: Ed25519PublicKey) -> str:
    return base64.b64encode(key.public_bytes_raw()).decode()
