"""Makes the CMS signature of a seal, with a key in memory or in a PKCS#11 token.

Only the sealer process imports this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from asn1crypto import keys
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session
from pyhanko.sign.signers.pdf_cms import Signer, SimpleSigner
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.config import SealSettings
from app.sealing.certificates import Certificate, SealKeyPair, describe

ALGORITHM = "sha256"


def sign_digest(signer: Signer, digest: bytes) -> bytes:
    """The CMS of a PAdES baseline B-B signature over a file with this SHA-256, as DER.

    The signer never signs bytes of a caller's choice: only PAdES attributes around a digest.
    """
    made = asyncio.run(signer.async_sign(digest, ALGORITHM, use_pades=True))
    return bytes(made.dump())


def signer_of(pair: SealKeyPair) -> Signer:
    der = pair.key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    store = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    store.register_multiple(_asn1(one) for one in pair.issuers)
    return SimpleSigner(_asn1(pair.certificate), keys.PrivateKeyInfo.load(der), store)


@contextmanager
def token_signer(settings: SealSettings) -> Iterator[tuple[Signer, Certificate]]:
    """The key in the token that the settings name, while its session is open."""
    pin_file = settings.seal_pkcs11_pin_file
    session = open_pkcs11_session(
        settings.seal_pkcs11_module,
        token_criteria=TokenCriteria(label=settings.seal_pkcs11_token),
        user_pin=pin_file.read_text().strip() if pin_file else None,
    )
    with session:
        signer = PKCS11Signer(
            session,
            cert_label=settings.seal_pkcs11_label,
            key_label=settings.seal_pkcs11_label,
        )
        found = signer.signing_cert
        assert found is not None
        yield signer, describe(x509.load_der_x509_certificate(found.dump()))


def _asn1(certificate: x509.Certificate) -> asn1.Certificate:
    return asn1.Certificate.load(certificate.public_bytes(Encoding.DER))


Sign = Callable[[bytes], bytes]
