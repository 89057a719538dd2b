"""The rows of certificates: every one that sealed a PDF of the company."""

from __future__ import annotations

from sqlalchemy.dialects.postgresql import insert

from app.extensions import db
from app.models import SealCertificate
from app.sealing.certificates import Certificate
from app.tenancy import require_tenant


def keep_certificate(certificate: Certificate) -> None:
    """Add the certificate to those of the company, unless it is there already."""
    values = {
        "tenant_id": require_tenant(),
        "fingerprint": certificate.fingerprint,
        "subject": certificate.subject,
        "issuer": certificate.issuer,
        "valid_from": certificate.valid_from,
        "valid_until": certificate.valid_until,
        "pem": certificate.pem,
    }
    db.session.execute(
        insert(SealCertificate)
        .values(values)
        .on_conflict_do_nothing(index_elements=["tenant_id", "fingerprint"])
    )


def certificate_of(row: SealCertificate) -> Certificate:
    return Certificate(
        row.fingerprint, row.subject, row.issuer, row.valid_from, row.valid_until, row.pem
    )
