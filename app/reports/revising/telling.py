"""Corrections in the reader's language: what would be carried over, and what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import ngettext

from app.definition.judging import NOTHING, AnswerFacts
from app.definition.schema import Field, Language
from app.definition.sentences import N_
from app.models import Report
from app.reports.content import has_content
from app.reports.facts import answer_facts
from app.reports.revising.carrying import CarriedField, Part
from app.reports.revising.changes import ChangeKind, Changes, PhotoChange
from app.reports.wording import answer_words
from app.web.locale import reading_order

PARTS = {
    Part.WORDING: N_("wording"),
    Part.TYPE: N_("type of answer"),
    Part.UNIT: N_("unit"),
    Part.LIMITS: N_("limits"),
    Part.OPTIONS: N_("options"),
    Part.TABLE: N_("rows or columns"),
}
KINDS = {
    ChangeKind.CHANGED: N_("changed"),
    ChangeKind.ADDED: N_("added"),
    ChangeKind.CLEARED: N_("removed"),
    ChangeKind.DROPPED: N_("not carried over"),
}


@dataclass(frozen=True, slots=True)
class CarriedLine:
    """A question with what happens to it, for the list before the confirmation."""

    label: str
    answer: str
    detail: str


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A change on the report's page; `anchor` is the id of a field that the page shows."""

    label: str
    kind: str
    old: str
    new: str
    by: str
    at: datetime | None
    anchor: str | None = None


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """A photo that was added or removed; `placement_id` is None if there is nothing to show."""

    is_added: bool
    label: str
    caption: str
    sha256: str
    by: str
    at: datetime | None
    placement_id: UUID | None


@dataclass(frozen=True, slots=True)
class ToldChanges:
    """The changes of a revision in words."""

    older: str
    reason: str
    by: str
    versions: str
    lines: tuple[ChangeLine, ...]
    photos: tuple[PhotoLine, ...]


def carried_lines(found: Sequence[CarriedField], report: Report) -> list[CarriedLine]:
    """The questions, each with its answer in the older report."""
    languages = reading_order(report.version.definition.languages)
    return [
        CarriedLine(
            label=one.old.label.first(languages),
            answer=_words(one.old, answer_facts(one.row), languages),
            detail=_detail(one),
        )
        for one in found
    ]


def _detail(one: CarriedField) -> str:
    """Why something is dropped, and what differs about the question."""
    found = []
    if one.new is None or not one.new.is_question:
        found.append(_("The new version does not ask this."))
    elif not one.keeps_value:
        found.append(_("The answer does not fit the new question and must be given again."))
    if one.new is not None and not one.keeps_photos:
        count = len(one.photos)
        found.append(
            ngettext(
                "The new question takes no photos: %(num)s photo is left out.",
                "The new question takes no photos: %(num)s photos are left out.",
                count,
            )
        )
    if one.differs:
        parts = ", ".join(_(PARTS[part]) for part in one.differs)
        found.append(_("Different: %(parts)s.", parts=parts))
    return " ".join(found)


def tell_changes(changes: Changes, *, sees_older: bool) -> ToldChanges:
    """The changes in the reader's language. Removed photos are shown to those who may open the
    older report."""
    older = changes.older
    languages = reading_order(older.version.definition.languages)
    captions = [
        ChangeLine(
            label=_("%(field)s: caption of a photo", field=one.field.label.first(languages)),
            kind=_(KINDS[ChangeKind.CHANGED]),
            old=one.old or _("No caption"),
            new=one.new or _("No caption"),
            by=one.by,
            at=one.at,
            anchor=one.field.id,
        )
        for one in changes.captions
    ]
    return ToldChanges(
        older=older.full_number,
        reason=changes.reason,
        by=changes.by,
        versions=_versions(changes),
        lines=(*tell_answers(changes), *captions),
        photos=tuple(_photo(one, languages, sees_older) for one in changes.photos),
    )


def tell_answers(changes: Changes) -> list[ChangeLine]:
    """The changed answers in the reader's language."""
    languages = reading_order(changes.older.version.definition.languages)
    return [
        ChangeLine(
            label=one.field.label.first(languages),
            kind=_(KINDS[one.kind]),
            old=_words(one.old_field, one.old, languages),
            new=_words(one.new_field, one.new, languages),
            by=one.by or _("the report's own data"),
            at=one.at,
            anchor=one.new_field.id if one.new_field else None,
        )
        for one in changes.answers
    ]


def _versions(changes: Changes) -> str:
    if changes.old_version == changes.new_version:
        return ""
    return str(
        _(
            "Version %(old)s of the checklist was replaced by version %(new)s.",
            old=changes.old_version,
            new=changes.new_version,
        )
    )


def _photo(one: PhotoChange, languages: tuple[Language, ...], sees_older: bool) -> PhotoLine:
    is_shown = one.thumbnail is not None and (one.is_added or sees_older)
    return PhotoLine(
        is_added=one.is_added,
        label=one.field.label.first(languages),
        caption=one.placed.placement.caption,
        sha256=one.placed.photo.sha256,
        by=one.by,
        at=one.at,
        placement_id=one.placed.placement.id if is_shown else None,
    )


def _words(field: Field | None, answer: AnswerFacts, languages: tuple[Language, ...]) -> str:
    if field is None or answer == NOTHING or not has_content(answer):
        return ""
    return answer_words(field, answer, languages)
