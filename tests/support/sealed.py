"""Sealed PDFs of a desk: bytes, certificate, and whether the seal holds."""

from __future__ import annotations

from sqlalchemy import select

from app.extensions import db
from app.models import Document, SealCertificate
from app.sealing.certificates import Certificate
from app.sealing.file import read_seal_of
from tests.support.desk import Desk
from tests.support.stored import storage


def bytes_of(desk: Desk, document: Document) -> bytes:
    with desk.acting(desk.tess):
        return storage().open(document.storage_key or "").read()


def certificate_of(desk: Desk, document: Document) -> Certificate:
    with desk.acting(desk.tess):
        row = db.session.scalars(
            select(SealCertificate).where(SealCertificate.fingerprint == document.seal_fingerprint)
        ).one()
        return Certificate(
            row.fingerprint, row.subject, row.issuer, row.valid_from, row.valid_until, row.pem
        )


def is_whole(data: bytes, trusted: Certificate) -> bool:
    found = read_seal_of(data, trusted)
    return bool(found and found.is_whole and found.fingerprint == trusted.fingerprint)
