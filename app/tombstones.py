"""What remains of an erased company: a signed statement with counts but none of its data.

The signature is an HMAC-SHA256 with a key derived from SECRET_KEY. It shows that this installation
made the statement and that it is unchanged; anyone with SECRET_KEY could sign another one.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.encryption import derived_key
from app.models import PlatformAuditEntry, Tombstone

FILES_ERASED = "tenant.files_erased"


def sign_body(body: str) -> str:
    """The signature (hex) of a tombstone's canonical JSON."""
    return hmac.new(derived_key(b"laudo tombstones"), body.encode(), hashlib.sha256).hexdigest()


def is_genuine(tombstone: Tombstone) -> bool:
    """Whether the signature fits the body, and the body is about the row's company."""
    is_signed = hmac.compare_digest(sign_body(tombstone.body), tombstone.signature)
    return is_signed and json.loads(tombstone.body)["slug"] == tombstone.slug


def list_tombstones(session: Session) -> list[Tombstone]:
    """All tombstones, oldest first. Needs a platform session."""
    return list(session.scalars(select(Tombstone).order_by(Tombstone.created_at)))


def list_erased(session: Session) -> set[UUID]:
    """The companies with a genuine tombstone, whose remaining files may be deleted. Forged
    tombstones are ignored."""
    return {
        UUID(json.loads(one.body)["tenant"]) for one in list_tombstones(session) if is_genuine(one)
    }


def list_with_files(session: Session) -> list[dict[str, Any]]:
    """The bodies of tombstones whose files are not all erased yet, because the storage was
    unreachable."""
    done = {
        str(one)
        for one in session.scalars(
            select(PlatformAuditEntry.tenant_id).where(PlatformAuditEntry.action == FILES_ERASED)
        )
    }
    bodies = [json.loads(one.body) for one in list_tombstones(session)]
    return [body for body in bodies if body["tenant"] not in done]
