"""Changes to what a checklist has become: old versions are restored, checklists retired, brought
back and duplicated.

service.py makes drafts and publishes them. All of these lock the checklist first, so that two
managers act one after the other.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any
from uuid import UUID

from sqlalchemy import select

from app.checklists.queries import find_newest_version, get_version
from app.checklists.service import lock_checklist, lock_version, named, put_body
from app.definition.schema import Text
from app.definition.unfinished import present
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.locks import lock_row
from app.models import Actor, Checklist, ChecklistStatus, Version


class DraftInTheWay(DomainError):
    """Version %(number)s is a draft. Publish or discard it first; a checklist has one draft at a
    time."""

    status = 409


class NeverPublished(DomainError):
    """The checklist %(code)s has no published version, so there is nothing to retire. Discard its
    draft instead."""

    status = 409


class CodeTaken(DomainError):
    """Another checklist already has the code %(code)s. Choose another one."""

    status = 422


def restore_version(*, version_id: UUID, actor: Actor) -> Version:
    """Copy a published version into a new draft, with the same ids. The versions stay as they are.

    Returns the draft if it is this same copy. Raises NotFound, DraftInTheWay.
    """
    old = lock_version(version_id)
    if old.is_draft:
        return old
    checklist = old.checklist
    draft = db.session.scalars(
        select(Version).where(Version.checklist_id == checklist.id, Version.published_at.is_(None))
    ).one_or_none()
    if draft is not None and draft.body == old.body:
        return draft
    if draft is not None:
        raise DraftInTheWay(number=draft.number)
    restored = put_body(checklist, deepcopy(old.body))
    facts = {**named(checklist, restored), "old_version": str(old.number)}
    record("checklist.restored", checklist, actor, **facts)
    return restored


def retire_checklist(*, checklist_id: UUID, actor: Actor) -> Checklist:
    """Offer no new reports from now on. Open reports and corrections go on. Idempotent.

    Raises NotFound, NeverPublished.
    """
    checklist = lock_row(Checklist, checklist_id)
    if checklist.status is ChecklistStatus.DRAFT:
        raise NeverPublished(code=checklist.code)
    if checklist.status is ChecklistStatus.PUBLISHED:
        checklist.status = ChecklistStatus.RETIRED
        record("checklist.retired", checklist, actor, code=checklist.code)
    return checklist


def bring_back(*, checklist_id: UUID, actor: Actor) -> Checklist:
    """Offer new reports of a retired checklist again. Idempotent. Raises NotFound."""
    checklist = lock_row(Checklist, checklist_id)
    if checklist.status is ChecklistStatus.RETIRED:
        checklist.status = ChecklistStatus.PUBLISHED
        record("checklist.brought_back", checklist, actor, code=checklist.code)
    return checklist


def duplicate_checklist(*, version_id: UUID, code: str, title: Text, actor: Actor) -> Version:
    """Copy a version into the first draft of a new checklist: another code, the same ids.

    Layout and reviewers are copied too. Raises NotFound, CodeTaken.
    """
    version = get_version(version_id)
    source, body = version.checklist, _renamed(version.body, code, title)
    copy = lock_checklist(present(body))
    # A code whose only draft was discarded is free again.
    if find_newest_version(copy.id) is not None:
        raise CodeTaken(code=code)
    copy.layout, copy.review_steps = source.layout, source.review_steps
    draft = put_body(copy, body)
    facts = {**named(copy, draft), "source": source.code, "old_version": str(version.number)}
    record("checklist.duplicated", copy, actor, **facts)
    return draft


def _renamed(body: dict[str, Any], code: str, title: Text) -> dict[str, Any]:
    own = {"code": code, "title": title.model_dump(mode="json", exclude_defaults=True)}
    return {**deepcopy(body), "header": {**body["header"], **own}}
