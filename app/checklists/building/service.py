"""Changes to a draft, one edit at a time: each is applied to the body, numbered, and audited.

An edit names the row version that its form was drawn with (`base`). What somebody else changed
since then is kept: edits of different settings merge, an edit of the same one is refused with both
values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update

from app.checklists.building import operations as ops
from app.checklists.building.later import (
    MISSING,
    ChangedByAnother,
    LaterEdit,
    first_seen,
    list_edits_of_others,
    list_later_edits,
    refuse_changed,
)
from app.checklists.building.operations import Change, Gone, Place
from app.checklists.building.settings import changes_of_type
from app.checklists.building.starting import CodeInUse
from app.checklists.queries import get_version
from app.definition.schema import FieldType
from app.definition.unfinished import Part
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Checklist, ChecklistStatus, DraftEdit, EditState, Version


class VersionIsPublished(DomainError):
    """Version %(number)s is published and cannot be changed. Choose "Edit as a draft" on its page
    to change a copy of it."""

    status = 409


class PartGone(DomainError):
    """This part was removed from the draft in the meantime. "Undo" of the person who removed it
    brings it back."""

    status = 409


class CodeIsFinal(DomainError):
    """The code %(code)s stays: reports are numbered with it. Duplicate the checklist to use another
    code."""

    status = 422


class NothingToUndo(DomainError):
    """There is no change of yours to undo."""

    status = 409


class NothingToRedo(DomainError):
    """There is no change of yours to redo."""

    status = 409


@dataclass(frozen=True, slots=True)
class Sender:
    """Which form sends an edit: its token, and the row version that it was drawn with."""

    editor: str
    base: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """A setting that somebody else changed too. `by` is their name; nothing was overwritten."""

    name: str
    mine: Any
    theirs: Any
    by: str


@dataclass(frozen=True, slots=True)
class Edited:
    """The draft after an edit; `changes` may be empty, and `conflicts` were not applied."""

    version: Version
    changes: Sequence[Change]
    conflicts: Sequence[Conflict] = ()


Plan = Callable[[ops.Body, Sequence[LaterEdit]], tuple[list[Change], list[Conflict]]]


def change_settings(
    *,
    version_id: UUID,
    part: Part,
    node_id: str,
    values: Mapping[str, Any],
    sender: Sender,
    actor: Actor,
) -> Edited:
    """Set what differs from the draft. Raises NotFound, VersionIsPublished, PartGone."""

    def plan(body: ops.Body, later: Sequence[LaterEdit]) -> tuple[list[Change], list[Conflict]]:
        changes, conflicts = [], []
        for name, new in values.items():
            now = ops.value_of(body, part, node_id, name)
            seen, by = first_seen(later, part, node_id, name)
            if new in (now, seen):
                continue  # the same, or not touched on this form: what somebody else set stays
            if seen is MISSING:
                changes.append(ops.setting(part, node_id, name, now, new))
            else:
                conflicts.append(Conflict(name, mine=new, theirs=now, by=by))
        return changes, conflicts

    return _edit(version_id, sender, actor, [ops.target(part, node_id)], plan)


def change_type(
    *, version_id: UUID, node_id: str, kind: FieldType, sender: Sender, actor: Actor
) -> Edited:
    """Give a field another type; settings that do not fit it are taken back.

    Raises NotFound, VersionIsPublished, PartGone, ChangedByAnother.
    """

    def plan(body: ops.Body, later: Sequence[LaterEdit]) -> tuple[list[Change], list[Conflict]]:
        node = ops.find(body, Part.FIELD, node_id)
        if node["type"] == kind:
            return [], []
        refuse_changed(later, {ops.target(Part.FIELD, node_id)})
        return changes_of_type(node, kind), []

    return _edit(version_id, sender, actor, [ops.target(Part.FIELD, node_id)], plan)


def insert_node(
    *,
    version_id: UUID,
    part: Part,
    make: Callable[[ops.Body], tuple[dict[str, Any], Place]],
    sender: Sender,
    actor: Actor,
) -> Edited:
    """Insert what `make` makes of the body. Raises NotFound, VersionIsPublished, PartGone."""

    def plan(body: ops.Body, _later: Sequence[LaterEdit]) -> tuple[list[Change], list[Conflict]]:
        node, place = make(body)
        return [ops.inserting(part, node, place)], []

    return _edit(version_id, sender, actor, [], plan)


def remove_node(
    *, version_id: UUID, part: Part, node_id: str, sender: Sender, actor: Actor
) -> Edited:
    """Remove a part with all inside. One that is gone already is no error.

    Raises NotFound, VersionIsPublished, ChangedByAnother.
    """

    def plan(body: ops.Body, later: Sequence[LaterEdit]) -> tuple[list[Change], list[Conflict]]:
        try:
            change = ops.removing(body, part, node_id)
        except Gone:
            return [], []
        refuse_changed(later, set(ops.targets([change])))
        return [change], []

    return _edit(version_id, sender, actor, None, plan)


def move_node(
    *, version_id: UUID, part: Part, node_id: str, place: Place, sender: Sender, actor: Actor
) -> Edited:
    """Raises NotFound, VersionIsPublished, PartGone, ChangedByAnother (moved by another too)."""

    def plan(body: ops.Body, later: Sequence[LaterEdit]) -> tuple[list[Change], list[Conflict]]:
        change = ops.moving(body, part, node_id, place)
        if change["old"] == change["new"] or place.after == node_id:
            return [], []
        moves = [
            LaterEdit([one for one in edit.changes if one["do"] == "move"], edit.by, edit.is_own)
            for edit in later
        ]
        refuse_changed(moves, {ops.target(part, node_id)})
        return [change], []

    return _edit(version_id, sender, actor, [ops.target(part, node_id)], plan)


def undo(*, version_id: UUID, sender: Sender, actor: Actor) -> Edited:
    """Take back the person's newest edit that still stands.

    Raises NotFound, VersionIsPublished, NothingToUndo, ChangedByAnother.
    """
    return _step(version_id, sender, actor, EditState.DONE, NothingToUndo)


def redo(*, version_id: UUID, sender: Sender, actor: Actor) -> Edited:
    """Repeat the edit that the person took back last.

    Raises NotFound, VersionIsPublished, NothingToRedo, ChangedByAnother.
    """
    return _step(version_id, sender, actor, EditState.UNDONE, NothingToRedo)


def lock_draft(version_id: UUID) -> Version:
    """The draft, read after its checklist is locked. Raises NotFound, VersionIsPublished."""
    db.session.execute(
        select(Checklist.id)
        .join(Version, Version.checklist_id == Checklist.id)
        .where(Version.id == version_id)
        .with_for_update(of=Checklist, key_share=True)
    )
    return require_draft(get_version(version_id))


def require_draft(version: Version) -> Version:
    """Raises VersionIsPublished."""
    if not version.is_draft:
        raise VersionIsPublished(number=version.number)
    return version


def _edit(
    version_id: UUID, sender: Sender, actor: Actor, about: list[str] | None, plan: Plan
) -> Edited:
    """`about` are the parts whose later edits the plan needs; None for all."""
    version = lock_draft(version_id)
    later = (
        []
        if about == []
        else list_later_edits(
            version_id, actor, base=sender.base, editor=sender.editor, about=about
        )
    )
    try:
        changes, conflicts = plan(version.body, later)
        if changes:
            _forget_undone(version_id, actor)
            _write(version, changes, sender, actor, EditState.DONE)
    except Gone:
        raise PartGone from None
    return Edited(version, changes, conflicts)


def _step(
    version_id: UUID, sender: Sender, actor: Actor, state: EditState, none: type[DomainError]
) -> Edited:
    version = lock_draft(version_id)
    # What was undone last is the first of those that are undone.
    newest_first = state is EditState.DONE
    order = DraftEdit.number.desc() if newest_first else DraftEdit.number
    edit = db.session.scalars(
        select(DraftEdit)
        .where(
            DraftEdit.version_id == version_id,
            DraftEdit.account_id == actor.account_id,
            DraftEdit.state == state,
        )
        .order_by(order)
        .limit(1)
    ).one_or_none()
    if edit is None:
        raise none
    changes = ops.inverse(edit.changes) if newest_first else list(edit.changes)
    try:
        _require_unchanged(version.body, changes, list_edits_of_others(edit, actor))
        _write(version, changes, sender, actor, EditState.FIXED)
    except Gone:
        raise PartGone from None
    edit.state = EditState.UNDONE if newest_first else EditState.DONE
    return Edited(version, changes)


def _write(
    version: Version, changes: list[Change], sender: Sender, actor: Actor, state: EditState
) -> None:
    version.rewrite(ops.apply(version.body, changes))
    _follow_header(version)
    db.session.add(
        DraftEdit(
            version_id=version.id,
            number=row_version(version.id) + 1,
            account_id=actor.account_id,
            editor=sender.editor[:40],
            state=state,
            changes=changes,
            targets=ops.targets(changes),
        )
    )
    record(
        "checklist.edited",
        version.checklist,
        actor,
        code=version.checklist.code,
        version=str(version.number),
        parts=", ".join(sorted({change["id"] or change["part"] for change in changes}))[:200],
    )
    db.session.flush()


def _follow_header(version: Version) -> None:
    """A checklist that was never published is called what its draft says. Raises CodeIsFinal,
    CodeInUse."""
    header, checklist = version.body["header"], version.checklist
    if checklist.status is ChecklistStatus.DRAFT:
        checklist.name = version.definition.header.title.first(version.definition.languages)[:500]
    if header["code"] == checklist.code:
        return
    if checklist.status is not ChecklistStatus.DRAFT:
        raise CodeIsFinal(code=checklist.code)
    statement = select(Checklist.id).where(Checklist.code == header["code"])
    if db.session.scalar(statement) is not None:
        raise CodeInUse(code=header["code"])
    checklist.code = header["code"]


def row_version(version_id: UUID) -> int:
    """The number of the draft's newest edit, 0 before the first."""
    newest = select(func.max(DraftEdit.number)).where(DraftEdit.version_id == version_id)
    return db.session.scalar(newest) or 0


def _require_unchanged(
    body: ops.Body, changes: Sequence[Change], others: Sequence[LaterEdit]
) -> None:
    """Undo and redo never overwrite what somebody else did since. Raises ChangedByAnother."""
    for change in changes:
        part, node_id = Part(change["part"]), change["id"]
        name = others[-1].by if others else ""
        if change["do"] == "set":
            is_same = ops.value_of(body, part, node_id, change["name"]) == change["old"]
        elif change["do"] == "remove":
            is_same = not others
        else:
            is_same = True
        if not is_same and others:
            raise ChangedByAnother(name=name)


def _forget_undone(version_id: UUID, actor: Actor) -> None:
    db.session.execute(
        update(DraftEdit)
        .where(
            DraftEdit.version_id == version_id,
            DraftEdit.account_id == actor.account_id,
            DraftEdit.state == EditState.UNDONE,
        )
        .values(state=EditState.DROPPED)
    )
