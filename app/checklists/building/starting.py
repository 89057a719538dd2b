"""How a draft begins: from nothing, or as a copy of a published version."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.checklists.queries import find_newest_version, get_version
from app.definition.schema import Language
from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Checklist, Version
from app.tenancy import require_tenant


class CodeInUse(DomainError):
    """The code %(code)s belongs to another checklist of your company. Choose another code."""

    status = 422


def start_checklist(
    *, code: str, title: str, languages: Sequence[Language], actor: Actor
) -> Version:
    """An empty draft of a new checklist; the title is in the first language. Raises CodeInUse."""
    db.session.execute(
        insert(Checklist)
        .values(tenant_id=require_tenant(), code=code, name=title[:500])
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
    )
    statement = select(Checklist).where(Checklist.code == code)
    checklist = db.session.scalars(statement.with_for_update(key_share=True)).one()
    # A checklist whose only draft was discarded may begin again.
    if find_newest_version(checklist.id) is not None:
        raise CodeInUse(code=code)
    checklist.name = title[:500]
    body: dict[str, Any] = {
        "languages": [one.value for one in languages],
        "header": {"code": code, "title": {languages[0].value: title}},
        "sections": [],
    }
    draft = _add(checklist, body)
    record("checklist.started", checklist, actor, code=code, version=str(draft.number))
    return draft


def draft_of(*, version_id: UUID, actor: Actor) -> Version:
    """The draft to edit: the version itself, else the checklist's draft, else a new copy.

    Raises NotFound.
    """
    checklist_id = get_version(version_id).checklist_id
    statement = select(Checklist).where(Checklist.id == checklist_id)
    checklist = db.session.scalars(statement.with_for_update(key_share=True)).one()
    version = get_version(version_id)
    if version.is_draft:
        return version
    newest = find_newest_version(checklist.id)
    if newest is not None and newest.is_draft:
        return newest
    draft = _add(checklist, deepcopy(version.body))
    facts = {"version": str(draft.number), "old_version": str(version.number)}
    record("checklist.draft_begun", checklist, actor, code=checklist.code, **facts)
    return draft


def _add(checklist: Checklist, body: dict[str, Any]) -> Version:
    newest = select(func.max(Version.number)).where(Version.checklist_id == checklist.id)
    draft = Version(
        checklist_id=checklist.id, number=(db.session.scalar(newest) or 0) + 1, body=body
    )
    db.session.add(draft)
    db.session.flush()
    return draft
