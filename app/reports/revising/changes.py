"""What a revision changed of the report that it corrects: answers, captions, photos.

Computed from the rows of both, which the guards of the database keep as they were; so the page of
changes of a completed revision stays the same. Names of people are those of the snapshot. Pages and
PDF put the changes into words.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.definition.judging import NOTHING, AnswerFacts
from app.definition.schema import Definition, Field, Prefill
from app.extensions import db
from app.models import (
    Account,
    AuditEntry,
    Derivative,
    DerivativeKind,
    Report,
    Snapshot,
    Version,
)
from app.reports.content import has_content
from app.reports.facts import PlacedPhoto, ReportFacts, load_facts
from app.reports.revising.carrying import plan_carrying

Names = Mapping[UUID, str]


class ChangeKind(StrEnum):
    """DROPPED: the newer version of the checklist has no place for the old answer."""

    CHANGED = "changed"
    ADDED = "added"
    CLEARED = "cleared"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class AnswerChange:
    """One answer that differs. `old_field` and `new_field` are the question in each version; one
    of them is None if its version has no such question. `by` is empty for the report's own data."""

    kind: ChangeKind
    old_field: Field | None
    new_field: Field | None
    old: AnswerFacts
    new: AnswerFacts
    by: str
    at: datetime

    @property
    def field(self) -> Field:
        found = self.new_field or self.old_field
        assert found is not None
        return found


@dataclass(frozen=True, slots=True)
class CaptionChange:
    """The caption of a photo that is in both revisions."""

    field: Field
    sha256: str
    old: str
    new: str
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class PhotoChange:
    """A photo that only one of the revisions has, with its thumbnail; None if it has none."""

    is_added: bool
    field: Field
    placed: PlacedPhoto
    thumbnail: Derivative | None
    by: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Changes:
    """All changes in the order of the form. `old_version` and `new_version` are the numbers of the
    checklist's versions; `by` is who began the correction."""

    older: Report
    reason: str
    by: str
    old_version: int
    new_version: int
    answers: tuple[AnswerChange, ...]
    captions: tuple[CaptionChange, ...]
    photos: tuple[PhotoChange, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.answers or self.captions or self.photos)


def read_changes(report: Report, facts: ReportFacts | None = None) -> Changes | None:
    """What the revision changed so far; None if the report corrects no other."""
    if report.revision_of is None:
        return None
    older = db.session.scalars(
        select(Report)
        .where(Report.id == report.revision_of)
        .options(
            joinedload(Report.version).joinedload(Version.checklist), joinedload(Report.project)
        )
    ).one()
    both = _Both(older, report, load_facts(older), facts or load_facts(report))
    return Changes(
        older=older,
        reason=report.revision_reason or "",
        by=both.names.get(report.started_by, ""),
        old_version=older.version.number,
        new_version=report.version.number,
        answers=tuple(both.answers()),
        captions=tuple(both.captions()),
        photos=tuple(both.photos()),
    )


class _Both:
    """The facts of both revisions and the names of people."""

    def __init__(self, older: Report, report: Report, old: ReportFacts, new: ReportFacts) -> None:
        self._report, self._old, self._new = report, old, new
        self.names = _names(report)
        self._dropped = {
            one.old.id for one in plan_carrying(old, new.definition) if not one.keeps_value
        }

    def answers(self) -> Iterator[AnswerChange]:
        for old_field, new_field in _pairs(self._old.definition, self._new.definition):
            field = new_field or old_field
            assert field is not None
            old = self._old.answers.get(field.id, NOTHING)
            # A field that both have counts; an answer without a question in its version does not.
            new = self._new.answers.get(field.id, NOTHING) if new_field else NOTHING
            is_same = _is_same(old, new) and not _is_in_other_unit(old_field, new_field, new)
            if is_same or _is_own_number(field, self._new):
                continue
            row = self._new.rows.get(field.id)
            is_new = row is not None and new_field is not None
            yield AnswerChange(
                kind=self._kind(field, old, new),
                old_field=old_field,
                new_field=new_field,
                old=old,
                new=new,
                by=self._author(row.answered_by if row else None, is_new),
                at=row.answered_at if row and is_new else self._report.created_at,
            )

    def _kind(self, field: Field, old: AnswerFacts, new: AnswerFacts) -> ChangeKind:
        if not has_content(old):
            return ChangeKind.ADDED
        if has_content(new):
            return ChangeKind.CHANGED
        return ChangeKind.DROPPED if field.id in self._dropped else ChangeKind.CLEARED

    def _author(self, account_id: UUID | None, is_new: bool) -> str:
        """Who gave the new answer; who began the correction, if it was dropped then."""
        if not is_new:
            return self.names.get(self._report.started_by, "")
        return self.names.get(account_id, "") if account_id else ""

    def captions(self) -> Iterator[CaptionChange]:
        before = {_key(one): one for one in self._old.photos}
        for one in self._new.photos:
            was, now = before.get(_key(one)), one.placement
            field = self._new.definition.field(now.field_id)
            if was is None or field is None or was.placement.caption == now.caption:
                continue
            yield CaptionChange(
                field=field,
                sha256=one.photo.sha256,
                old=was.placement.caption,
                new=now.caption,
                by=self.names.get(now.captioned_by, "") if now.captioned_by else "",
                at=now.captioned_at,
            )

    def photos(self) -> Iterator[PhotoChange]:
        before, after = set(map(_key, self._old.photos)), set(map(_key, self._new.photos))
        gone = [one for one in self._old.photos if _key(one) not in after]
        come = [one for one in self._new.photos if _key(one) not in before]
        thumbnails = _thumbnails([one.photo.id for one in (*gone, *come)])
        removals = _removals(self._report) if gone else {}
        begun = (self.names.get(self._report.started_by, ""), self._report.created_at)
        for one in gone:
            field = self._old.definition.field(one.placement.field_id)
            assert field is not None, "photos belong to fields of their own definition"
            by, at = removals.get(_key(one), begun)
            yield PhotoChange(False, field, one, thumbnails.get(one.photo.id), by, at)
        for one in come:
            field = self._new.definition.field(one.placement.field_id)
            assert field is not None, "photos belong to fields of their own definition"
            by = self.names.get(one.photo.uploaded_by, "")
            at = one.placement.created_at
            yield PhotoChange(True, field, one, thumbnails.get(one.photo.id), by, at)


def _pairs(old: Definition, new: Definition) -> Iterator[tuple[Field | None, Field | None]]:
    """Each question in both versions: in the order of the newer one, then those it dropped."""
    before = {field.id: field for field in old.all_fields()}
    for field in new.all_fields():
        yield before.pop(field.id, None), field
    for field in before.values():
        yield field, None


def _is_same(old: AnswerFacts, new: AnswerFacts) -> bool:
    return old == new or not (has_content(old) or has_content(new))


def _is_in_other_unit(old: Field | None, new: Field | None, answer: AnswerFacts) -> bool:
    """Whether the question has another unit now: the same number is then another measurement."""
    return bool(old and new and answer.value and old.unit != new.unit)


def _is_own_number(field: Field, facts: ReportFacts) -> bool:
    """Each revision has its own number, so that it differs is no change of the content."""
    row = facts.rows.get(field.id)
    return field.prefill is Prefill.REPORT_NUMBER and (row is None or row.answered_by is None)


def _key(one: PlacedPhoto) -> tuple[str, str]:
    """What makes a placed photo the same in both: its question and its bytes."""
    return one.placement.field_id, one.photo.sha256


def _names(report: Report) -> Names:
    """The names of all people by account; those of a finished report as in its snapshot."""
    names = {row.id: row.name for row in db.session.execute(select(Account.id, Account.name))}
    body = db.session.scalar(select(Snapshot.body).where(Snapshot.report_id == report.id))
    return names | (dict(_named_people(json.loads(body))) if body else {})


def _named_people(value: Any) -> Iterator[tuple[UUID, str]]:
    """Every person in a part of a snapshot: an object of an id and a name alone."""
    if isinstance(value, Mapping):
        if value.keys() == {"id", "name"} and value["id"]:
            yield UUID(value["id"]), str(value["name"])
        for one in value.values():
            yield from _named_people(one)
    elif isinstance(value, list):
        for one in value:
            yield from _named_people(one)


def _thumbnails(photo_ids: Iterable[UUID]) -> dict[UUID, Derivative]:
    """The newest thumbnail of each photo. A finished report takes no more of them."""
    rows = db.session.scalars(
        select(Derivative)
        .where(
            Derivative.photo_id.in_([*photo_ids]),
            Derivative.kind == DerivativeKind.THUMBNAIL,
        )
        .order_by(Derivative.created_at, Derivative.id)
    )
    return {row.photo_id: row for row in rows}


def _removals(report: Report) -> dict[tuple[str, str], tuple[str, datetime]]:
    """Who removed which photo when, from the audit: the row of a placement has no name."""
    rows = db.session.execute(
        select(AuditEntry.facts, AuditEntry.at)
        .where(
            AuditEntry.object_type == Report.audit_type,
            AuditEntry.object_id == report.id,
            AuditEntry.action == "photo.removed",
        )
        .order_by(AuditEntry.sequence)
    )
    found = {}
    for body, at in rows:
        facts, actor = body["facts"], body["actor"]
        found[facts["field"], facts["sha256"]] = (str(actor["name"] or ""), at)
    return found
