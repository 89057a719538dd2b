"""Attaches a final PDF's evidence and has the sealer seal it. For workers only.

The caller checks the fence right before: a file that is sealed and then not published is named by
no row, and the storage's sweep deletes it (docs/adr/0038-seals.md).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy import select

from app.documents.attachments import attachments_of
from app.documents.certificates import certificate_of
from app.documents.loading import Source
from app.extensions import db
from app.jobs.runner import ServiceAway
from app.models import SealCertificate, SealKey
from app.pdf.engine import RenderedPdf
from app.sealing.attaching import Attachment, attach
from app.sealing.client import (
    SealIdentity,
    SealRefused,
    ask_installation,
    ask_opened,
    ask_signature,
)
from app.sealing.file import Seal, seal_file
from app.tenancy import require_tenant
from app.transactions import pause


class SealExpired(ServiceAway):
    """The certificate has expired."""


class SealNotYetValid(ServiceAway):
    """The certificate is not valid yet, or the clock is wrong."""


class SealKeyUnreadable(ServiceAway):
    """The sealer cannot open the company's own key."""


class SealKeyUnusable(ServiceAway):
    """The sealer cannot use the installation's key."""


# The work waits until an operator has mended it. Their names are what the row says of it.
WAITING: dict[str, type[ServiceAway]] = {
    "certificate_expired": SealExpired,
    "certificate_not_yet_valid": SealNotYetValid,
    "key_unreadable": SealKeyUnreadable,
    "key_unusable": SealKeyUnusable,
    # The sealer gets nothing of a document but its digest, so its failure is not the document's.
    "failed": SealKeyUnusable,
}


class SealChanged(RuntimeError):
    """The key was replaced after the PDF had printed its certificate; the next attempt prints the
    new one."""


@dataclass(frozen=True, slots=True)
class SealOrder:
    """What the seal of one PDF needs: who seals, what is attached, and the attachments' date."""

    identity: SealIdentity
    attachments: tuple[Attachment, ...]
    at: datetime

    @property
    def fingerprint(self) -> str:
        return self.identity.certificate.fingerprint


def plan_seal(source: Source) -> SealOrder | None:
    """The seal of this PDF; None for a preview. Ends the transaction before it asks the sealer.

    Raises ServiceAway: what cannot be sealed need not be rendered.
    """
    completed_at = source.report.completed_at
    if source.is_preview or completed_at is None:
        return None
    attachments = attachments_of(source)
    return SealOrder(get_identity(), attachments, completed_at)


def get_identity() -> SealIdentity:
    """The company's own key, else the installation's, if it can seal now. Ends the transaction
    before it asks the sealer. Raises ServiceAway."""
    own, path = _find_own(require_tenant()), current_app.config["SEAL_SOCKET"]
    pause()
    with _waiting():
        if own is None:
            own = SealIdentity(require_tenant(), ask_installation(path).current)
        elif own.wrapped:
            ask_opened(path, own.tenant_id, own.wrapped)
    if own.certificate.is_expired:
        raise SealExpired(own.certificate.fingerprint)
    if own.certificate.is_not_yet_valid:
        raise SealNotYetValid(own.certificate.fingerprint)
    return own


def attach_evidence(order: SealOrder, path: Path, made: RenderedPdf) -> RenderedPdf:
    """Attach the evidence to the file in place. The same order and file give the same bytes."""
    attach(path, order.attachments, order.at)
    return _measured(path, made)


def seal(order: SealOrder, path: Path, made: RenderedPdf) -> tuple[RenderedPdf, Seal]:
    """Seal the file in place. Raises ServiceAway, SealChanged."""
    found = seal_file(path, order.identity.certificate, lambda digest: sign(order.identity, digest))
    return _measured(path, made), found


def sign(identity: SealIdentity, digest: bytes) -> bytes:
    """The CMS over a file with this SHA-256, as DER. Raises ServiceAway, SealChanged."""
    with _waiting():
        return ask_signature(current_app.config["SEAL_SOCKET"], identity, digest)


@contextmanager
def _waiting() -> Iterator[None]:
    """Turn refusals that only an operator can mend into waiting."""
    try:
        yield
    except SealRefused as error:
        if error.code == "certificate_replaced":
            raise SealChanged from error
        if error.code in WAITING:
            raise WAITING[error.code](str(error)) from error
        raise


def _find_own(tenant_id: UUID) -> SealIdentity | None:
    """The company's own key, if it has one in use."""
    found = db.session.execute(
        select(SealKey.wrapped, SealCertificate)
        .join(SealCertificate, SealCertificate.fingerprint == SealKey.fingerprint)
        .where(SealKey.retired_at.is_(None))
    ).one_or_none()
    if found is None:
        return None
    wrapped, row = found
    return SealIdentity(tenant_id, certificate_of(row), wrapped)


def _measured(path: Path, made: RenderedPdf) -> RenderedPdf:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return replace(made, sha256=digest, bytes=path.stat().st_size)
