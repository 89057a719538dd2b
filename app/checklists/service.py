"""Changes to checklists: a workbook or a sample becomes a draft, a draft a published version.

lifecycle.py restores versions, and retires and duplicates checklists.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import PurePath
from time import monotonic
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from app.checklists.queries import (
    find_latest_of_code,
    find_newest_version,
    get_checklist,
    get_version,
)
from app.definition.importing import read_any_in_sandbox
from app.definition.samples import SAMPLES
from app.definition.schema import Definition
from app.definition.unfinished import Unfinished, finish
from app.definition.workbook import Problem, WorkbookReading
from app.definition.xlsform.leftout import as_notices
from app.definition.xlsform.reading import FormReading
from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.layouts import Layout
from app.models import Actor, Checklist, ChecklistStatus, Version
from app.reports.reviewing.rules import Steps, plain_rule, require_rule
from app.rows import apply_changes
from app.tenancy import require_tenant
from app.transactions import pause

# An upload is answered within five seconds, also if its workbook is read and then mapped.
SECONDS = 4.7


class WorkbookRefused(DomainError):
    """The workbook cannot be used yet. Nothing was saved."""

    status = 422

    def __init__(
        self,
        problems: Sequence[Problem],
        notices: Sequence[Problem] = (),
        *,
        is_busy: bool = False,
    ) -> None:
        super().__init__()
        self.is_busy = is_busy
        self.problems = tuple(problems)
        self.notices = tuple(notices)


class DraftUnfinished(DomainError):
    """The draft cannot be published yet: %(count)s points are open. Each is listed with a link to
    its place."""

    one = (
        "The draft cannot be published yet: %(count)s point is open. It is listed with a link to "
        "its place."
    )
    status = 409


class WorkbookUnknown(WorkbookRefused):
    """The workbook has none of the known forms. Its columns must be mapped to questions first."""

    # `seconds` are left for mapping it within the time of one request.
    def __init__(self, reading: WorkbookReading, *, seconds: float) -> None:
        super().__init__(reading.problems, reading.notices)
        self.seconds = seconds


class FormUnconfirmed(Exception):
    """The workbook is an XLSForm: a person must see what is left out before it becomes a draft."""


class VersionPublished(DomainError):
    """Version %(number)s is published and cannot be changed. Upload a workbook to create the next
    version."""

    status = 409


def draft_from_workbook(
    *, data: bytes, filename: str, actor: Actor, languages: Sequence[str] | None = None
) -> Version:
    """Save the workbook as the checklist's only draft, replacing an earlier draft.

    A known code creates the next version of that checklist, whose fields keep their ids; an unknown
    code creates a checklist. An XLSForm needs the `languages` that a person has confirmed. Raises
    WorkbookRefused with all problems at once, WorkbookUnknown if it can only be mapped,
    FormUnconfirmed, and Busy.
    """
    began = monotonic()
    reading = _read(data, PurePath(filename).stem, languages)
    if reading.is_unknown:
        raise WorkbookUnknown(reading, seconds=SECONDS - (monotonic() - began))
    if reading.definition is None:
        raise WorkbookRefused(reading.problems, reading.notices, is_busy=reading.is_busy)
    form = reading.form if isinstance(reading, FormReading) else None
    if form and languages is None:
        raise FormUnconfirmed
    left_out = as_notices(form.left_out) if form else []
    return draft_from_definition(
        definition=reading.definition,
        notices=[notice.plain() for notice in (*left_out, *reading.notices)],
        filename=filename,
        actor=actor,
    )


def draft_from_definition(
    *, definition: Definition, notices: Sequence[dict[str, object]], filename: str, actor: Actor
) -> Version:
    """Save a definition that was made of a file as the only draft of the checklist of its code."""
    checklist = lock_checklist(definition)
    draft = put_draft(checklist, definition, notices)
    record("checklist.drafted", checklist, actor, **named(checklist, draft), file=filename)
    return draft


def copy_sample(*, key: str, actor: Actor) -> Version:
    """Copy a sample into a draft of the company's own checklist.

    Returns the newest version if it was copied before. Raises NotFound for an unknown key.
    """
    definition = SAMPLES.get(key)
    if definition is None:
        raise NotFound
    checklist = lock_checklist(definition)
    newest = find_newest_version(checklist.id)
    if newest is not None:
        return newest
    draft = put_draft(checklist, definition)
    record("checklist.copied", checklist, actor, **named(checklist, draft), sample=key)
    return draft


class ChecklistRetired(DomainError):
    """The checklist %(code)s is retired, so nothing is published for it. Bring it back first."""

    status = 409


def publish_version(*, version_id: UUID, actor: Actor, note: str = "") -> Version:
    """Publish the draft: new reports use it from now on. A published version stays unchanged.

    `note` says what the version is for; it is as final as the version. Raises NotFound,
    ChecklistRetired, DraftUnfinished.
    """
    version = lock_version(version_id)
    if not version.is_draft:
        return version
    header, checklist = version.definition.header, version.checklist
    if checklist.status is ChecklistStatus.RETIRED:
        raise ChecklistRetired(code=checklist.code)
    try:
        definition = finish(version.body)
    except Unfinished as unfinished:
        raise DraftUnfinished(count=len(unfinished.points)) from None
    version.rewrite(definition.model_dump(mode="json", exclude_defaults=True))
    version.published_at = datetime.now(UTC)
    version.note = note
    version.published_by = actor.account_id
    checklist.name = _name(version.definition)
    checklist.category = header.category or ""
    checklist.status = ChecklistStatus.PUBLISHED
    told = {"note": note} if note else {}
    record("checklist.published", checklist, actor, **named(checklist, version), **told)
    return version


def discard_draft(*, version_id: UUID, actor: Actor) -> Checklist:
    """Delete the draft; published versions and reports stay. Raises NotFound, VersionPublished."""
    version = lock_version(version_id)
    if not version.is_draft:
        raise VersionPublished(number=version.number)
    checklist = version.checklist
    record("checklist.draft_discarded", checklist, actor, **named(checklist, version))
    db.session.delete(version)
    db.session.flush()
    return checklist


def choose_layout(*, checklist_id: UUID, layout: Layout | None, actor: Actor) -> Checklist:
    """Give the checklist's PDFs a layout, with None the company's. Raises NotFound.

    Completed reports keep the layout that they were frozen with.
    """
    checklist = get_checklist(checklist_id)
    changes = apply_changes(checklist, {"layout": layout}, plain=_layout_words)
    if changes:
        record("checklist.layout_changed", checklist, actor, code=checklist.code, changes=changes)
    return checklist


def choose_review(*, checklist_id: UUID, steps: Steps, actor: Actor) -> Checklist:
    """Say who reviews the checklist's reports; an empty rule is nobody.

    A report keeps the rule of its submit. Raises NotFound, NotAReviewer, SameReviewerTwice.
    """
    checklist = get_checklist(checklist_id)
    require_rule(steps)
    changes = apply_changes(checklist, {"review_steps": list(steps)}, plain=plain_rule)
    if changes:
        record("checklist.review_changed", checklist, actor, code=checklist.code, changes=changes)
    return checklist


def put_draft(
    checklist: Checklist, definition: Definition, notices: Sequence[dict[str, object]] = ()
) -> Version:
    """Create the checklist's only draft, replacing an earlier one."""
    body = definition.model_dump(mode="json", exclude_defaults=True)
    return put_body(checklist, body, notices)


def put_body(
    checklist: Checklist, body: dict[str, Any], notices: Sequence[dict[str, object]] = ()
) -> Version:
    """As `put_draft`, also of a body that need not validate (app/definition/unfinished.py)."""
    _delete_draft(checklist.id)
    draft = Version(
        checklist_id=checklist.id,
        number=_next_number(checklist.id),
        body=body,
        notices=list(notices),
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def _read(data: bytes, filename_stem: str, languages: Sequence[str] | None) -> WorkbookReading:
    """Read the workbook, twice if its code is known, so that fields keep their ids.

    No transaction is open during the reading, which takes seconds.
    """
    pause()
    reading = read_any_in_sandbox(data, filename_stem=filename_stem, languages=languages)
    is_asked = isinstance(reading, FormReading) and languages is None
    has_code = reading.definition and reading.code and not is_asked
    known = find_latest_of_code(reading.code) if has_code and reading.code else None
    if known is None:
        return reading
    earlier = known.definition
    pause()
    return read_any_in_sandbox(
        data, filename_stem=filename_stem, known=earlier, languages=languages
    )


def lock_checklist(definition: Definition) -> Checklist:
    """The checklist with the definition's code, created if new, locked against a second upload."""
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


def lock_version(version_id: UUID) -> Version:
    """The version, read after its checklist is locked, so that two requests run one by one."""
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


def _layout_words(layout: Layout | None) -> str:
    return layout.value if layout else "company"


def named(checklist: Checklist, version: Version) -> dict[str, str]:
    """How the audit names a version of a checklist."""
    return {"code": checklist.code, "version": str(version.number)}
