"""What the sealer process answers: which certificate seals, signatures, and wrapped keys.

No sockets here. Requests and answers are plain JSON; app/sealing/client.py has the other side.
"""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pyhanko.sign.signers.pdf_cms import Signer

from app.config import SealSettings
from app.encryption import Unreadable
from app.sealing.certificates import Certificate, SealKeyPair, UnfitKey, read_new_pkcs12
from app.sealing.folder import KeyFolder
from app.sealing.signers import sign_digest, signer_of, token_signer
from app.sealing.wrapping import unwrap, wrap

DIGEST_BYTES = 32
Answer = dict[str, Any]


class Refused(Exception):
    """`code` is one of the codes that client.py knows; `words` are for operators."""

    def __init__(self, code: str, words: str = "") -> None:
        self.code, self.words = code, words
        super().__init__(f"{code} {words}".strip())


class KeyHolder:
    """Holds the installation's key, and opens those of companies for one signature at a time."""

    def __init__(
        self, settings: SealSettings, common_name: str, email: str = "laudo@localhost"
    ) -> None:
        self._settings = settings
        self._folder = KeyFolder(settings.seal_dir)
        self._folder.prepare(common_name, email, makes_key=not settings.seal_pkcs11_module)
        self._kept: tuple[tuple[int, int], SealKeyPair] | None = None
        # A token answers one caller at a time.
        self._one_at_a_time = threading.Lock()

    def answer(self, request: Mapping[str, Any]) -> Answer:
        """Raises Refused."""
        verbs = {
            "describe": self._describe,
            "open": self._open,
            "seal": self._seal,
            "wrap": self._wrap,
        }
        try:
            return verbs[request["do"]](request)
        except (LookupError, TypeError, AttributeError, binascii.Error) as error:
            raise Refused("bad_request") from error

    def _describe(self, request: Mapping[str, Any]) -> Answer:
        with self._installation() as (_, certificate):
            current = certificate
        kept = self._folder.list_certificates()
        former = [one.as_data() for one in kept if one.fingerprint != current.fingerprint]
        return {"current": current.as_data(), "former": former}

    def _open(self, request: Mapping[str, Any]) -> Answer:
        """Whether the key can be used: what a seal with it would need, without one."""
        with self._signer(request) as (_, certificate):
            return {"certificate": certificate.as_data()}

    def _seal(self, request: Mapping[str, Any]) -> Answer:
        digest = binascii.unhexlify(request["digest"])
        if len(digest) != DIGEST_BYTES:
            raise Refused("bad_request")
        with self._signer(request) as (signer, certificate):
            if certificate.fingerprint != request["certificate"]:
                raise Refused("certificate_replaced")
            if certificate.is_expired:
                raise Refused("certificate_expired")
            if certificate.is_not_yet_valid:
                raise Refused("certificate_not_yet_valid")
            signature = sign_digest(signer, digest)
        return {"cms": base64.b64encode(signature).decode()}

    def _wrap(self, request: Mapping[str, Any]) -> Answer:
        try:
            pair = read_new_pkcs12(base64.b64decode(request["pkcs12"]), request["password"])
        except UnfitKey as error:
            raise Refused("unfit_key", str(error)) from error
        wrapped = wrap(pair, request["tenant"], self._folder.read_wrapping_key())
        return {"wrapped": wrapped, "certificate": pair.described.as_data()}

    @contextmanager
    def _signer(self, request: Mapping[str, Any]) -> Iterator[tuple[Signer, Certificate]]:
        if not request["wrapped"]:
            with self._installation() as found:
                yield found
            return
        try:
            pair = unwrap(request["wrapped"], request["tenant"], self._folder.read_wrapping_key())
        except Unreadable as error:
            raise Refused("key_unreadable") from error
        yield signer_of(pair), pair.described

    @contextmanager
    def _installation(self) -> Iterator[tuple[Signer, Certificate]]:
        if self._settings.seal_pkcs11_module:
            with self._one_at_a_time, token_signer(self._settings) as found:
                self._folder.keep_certificate(found[1])
                yield found
            return
        try:
            pair = self._current()
        except (OSError, UnfitKey) as error:
            raise Refused("key_unusable", str(error)) from error
        yield signer_of(pair), pair.described

    def _current(self) -> SealKeyPair:
        """Read again when the file was replaced, so that a rotation needs no restart."""
        now = self._folder.current.stat()
        stamp = (now.st_ino, now.st_mtime_ns)
        if self._kept is None or self._kept[0] != stamp:
            self._kept = (stamp, self._folder.read())
        return self._kept[1]
