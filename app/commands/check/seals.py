"""Checks of what seals and time stamps leave in the database: certificates, keys, stamps.

A certificate's row is compared with the certificate itself, a stamp's row with its token and with
the audit. The seals inside the files are covered by the files' hashes (evidence.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from typing import Any
from uuid import UUID

from cryptography import x509
from sqlalchemy import Row, select

from app.commands.check.finding import Finding, ok, run, wrong
from app.evidence.queries import list_entries
from app.extensions import db
from app.models import AuditEntry, Document, DocumentStamp, SealCertificate, SealKey, WorkState
from app.sealing.certificates import describe
from app.storage import CorruptObject, MissingObject, storage
from app.storage.references import list_tenant_ids
from app.tenancy import tenant_scope

PART = "seals"


def check_seals(*, with_bytes: bool) -> Iterator[Finding]:
    """Check every certificate, key and time stamp. `with_bytes` also reads the stamps' tokens."""

    def check() -> Iterator[Finding]:
        try:
            yield from _every_tenant(with_bytes)
        except (ValueError, TypeError, ArithmeticError) as error:
            # Somebody has written values that Laudo never writes.
            yield wrong(PART, f"A row about seals or time stamps cannot be read ({error}).")

    yield from run(PART, check, "The seals could not be read: look at the database and storage.")


def _every_tenant(with_bytes: bool) -> Iterator[Finding]:
    certificates = stamps = 0
    is_good = True
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            rows = list(db.session.scalars(select(SealCertificate)))
            certificates += len(rows)
            found = [*_certificates(rows), *_lacking(rows)]
            made = _made_stamps()
            stamps += len(made)
            entries = {row.document_id: _stamped(row.document_id) for row in made}
            found += _lost_stamps({row.document_id for row in made})
            db.session.rollback()
            for row in made:
                found += _stamp(row, entries[row.document_id], with_bytes=with_bytes)
        for sentence in found:
            is_good = False
            yield wrong(PART, f"Tenant {tenant_id}: {sentence}.")
    if is_good:
        yield ok(
            PART,
            f"{certificates} certificates are what they certify, and {stamps} time stamps are those"
            " of their PDFs.",
        )


def _certificates(rows: list[SealCertificate]) -> Iterator[str]:
    """Each row tells what its certificate says."""
    for row in rows:
        try:
            known = describe(*x509.load_pem_x509_certificates(row.pem.encode()))
        except (ValueError, TypeError):
            known = None
        names = ("fingerprint", "subject", "issuer", "valid_from", "valid_until", "pem")
        if known is None or any(getattr(row, name) != getattr(known, name) for name in names):
            yield f"the row of the certificate {row.fingerprint[:12]} was changed"


def _lacking(rows: list[SealCertificate]) -> Iterator[str]:
    """Every PDF and every key has its certificate."""
    known = {row.fingerprint for row in rows}
    sealed = db.session.scalars(
        select(Document.seal_fingerprint).where(Document.seal_fingerprint.is_not(None)).distinct()
    )
    keys = db.session.scalars(select(SealKey.fingerprint))
    for fingerprint in sorted({str(one) for one in (*sealed, *keys)} - known):
        yield f"the certificate {fingerprint[:12]}, with which PDFs are sealed, is missing"


def _made_stamps() -> list[Row[Any]]:
    return list(
        db.session.execute(
            select(
                DocumentStamp.id,
                DocumentStamp.tenant_id,
                DocumentStamp.document_id,
                DocumentStamp.storage_key,
                DocumentStamp.sha256,
                DocumentStamp.byte_size,
                DocumentStamp.stamped_at,
                DocumentStamp.authority,
                Document.sha256.label("of"),
            )
            .outerjoin(Document, Document.id == DocumentStamp.document_id)
            .where(DocumentStamp.state == WorkState.DONE)
        )
    )


def _stamped(document_id: UUID) -> list[Any]:
    """What the audit says about the time stamp of a PDF."""
    entries = list_entries(Document.audit_type, document_id)
    return [one.facts["facts"] for one in entries if one.action == "document.stamped"]


def _lost_stamps(made: set[UUID]) -> Iterator[str]:
    stamped = db.session.scalars(
        select(AuditEntry.object_id).where(AuditEntry.action == "document.stamped").distinct()
    )
    for document_id in sorted({one for one in stamped if one} - made):
        yield f"the time stamp of the PDF {str(document_id)[:8]} is missing"


def _stamp(row: Row[Any], entries: list[Any], *, with_bytes: bool) -> Iterator[str]:
    at = row.stamped_at.astimezone(UTC).isoformat() if row.stamped_at else None
    told = {"sha256": row.sha256, "stamped_at": at, "authority": row.authority}
    if entries != [told] or row.of is None:
        yield f"the time stamp of the PDF {str(row.document_id)[:8]} is not the recorded one"
    elif with_bytes and (reason := _token(row)):
        yield f"the time stamp of the PDF {str(row.document_id)[:8]} {reason}"


def _token(row: Row[Any]) -> str:
    """What is wrong with the token; an empty text if nothing is."""
    # Every process loads the commands, and pyHanko takes 20 MB.
    from app.sealing.stamping import StampRefused, check_stamp

    if row.storage_key != f"t/{row.tenant_id}/stamp/{row.sha256}.tsr":
        return "names another file"
    try:
        with storage().open(row.storage_key) as file:
            token = file.read()
        stamp = check_stamp(token, bytes.fromhex(row.of))
    except MissingObject:
        return "is missing"
    except (CorruptObject, StampRefused, ValueError):
        return "is not genuine"
    is_same = (stamp.at, stamp.authority, len(token)) == (
        row.stamped_at,
        row.authority,
        row.byte_size,
    )
    return "" if is_same else "says something else than its row"
