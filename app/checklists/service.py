"""Changing checklists: a workbook or a sample becomes a draft, a draft a published version."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.checklists.queries import find_latest_of_code, find_newest_version, get_version
from app.definition.samples import SAMPLES
from app.definition.schema import Definition
from app.definition.workbook import Problem, WorkbookReading, read_workbook_apart
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.models import Actor, Checklist, ChecklistStatus, Version
from app.tenancy import require_tenant
from app.transactions import pause


class WorkbookRefused(DomainError):
    """The workbook cannot be used yet. Nothing was stored."""

    status = 422

    def __init__(self, problems: Sequence[Problem], notices: Sequence[Problem] = ()) -> None:
        super().__init__()
        self.problems = tuple(problems)
        self.notices = tuple(notices)


class VersionPublished(DomainError):
    """Version %(number)s is published and stays. Upload a workbook to make the next one."""

    status = 409


def draft_from_workbook(*, data: bytes, filename: str, actor: Actor) -> Version:
    """The workbook as the checklist's one draft; an earlier draft is replaced.

    A known code makes the next version of that checklist, matched to the last one by field id;
    an unknown one a new checklist. Raises WorkbookRefused with every problem at once, and Busy.
    """
    reading = _read(data, PurePath(filename).stem)
    if reading.definition is None:
        raise WorkbookRefused(reading.problems, reading.notices)
    checklist = _lock_checklist(reading.definition)
    notices = [notice.plain() for notice in reading.notices]
    draft = _draft(checklist, reading.definition, notices)
    _record("drafted", checklist, draft, actor, file=filename)
    return draft


def copy_sample(*, key: str, actor: Actor) -> Version:
    """A sample as the company's own checklist, in draft. Copied already, its newest version.

    Raises NotFound for a key that there is not.
    """
    definition = SAMPLES.get(key)
    if definition is None:
        raise NotFound
    checklist = _lock_checklist(definition)
    newest = find_newest_version(checklist.id)
    if newest is not None:
        return newest
    draft = _draft(checklist, definition)
    _record("copied", checklist, draft, actor, sample=key)
    return draft


def publish_version(*, version_id: UUID, actor: Actor) -> Version:
    """Publish the draft: reports start from it from now on. A published one stays as it is.

    Raises NotFound.
    """
    version = _locked_version(version_id)
    if not version.is_draft:
        return version
    header, checklist = version.definition.header, version.checklist
    version.published_at = datetime.now(UTC)
    version.published_by = actor.account_id
    checklist.name = _name(version.definition)
    checklist.category = header.category or ""
    checklist.status = ChecklistStatus.PUBLISHED
    _record("published", checklist, version, actor)
    return version


def discard_draft(*, version_id: UUID, actor: Actor) -> Checklist:
    """Delete the draft; published versions and reports stay. Raises NotFound, VersionPublished."""
    version = _locked_version(version_id)
    if not version.is_draft:
        raise VersionPublished(number=version.number)
    checklist = version.checklist
    _record("draft_discarded", checklist, version, actor)
    db.session.delete(version)
    db.session.flush()
    return checklist


def _draft(
    checklist: Checklist, definition: Definition, notices: Sequence[dict[str, object]] = ()
) -> Version:
    """The checklist's one draft; an earlier one is replaced."""
    _delete_draft(checklist.id)
    draft = Version(
        checklist_id=checklist.id,
        number=_next_number(checklist.id),
        body=definition.model_dump(mode="json", exclude_defaults=True),
        notices=list(notices),
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def _read(data: bytes, filename_stem: str) -> WorkbookReading:
    """Read twice where the code is known, so that the ids of the version before go on.

    No transaction is open while it is read: that takes seconds.
    """
    pause()
    reading = read_workbook_apart(data, filename_stem=filename_stem)
    known = find_latest_of_code(reading.code) if reading.definition and reading.code else None
    if known is None:
        return reading
    earlier = known.definition
    pause()
    return read_workbook_apart(data, filename_stem=filename_stem, known=earlier)


def _lock_checklist(definition: Definition) -> Checklist:
    """The checklist of the definition's code, made when new, locked against a second upload."""
    db.session.execute(
        insert(Checklist)
        .values(
            tenant_id=require_tenant(),
            code=definition.header.code,
            name=_name(definition),
            category=definition.header.category or "",
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "code"])
    )
    statement = select(Checklist).where(Checklist.code == definition.header.code)
    return db.session.scalars(statement.with_for_update(key_share=True)).one()


def _locked_version(version_id: UUID) -> Version:
    """The version, read after its checklist is locked, so that two clicks act one by one."""
    db.session.execute(
        select(Checklist.id)
        .join(Version, Version.checklist_id == Checklist.id)
        .where(Version.id == version_id)
        .with_for_update(of=Checklist, key_share=True)
    )
    return get_version(version_id)


def _delete_draft(checklist_id: UUID) -> None:
    draft = db.session.scalars(
        select(Version).where(Version.checklist_id == checklist_id, Version.published_at.is_(None))
    ).one_or_none()
    if draft is not None:
        db.session.delete(draft)
        db.session.flush()


def _next_number(checklist_id: UUID) -> int:
    statement = select(func.max(Version.number)).where(Version.checklist_id == checklist_id)
    return (db.session.scalar(statement) or 0) + 1


def _name(definition: Definition) -> str:
    return definition.header.title.first(definition.languages)[:500]


def _record(
    verb: str, checklist: Checklist, version: Version, actor: Actor, **facts: object
) -> None:
    record(
        action=f"checklist.{verb}",
        actor=actor,
        object_type="checklist",
        object_id=checklist.id,
        code=checklist.code,
        version=str(version.number),
        **facts,
    )
