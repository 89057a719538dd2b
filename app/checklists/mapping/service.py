"""Changes to client workbooks: keep one with its guess, correct the guess, make drafts of it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert

from app.checklists.mapping.queries import get_workbook, list_shapes, mapping_of
from app.checklists.queries import find_latest_of_code
from app.checklists.service import WorkbookRefused, draft_from_definition
from app.definition.mapping import Correction, Mapping
from app.definition.mapping.guessed import MappedChecklist
from app.definition.mapping.sandbox import (
    NOTHING_FOUND,
    MappingResult,
    corrections_of,
    map_workbook_in_sandbox,
)
from app.definition.sentences import say
from app.definition.workbook import Problem
from app.errors import DomainError
from app.extensions import db
from app.locks import lock_row
from app.models import Actor, ClientWorkbook, Version, VersionWorkbook, WorkbookShape
from app.tenancy import require_tenant
from app.transactions import pause


class NothingToDraft(DomainError):
    """Nothing in this workbook asks a question yet. Say which columns hold the questions and their
    results."""

    status = 422


def keep_workbook(
    *, data: bytes, filename: str, seconds: float | None, actor: Actor
) -> ClientWorkbook:
    """Keep the workbook with a guess at what it asks, corrected as the last one of its shape.

    Raises WorkbookRefused if nothing in it looks like questions, and Busy.
    """
    remembered = list_shapes()
    pause()
    stem = PurePath(filename).stem
    result = map_workbook_in_sandbox(
        data, filename_stem=stem, remembered=remembered, seconds=seconds
    )
    mapping = _usable(result)
    workbook = ClientWorkbook(
        created_by=actor.account_id,
        file_name=filename[:255] or "workbook.xlsx",
        sha256=hashlib.sha256(data).hexdigest(),
        content=data,
        corrections=_plain(result.corrections),
        mapping=mapping.model_dump(mode="json", exclude_defaults=True),
    )
    db.session.add(workbook)
    db.session.flush()
    return workbook


def correct(*, workbook_id: UUID, corrections: Sequence[Correction]) -> ClientWorkbook:
    """Add clicks, each of which replaces an earlier one at the same place, and map again.

    Raises NotFound, WorkbookRefused and Busy.
    """

    def add(kept: list[Correction]) -> list[Correction]:
        for one in corrections:
            kept = [*_without(kept, one), one]
        return kept

    return _map_again(workbook_id, add)


def undo(*, workbook_id: UUID) -> ClientWorkbook:
    """Take the last click back. Raises NotFound, WorkbookRefused and Busy."""
    return _map_again(workbook_id, lambda kept: kept[:-1])


def make_drafts(*, workbook_id: UUID, actor: Actor) -> list[Version]:
    """Make a draft of each checklist in the workbook, and remember the corrections for the next
    workbook of its shape. Raises NotFound, NothingToDraft, WorkbookRefused and Busy."""
    workbook = get_workbook(workbook_id, content=True)
    mapping = mapping_of(workbook)
    if not mapping.checklists:
        raise NothingToDraft
    mapping = _with_known_ids(workbook, mapping)
    drafts = [_draft(workbook, one, mapping, actor) for one in mapping.checklists]
    _remember(mapping.shape, workbook.corrections)
    return drafts


def _map_again(
    workbook_id: UUID, change: Callable[[list[Correction]], list[Correction]]
) -> ClientWorkbook:
    workbook = get_workbook(workbook_id, content=True)
    before = list(workbook.corrections)
    corrections = change(list(corrections_of(before)))
    data, stem = workbook.content, PurePath(workbook.file_name).stem
    pause()
    result = map_workbook_in_sandbox(data, filename_stem=stem, corrections=corrections)
    mapping = _usable(result, may_be_empty=True)
    workbook = lock_row(ClientWorkbook, workbook_id)
    workbook.corrections = _plain(corrections)
    workbook.mapping = mapping.model_dump(mode="json", exclude_defaults=True)
    db.session.flush()
    return workbook


def _with_known_ids(workbook: ClientWorkbook, mapping: Mapping) -> Mapping:
    """The mapping whose fields keep the ids that they had in earlier versions."""
    codes = [one.definition.header.code for one in mapping.checklists]
    known = {code: found.definition for code in codes if (found := find_latest_of_code(code))}
    if not known:
        return mapping
    data, stem = workbook.content, PurePath(workbook.file_name).stem
    corrections = corrections_of(workbook.corrections)
    pause()
    result = map_workbook_in_sandbox(data, filename_stem=stem, corrections=corrections, known=known)
    return _usable(result)


def _draft(
    workbook: ClientWorkbook, one: MappedChecklist, mapping: Mapping, actor: Actor
) -> Version:
    notices: list[dict[str, object]] = [
        {"sheet": told.sheet, "cell": told.cell, "msgid": told.msgid, "params": told.params}
        for told in mapping.told
        if not told.sheet or told.sheet in one.sheets or len(mapping.checklists) == 1
    ]
    draft = draft_from_definition(
        definition=one.definition, notices=notices, filename=workbook.file_name, actor=actor
    )
    db.session.add(
        VersionWorkbook(
            version_id=draft.id,
            workbook_id=workbook.id,
            places=one.places.model_dump(mode="json", exclude_defaults=True),
        )
    )
    db.session.flush()
    return draft


def _remember(shape: str, corrections: list[object]) -> None:
    statement = insert(WorkbookShape).values(
        tenant_id=require_tenant(), shape=shape, corrections=corrections
    )
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["tenant_id", "shape"],
            set_={
                "corrections": statement.excluded.corrections,
                "updated_at": statement.excluded.updated_at,
            },
        )
    )


def _usable(result: MappingResult, *, may_be_empty: bool = False) -> Mapping:
    if result.mapping is None:
        assert result.refusal is not None
        raise WorkbookRefused([Problem("", "", result.refusal)], is_busy=result.is_busy)
    if not result.mapping.checklists and not may_be_empty:
        raise WorkbookRefused([Problem("", "", say(NOTHING_FOUND))])
    return result.mapping


def _without(kept: list[Correction], new: Correction) -> list[Correction]:
    place = (new.target, new.sheet, new.at, new.words)
    return [one for one in kept if (one.target, one.sheet, one.at, one.words) != place]


def _plain(corrections: Iterable[Correction]) -> list[object]:
    return [one.model_dump(mode="json", exclude_defaults=True) for one in corrections]
