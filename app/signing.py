"""Links that name one row and are signed, for people who are not logged in: invitation, reset.

The row says whether the link still opens anything; the signature says that we made it. So no
token stands in the database, and a mail can be written again at any time.
"""

from __future__ import annotations

import hashlib
from uuid import UUID

from flask import current_app
from itsdangerous import BadData, URLSafeSerializer


def sign_row(purpose: str, row_id: UUID, generation: int = 1) -> str:
    """The token of a link. `purpose` keeps one kind of link from opening another's door."""
    return str(_signer(purpose).dumps([row_id.hex, generation]))


def read_row(purpose: str, token: str) -> tuple[UUID, int] | None:
    """Row id and generation, or None for anything that we did not sign for this purpose."""
    try:
        row_id, generation = _signer(purpose).loads(token)
        return UUID(row_id), int(generation)
    except (BadData, ValueError, TypeError, AttributeError):
        return None


def _signer(purpose: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        current_app.secret_key or "",
        salt=f"laudo.row.{purpose}",
        signer_kwargs={"digest_method": hashlib.sha256},
    )
