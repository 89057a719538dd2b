"""Seals a PDF file: PAdES baseline B-B, a certification that allows no change, no visible mark.

The caller signs the digest elsewhere; no key is here. `read_seal` says what a sealed file holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from asn1crypto import pem
from asn1crypto import x509 as asn1
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import MDPPerm, SigSeedSubFilter
from pyhanko.sign.signers import ExternalSigner, PdfSignatureMetadata, PdfSigner
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.status import SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.registry import SimpleCertificateStore

from app.sealing.certificates import Certificate
from app.slow_work import slow_work

log = logging.getLogger(__name__)

FIELD = "Seal"
# For the signature itself and its attributes, besides the certificates.
ROOM = 8192

SignDigest = Callable[[bytes], bytes]


class SealBroken(RuntimeError):
    """The file that was just sealed does not hold the seal that it should; it is not published."""


@dataclass(frozen=True, slots=True)
class Seal:
    """What the only seal of a file says. `sealed_at` is the signer's own clock.

    `is_whole`: it is intact, covers the file to its last byte, allows no change, and was made while
    the certificate was valid.
    """

    fingerprint: str
    sealed_at: datetime
    is_whole: bool

    def as_facts(self) -> dict[str, str]:
        """For the audit; the time as verification.py reads it from the row."""
        at = self.sealed_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        return {"seal": self.fingerprint, "sealed_at": at}


@slow_work
def seal_file(path: Path, certificate: Certificate, sign: SignDigest) -> Seal:
    """Seal the file in place and check the result.

    `sign` turns the file's SHA-256 into a CMS as DER. If it raises, the file is worthless.
    Raises SealBroken.
    """
    chain = load_chain(certificate.pem)
    nobody = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    signer = ExternalSigner(chain[0], nobody, signature_value=b"")
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        subfilter=SigSeedSubFilter.PADES,
    )
    # Hexadecimal digits: two for each byte.
    room = 2 * (ROOM + sum(len(one.dump()) for one in chain))
    with path.open("rb+") as file:
        prepared, _, output = asyncio.run(
            PdfSigner(meta, signer).async_digest_doc_for_signing(
                IncrementalPdfFileWriter(file), in_place=True, bytes_reserved=room
            )
        )
        prepared.fill_with_cms(output, sign(prepared.document_digest))
        found = read_seal(file, certificate)
    if found is None or not found.is_whole or found.fingerprint != certificate.fingerprint:
        raise SealBroken(str(found))
    return found


def read_seal(file: BinaryIO, trusted: Certificate) -> Seal | None:
    """The seal of a file; None if there is not exactly one that can be read.

    `trusted` is the certificate that must have made it, whoever issued that: then no list of
    authorities is needed, and no network.
    """
    own = load_chain(trusted.pem)[0]
    try:
        (signature,) = PdfFileReader(file).embedded_signatures
        context = ValidationContext(
            trust_roots=[own],
            allow_fetching=False,
            revocation_mode="soft-fail",
            # A seal does not end with its certificate.
            moment=signature.self_reported_timestamp,
            best_signature_time=signature.self_reported_timestamp,
        )
        status = validate_pdf_signature(signature, context)
        sealed_at = signature.self_reported_timestamp
    except Exception:
        # Damaged or hostile bytes fail anywhere in the reader, with errors of any kind.
        log.info("no seal can be read", exc_info=True)
        return None
    if sealed_at is None:
        return None
    is_whole = (
        status.bottom_line
        and status.coverage is SignatureCoverageLevel.ENTIRE_FILE
        and signature.docmdp_level is MDPPerm.NO_CHANGES
        # Not among what makes a trusted certificate's signature valid.
        and trusted.valid_from <= sealed_at <= trusted.valid_until
    )
    return Seal(status.signing_cert.sha256.hex(), sealed_at, bool(is_whole))


def read_seal_of(data: bytes, trusted: Certificate) -> Seal | None:
    return read_seal(BytesIO(data), trusted)


def load_chain(text: str) -> list[asn1.Certificate]:
    """The certificates of a PEM text, the signer's first."""
    blocks = pem.unarmor(text.encode(), multiple=True)
    return [asn1.Certificate.load(der) for _, _, der in blocks]
