"""A company's own key for the seal of its PDFs. Operators bring and retire it (`flask seal`)."""

from __future__ import annotations

from sqlalchemy import func, select

from app.documents.certificates import keep_certificate
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, SealKey
from app.sealing.certificates import Certificate


class NoOwnKey(DomainError):
    """This company has no key of its own in use."""

    status = 404


def use_own_key(*, wrapped: str, certificate: Certificate, actor: Actor) -> SealKey:
    """Seal the company's PDFs with this key from now on, and retire the one before."""
    keep_certificate(certificate)
    if before := _find_live():
        before.retired_at = func.clock_timestamp()
        db.session.flush()
    key = SealKey(fingerprint=certificate.fingerprint, wrapped=wrapped)
    db.session.add(key)
    record("seal_key.imported", key, actor, certificate=certificate.fingerprint)
    return key


def retire_own_key(*, actor: Actor) -> None:
    """Seal the company's PDFs with the installation's key again. Raises NoOwnKey."""
    key = _find_live()
    if key is None:
        raise NoOwnKey
    key.retired_at = func.clock_timestamp()
    record("seal_key.retired", key, actor, certificate=key.fingerprint)


def _find_live() -> SealKey | None:
    return db.session.scalars(
        select(SealKey).where(SealKey.retired_at.is_(None)).with_for_update(key_share=True)
    ).one_or_none()
