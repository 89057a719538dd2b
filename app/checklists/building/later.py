"""What other forms changed in a draft since one form was drawn, and what that forbids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import array

from app.checklists.building import operations as ops
from app.checklists.building.operations import Change
from app.definition.unfinished import Part
from app.errors import DomainError
from app.extensions import db
from app.models import Account, Actor, DraftEdit

MISSING = object()


class ChangedByAnother(DomainError):
    """%(name)s changed this since your page was loaded. Look at it again, then repeat the step."""

    status = 409


@dataclass(frozen=True, slots=True)
class LaterEdit:
    """An edit by another form since the sender's was drawn; `is_own` if the same person made it."""

    changes: Sequence[Change]
    by: str
    is_own: bool = False


def list_later_edits(
    version_id: UUID, actor: Actor, *, base: int, editor: str, about: list[str] | None
) -> list[LaterEdit]:
    """What other forms changed since the sender's was drawn, oldest first."""
    statement = (
        select(DraftEdit.changes, Account.name, DraftEdit.account_id == actor.account_id)
        .join(Account, Account.id == DraftEdit.account_id)
        .where(
            DraftEdit.version_id == version_id,
            DraftEdit.number > base,
            DraftEdit.editor != editor,
        )
        .order_by(DraftEdit.number)
    )
    if about is not None:
        statement = statement.where(DraftEdit.targets.has_any(array(about)))  # type: ignore[attr-defined]
    return [LaterEdit(*row) for row in db.session.execute(statement)]


def list_edits_of_others(edit: DraftEdit, actor: Actor) -> list[LaterEdit]:
    """What others changed in the same parts since an edit."""
    statement = (
        select(DraftEdit.changes, Account.name)
        .join(Account, Account.id == DraftEdit.account_id)
        .where(
            DraftEdit.version_id == edit.version_id,
            DraftEdit.number > edit.number,
            DraftEdit.account_id != actor.account_id,
            DraftEdit.targets.has_any(array(edit.targets)),  # type: ignore[attr-defined]
        )
        .order_by(DraftEdit.number)
    )
    return [LaterEdit(*row) for row in db.session.execute(statement)]


def refuse_changed(later: Sequence[LaterEdit], about: set[str]) -> None:
    """Structure: one's own edits on another form are known to the person."""
    for edit in later:
        if not edit.is_own and about & set(ops.targets(edit.changes)):
            raise ChangedByAnother(name=edit.by)


def first_seen(later: Sequence[LaterEdit], part: Part, node_id: str, name: str) -> tuple[Any, str]:
    """The value of a setting when the form was drawn, and who changed it since; else MISSING."""
    for edit in later:
        for change in edit.changes:
            if (change["do"], change["part"], change["id"]) != ("set", part, node_id):
                continue
            if change["name"] == name:
                return change["old"], edit.by
            if name.startswith(f"{change['name']}."):
                return (change["old"] or {}).get(name.partition(".")[2]), edit.by
    return MISSING, ""
