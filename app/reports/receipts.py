"""The receipts of operations: which client ids have been answered, and how.

A receipt is written in the transaction of the change that it is about, so that both exist or
neither does. app/operations decides about operations; the saving of an answer
(filling/rows.py) writes its receipt in the statement of the answer.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from app.errors import DomainError
from app.extensions import db
from app.models import OperationVerdict, Receipt
from app.tenancy import require_tenant

ANSWER = "answer"


@dataclass(frozen=True, slots=True)
class KnownReceipt:
    """A receipt as plain values, which can be used after the transaction."""

    created_at: datetime
    report_id: UUID
    client_id: UUID
    kind: str
    field_id: str
    block_key: str
    verdict: OperationVerdict
    base_version: int | None
    row_version: int | None
    placement_id: UUID | None
    conflict_id: UUID | None
    digest: str
    sentence: Mapping[str, Any] | None


class ReusedClientId(DomainError):
    """This save has the same id as another save. Reload the page; what you typed is saved."""

    status = 409


_COLUMNS = [getattr(Receipt, name) for name in KnownReceipt.__dataclass_fields__]


def find_receipts(client_ids: Iterable[UUID]) -> dict[UUID, KnownReceipt]:
    """The receipts of these client ids; an id that was never answered is missing."""
    rows = db.session.execute(select(*_COLUMNS).where(Receipt.client_id.in_(set(client_ids))))
    return {row.client_id: KnownReceipt(*row) for row in rows}


def find_receipt(client_id: UUID) -> KnownReceipt | None:
    return find_receipts([client_id]).get(client_id)


def keep_receipt(**values: Any) -> datetime | None:
    """Insert a receipt and return its time; None, and nothing is written, if the id is taken.

    A single statement both looks for the id and takes it, so that two requests cannot both be
    first.
    """
    statement = insert(Receipt).values(tenant_id=require_tenant(), **values)
    return db.session.scalar(statement.on_conflict_do_nothing().returning(Receipt.created_at))
