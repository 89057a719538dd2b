"""What stays of an erased company: a signed statement in numbers, with nothing that it kept.

The signature is an HMAC-SHA256 under a key derived from SECRET_KEY. It shows that this
installation said so and that nobody changed it since; whoever has SECRET_KEY could sign another.
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
    """Whether the body is as it was signed, and tells of the company that the row names."""
    is_signed = hmac.compare_digest(sign_body(tombstone.body), tombstone.signature)
    return is_signed and json.loads(tombstone.body)["slug"] == tombstone.slug


def list_tombstones(session: Session) -> list[Tombstone]:
    """On a platform session, oldest first."""
    return list(session.scalars(select(Tombstone).order_by(Tombstone.created_at)))


def list_erased(session: Session) -> set[UUID]:
    """The companies that a genuine tombstone says were erased: what a storage has of them may go.
    One that is not genuine opens nothing."""
    return {UUID(json.loads(one.body)["tenant"]) for one in list_tombstones(session)
            if is_genuine(one)}  # fmt: skip


def list_with_files(session: Session) -> list[dict[str, Any]]:
    """The bodies of those whose company's files were not all erased yet: a storage that was out
    of reach is asked again."""
    done = {
        str(one)
        for one in session.scalars(
            select(PlatformAuditEntry.tenant_id).where(PlatformAuditEntry.action == FILES_ERASED)
        )
    }
    bodies = [json.loads(one.body) for one in list_tombstones(session)]
    return [body for body in bodies if body["tenant"] not in done]
