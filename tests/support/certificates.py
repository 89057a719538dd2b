"""Certificates of seals that are valid when a test says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import NameOID

from app.sealing.certificates import SealKeyPair


def a_pair(
    key: rsa.RSAPrivateKey,
    *,
    since: timedelta = timedelta(days=-1),
    until: timedelta = timedelta(days=400),
) -> SealKeyPair:
    """The key with a certificate that it signs itself; `since` and `until` are from now."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Empresa Ltda")])
    now = datetime.now(UTC)
    usage = dict.fromkeys(
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
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + since)
        .not_valid_after(now + until)
        .add_extension(
            x509.KeyUsage(digital_signature=True, content_commitment=True, **usage), critical=True
        )
    )
    return SealKeyPair(key, builder.sign(key, SHA256()))
