"""Certificates of seals: making one, reading PKCS#12 files, and what is said about one.

No files and no sockets here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption
from cryptography.hazmat.primitives.serialization.pkcs12 import (
    load_pkcs12,
    serialize_key_and_certificates,
)
from cryptography.x509.oid import NameOID

YEARS = 10
RSA_BITS = 3072
LEAST_RSA_BITS = 2048

SealPrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


def now() -> datetime:
    return datetime.now(UTC)


class UnfitKey(ValueError):
    """The file has no key that can seal. `str()` is a sentence for the operator."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """`fingerprint` is the SHA-256 of the certificate in hex; `pem` has it first, then its issuers.

    Times are aware UTC.
    """

    fingerprint: str
    subject: str
    issuer: str
    valid_from: datetime
    valid_until: datetime
    pem: str

    @property
    def is_expired(self) -> bool:
        return now() > self.valid_until

    @property
    def is_not_yet_valid(self) -> bool:
        return now() < self.valid_from

    def as_data(self) -> dict[str, Any]:
        times = {"valid_from": self.valid_from, "valid_until": self.valid_until}
        return asdict(self) | {name: at.isoformat() for name, at in times.items()}

    @staticmethod
    def from_data(data: Mapping[str, Any]) -> Certificate:
        times = {name: datetime.fromisoformat(data[name]) for name in ("valid_from", "valid_until")}
        return Certificate(**{**data, **times})


@dataclass(frozen=True, slots=True)
class SealKeyPair:
    """A private key with its certificate and the certificates of its issuers."""

    key: SealPrivateKey
    certificate: x509.Certificate
    issuers: tuple[x509.Certificate, ...] = ()

    @property
    def described(self) -> Certificate:
        return describe(self.certificate, *self.issuers)

    def as_pkcs12(self) -> bytes:
        """The file without a password, for a place that nobody else reads."""
        return serialize_key_and_certificates(
            b"seal", self.key, self.certificate, list(self.issuers) or None, NoEncryption()
        )


def describe(certificate: x509.Certificate, *issuers: x509.Certificate) -> Certificate:
    return Certificate(
        fingerprint=certificate.fingerprint(SHA256()).hex(),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        pem="".join(one.public_bytes(Encoding.PEM).decode() for one in (certificate, *issuers)),
    )


def make_key_pair(common_name: str, email: str = "laudo@localhost") -> SealKeyPair:
    """A new RSA key with a certificate that it signs itself. Takes up to a second.

    Readers that use NSS trust only certificates with an e-mail address.
    """
    key = rsa.generate_private_key(65537, RSA_BITS)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name[:64])])
    # A clock that is a little ahead must not make the first seals invalid elsewhere.
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(minutes=5)
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_only_signatures(), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.RFC822Name(email)]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return SealKeyPair(key, builder.sign(key, SHA256()))


def read_new_pkcs12(data: bytes, password: str | None) -> SealKeyPair:
    """The key pair of a file that an operator brings, such as an A1 certificate of ICP-Brasil.

    Raises UnfitKey also for a key that could be read but cannot seal today.
    """
    pair = read_pkcs12(data, password)
    _check_use(pair)
    return pair


def read_pkcs12(data: bytes, password: str | None = None) -> SealKeyPair:
    """The key pair of a PKCS#12 file. Raises UnfitKey."""
    try:
        read = load_pkcs12(data, password.encode() if password else None)
    except ValueError as error:
        raise UnfitKey("This is no PKCS#12 file, or the password is wrong.") from error
    if read.key is None or read.cert is None:
        raise UnfitKey("The PKCS#12 file lacks the private key or its certificate.")
    if not isinstance(read.key, SealPrivateKey):
        raise UnfitKey("The key is neither RSA nor of an elliptic curve.")
    if isinstance(read.key, rsa.RSAPrivateKey) and read.key.key_size < LEAST_RSA_BITS:
        raise UnfitKey(f"The RSA key has {read.key.key_size} bits; {LEAST_RSA_BITS} are the least.")
    issuers = tuple(one.certificate for one in read.additional_certs)
    return SealKeyPair(read.key, read.cert.certificate, issuers)


def _check_use(pair: SealKeyPair) -> None:
    if pair.key.public_key() != pair.certificate.public_key():
        raise UnfitKey("The certificate belongs to another key.")
    certificate = pair.described
    if certificate.is_expired or certificate.is_not_yet_valid:
        raise UnfitKey(
            "The certificate is not valid today, but from"
            f" {certificate.valid_from:%Y-%m-%d} to {certificate.valid_until:%Y-%m-%d}."
        )
    try:
        usage = pair.certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return
    if not (usage.digital_signature or usage.content_commitment):
        raise UnfitKey("The certificate is not for signatures.")


def _only_signatures() -> x509.KeyUsage:
    others = dict.fromkeys(
        (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=True, content_commitment=True, **others)
