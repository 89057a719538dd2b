"""Has an authority stamp the time of one sealed PDF. For workers only.

The token is stored beside the file, which does not change.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from tempfile import TemporaryDirectory

from flask import current_app
from sqlalchemy import select, update

from app.evidence.service import About, record
from app.extensions import db
from app.jobs.registry import Claim
from app.jobs.runner import ServiceAway, publish
from app.models import Actor, Document, DocumentStamp
from app.sealing.stamping import AuthorityAway, Stamp, request_stamp
from app.storage import object_key, storage
from app.tenancy import require_tenant

WORKER = Actor(name="Laudo")


def stamp_document(claim: Claim) -> None:
    """Make the claimed stamp. Raises ServiceAway, StampRefused."""
    digest = _digest_of(claim)
    settings = current_app.config
    try:
        stamp = request_stamp(settings["TSA_URL"], digest, settings["TSA_CERTIFICATES"])
    except AuthorityAway as error:
        raise ServiceAway(f"the time stamp authority: {error}") from error
    sha256 = hashlib.sha256(stamp.token).hexdigest()
    key = object_key(require_tenant(), "stamp", sha256, ".tsr")
    with TemporaryDirectory(prefix="laudo-stamp-") as name:
        path = Path(name) / "stamp.tsr"
        path.write_bytes(stamp.token)
        storage().put(key, path)
    _publish(claim, stamp, key, sha256)


def _digest_of(claim: Claim) -> bytes:
    sha256 = db.session.scalar(
        select(Document.sha256)
        .join(DocumentStamp, DocumentStamp.document_id == Document.id)
        .where(DocumentStamp.id == claim.id)
    )
    db.session.rollback()
    return bytes.fromhex(sha256 or "")


def _publish(claim: Claim, stamp: Stamp, key: str, sha256: str) -> None:
    with publish(DocumentStamp, claim):
        document_id = db.session.scalar(
            update(DocumentStamp)
            .where(DocumentStamp.id == claim.id)
            .values(
                storage_key=key,
                sha256=sha256,
                byte_size=len(stamp.token),
                stamped_at=stamp.at,
                authority=stamp.authority,
            )
            .returning(DocumentStamp.document_id)
            .execution_options(synchronize_session=False)
        )
        record(
            "document.stamped",
            About(Document.audit_type, document_id),
            WORKER,
            sha256=sha256,
            stamped_at=stamp.at.isoformat(),
            authority=stamp.authority,
        )
