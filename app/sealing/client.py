"""Asks the sealer process. For workers and operators' commands; web processes never ask.

The client sees certificates and signatures, never a private key.
"""

from __future__ import annotations

import base64
import json
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from app.jobs.runner import ServiceAway
from app.sealing.certificates import Certificate
from app.sealing.sockets import address_of
from app.slow_work import slow_work

SECONDS = 15
CODES = {
    "certificate_replaced",
    "certificate_expired",
    "certificate_not_yet_valid",
    "key_unusable",
    "key_unreadable",
    "unfit_key",
    "bad_request",
    "failed",
}


class SealerAway(ServiceAway):
    """The sealer does not answer, so nothing can be sealed now. The work waits."""


class SealRefused(RuntimeError):
    """The sealer answered and did not seal; `code` is one of CODES, `words` are for operators."""

    def __init__(self, code: str, words: str = "") -> None:
        self.code, self.words = code, words
        super().__init__(f"{code} {words}".strip())


@dataclass(frozen=True, slots=True)
class SealIdentity:
    """What a PDF will be sealed with. `wrapped` is the company's own key, else the installation's
    key is meant."""

    tenant_id: UUID
    certificate: Certificate
    wrapped: str | None = None


@dataclass(frozen=True, slots=True)
class Installation:
    """The installation's certificate, and those before it, newest first."""

    current: Certificate
    former: tuple[Certificate, ...]


@slow_work
def ask_installation(path: Path) -> Installation:
    """Raises SealerAway, SealRefused."""
    answer = _ask(path, {"do": "describe"})
    former = tuple(map(Certificate.from_data, answer["former"]))
    return Installation(Certificate.from_data(answer["current"]), former)


@slow_work
def ask_signature(path: Path, identity: SealIdentity, digest: bytes) -> bytes:
    """The CMS over a file with this SHA-256, as DER. Raises SealerAway, SealRefused."""
    request = {
        "do": "seal",
        "digest": digest.hex(),
        "certificate": identity.certificate.fingerprint,
        "wrapped": identity.wrapped,
        "tenant": str(identity.tenant_id),
    }
    return base64.b64decode(_ask(path, request)["cms"])


@slow_work
def ask_opened(path: Path, tenant_id: UUID, wrapped: str) -> Certificate:
    """The certificate of a company's key, if the sealer can open it. Raises SealerAway,
    SealRefused."""
    request = {"do": "open", "tenant": str(tenant_id), "wrapped": wrapped}
    return Certificate.from_data(_ask(path, request)["certificate"])


@slow_work
def ask_wrapped(
    path: Path, tenant_id: UUID, pkcs12: bytes, password: str | None
) -> tuple[str, Certificate]:
    """A company's key, encrypted for the sealer, and its certificate.

    Raises SealerAway, SealRefused.
    """
    request = {
        "do": "wrap",
        "tenant": str(tenant_id),
        "pkcs12": base64.b64encode(pkcs12).decode(),
        "password": password,
    }
    answer = _ask(path, request)
    return str(answer["wrapped"]), Certificate.from_data(answer["certificate"])


def _ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    try:
        with address_of(path) as address, socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            connection.connect(address)
            connection.sendall(json.dumps(request).encode())
            connection.shutdown(socket.SHUT_WR)
            with connection.makefile("rb") as stream:
                answer = json.loads(stream.read())
    except (OSError, ValueError) as error:  # ValueError: it was killed in the middle of an answer
        raise SealerAway(f"the sealer at {path}: {error}") from error
    if not isinstance(answer, dict) or "error" in answer:
        code = str(answer.get("error")) if isinstance(answer, dict) else ""
        raise SealRefused(code if code in CODES else "failed", str(answer.get("words", "")))
    return answer
