"""Reads of the builder: the ids that a checklist ever used, and what a person can undo."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import func, select, union

from app.extensions import db
from app.models import DraftEdit, EditState, Version

ANY_ID = "$.**.id"


def list_used_ids(checklist_id: UUID) -> set[str]:
    """Every id in any version of the checklist and in the edits of its draft, options included."""
    bodies = select(func.jsonb_path_query(Version.body, ANY_ID).op("#>>")("{}")).where(
        Version.checklist_id == checklist_id
    )
    edits = (
        select(func.jsonb_path_query(DraftEdit.changes, ANY_ID).op("#>>")("{}"))
        .join(Version, Version.id == DraftEdit.version_id)
        .where(Version.checklist_id == checklist_id)
    )
    return set(db.session.scalars(select(union(bodies, edits).subquery())))


def list_steps(version_id: UUID, account_id: UUID) -> frozenset[EditState]:
    """DONE if the person has something to undo, UNDONE if something to redo."""
    statement = select(DraftEdit.state).distinct()
    states = db.session.scalars(
        statement.where(
            DraftEdit.version_id == version_id,
            DraftEdit.account_id == account_id,
            DraftEdit.state.in_([EditState.DONE, EditState.UNDONE]),
        )
    )
    return frozenset(states)
