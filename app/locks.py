"""Row locks and advisory locks, held until the end of the transaction.

A transaction takes its locks in the order of docs/adr/0020, because any other order can deadlock:
rows first, then at most one of the turns below, in the order listed, and the audit chain last. All
advisory locks get their numbers here, so that no two share one; 7205001 to 7205003 belong to
migrations, and 7205014 to `flask up` (app/database_roles.py).
"""

from __future__ import annotations

from enum import IntEnum
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select, text

from app.extensions import db
from app.models.base import Identified
from app.rows import one_or_404
from app.tenancy import require_tenant

Row = TypeVar("Row", bound=Identified)


class Turn(IntEnum):
    """Work that requests of one company do one at a time; the value seeds the lock number."""

    LIMIT = 7205006
    INVITATION = 7205007
    APPROVAL = 7205011
    PREVIEW = 7205012
    ANSWER_EXPORT = 7205013
    BUNDLE = 7205014


def take_turn(turn: Turn, key: object = "") -> None:
    """Wait for all transactions of this company that hold the same turn and key.

    The statements that follow see what those transactions wrote.
    """
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, :seed))"),
        {"key": f"{require_tenant()} {key}", "seed": turn.value},
    )


def lock_row(model: type[Row], row_id: UUID) -> Row:
    """Lock the row until the transaction ends and return its current state. Raises NotFound."""
    return one_or_404(
        select(model)
        .where(model.id == row_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
