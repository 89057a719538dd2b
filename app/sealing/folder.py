"""The folder with the installation's key (SEAL_DIR). Only the sealer's user can read it.

    current.p12                      the key with its certificate, mode 0400
    wrapping.key                     encrypts the keys that companies import, mode 0400
    certificates/<fingerprint>.pem   the certificates of today and before

Replacing the key removes the old one for good: its certificate is enough to check older PDFs.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509

from app.sealing.certificates import (
    Certificate,
    SealKeyPair,
    UnfitKey,
    describe,
    make_key_pair,
    read_pkcs12,
)

PRIVATE, PUBLIC = 0o400, 0o444


@dataclass(frozen=True, slots=True)
class KeyFolder:
    """`path` need not exist before `prepare`."""

    path: Path

    @property
    def current(self) -> Path:
        return self.path / "current.p12"

    @property
    def wrapping(self) -> Path:
        return self.path / "wrapping.key"

    @property
    def certificates(self) -> Path:
        return self.path / "certificates"

    def prepare(
        self, common_name: str, email: str = "laudo@localhost", *, makes_key: bool = True
    ) -> None:
        """Make what is missing: the folder, the wrapping key, and the key unless it lies elsewhere.

        Two processes may do so at once: the first one's files win.
        """
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.certificates.mkdir(mode=0o755, exist_ok=True)
        if not self.wrapping.exists():
            _create(self.wrapping, secrets.token_bytes(32))
        if makes_key and not self.current.exists():
            _create(self.current, make_key_pair(common_name, email).as_pkcs12())
        if makes_key:
            self.keep_certificate(self.read().described)

    def read(self) -> SealKeyPair:
        """Raises OSError, UnfitKey."""
        try:
            return read_pkcs12(self.current.read_bytes())
        except UnfitKey as error:
            raise UnfitKey(f"{self.current}: {error}") from error

    def read_wrapping_key(self) -> bytes:
        """32 bytes. Raises OSError."""
        return self.wrapping.read_bytes()

    def replace(self, pair: SealKeyPair) -> None:
        """Seal with this key from now on, and forget the one before."""
        self.prepare("", makes_key=False)
        self.keep_certificate(pair.described)
        _replace(self.current, pair.as_pkcs12(), PRIVATE)

    def keep_certificate(self, certificate: Certificate) -> None:
        path = self.certificates / f"{certificate.fingerprint}.pem"
        if not path.exists():
            _replace(path, certificate.pem.encode(), PUBLIC)

    def list_certificates(self) -> list[Certificate]:
        """All that were ever used, newest first."""
        kept = [
            describe(*x509.load_pem_x509_certificates(path.read_bytes()))
            for path in self.certificates.glob("*.pem")
        ]
        return sorted(kept, key=lambda one: one.valid_from, reverse=True)


def _create(path: Path, data: bytes) -> None:
    """Write a private file in one step, unless it exists by now."""
    draft = _draft(path, data, PRIVATE)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _replace(path: Path, data: bytes, mode: int) -> None:
    _draft(path, data, mode).replace(path)
    _sync(path.parent)


def _draft(path: Path, data: bytes, mode: int) -> Path:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fchmod(handle, mode)
        os.fsync(handle)
    return draft


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
