"""Reads what the import of unsent work is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from uuid import UUID

from sqlalchemy import select

from app.extensions import db
from app.models import Account, Answer


def find_account(account_id: UUID) -> Account | None:
    """An account of the bound tenant, also if it is deactivated."""
    return db.session.scalars(select(Account).where(Account.id == account_id)).one_or_none()


def read_versions(report_ids: Iterable[UUID]) -> Mapping[tuple[UUID, str], int]:
    """The row versions of the answers of these reports, by report and field."""
    rows = db.session.execute(
        select(Answer.report_id, Answer.field_id, Answer.row_version).where(
            Answer.report_id.in_(set(report_ids))
        )
    )
    return {(row.report_id, row.field_id): row.row_version for row in rows}
