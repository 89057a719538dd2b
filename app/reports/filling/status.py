"""The status of one field as HTML: after a save, a refusal or a conflict.

The routes of the form and the operations of phones show the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from app.definition.assessment import AssessedField
from app.models import Actor
from app.reports.conflicts import list_conflicts_of
from app.reports.facts import load_facts
from app.reports.filling.page import ConflictView, RefusedSave, conflict_views, field_view
from app.reports.filling.readings import read_otherwise
from app.reports.filling.saving import SavedAnswer
from app.reports.filling.service import get_field
from app.reports.queries import get_report
from app.reports.wording import own_note
from app.web.fragments import render_text
from app.web.locale import reading_order


def draw_saved(saved: SavedAnswer, *, person: Actor) -> str:
    """The field's status and the counts that the save changed."""
    conflicts: Sequence[ConflictView] = ()
    if saved.has_conflicts:
        conflicts = _read_conflicts(saved, person)
    answer, languages = saved.answer, reading_order(saved.definition.languages)
    return render_text(
        "reports/_field_saved.html",
        saved=saved,
        judged=AssessedField(saved.field, answer.facts).judgements,
        read_as=read_otherwise(saved.field, answer.facts.value, languages),
        own=own_note(saved.own, answer.facts if answer.row_version else None),
        conflicts=conflicts,
    )


def _read_conflicts(saved: SavedAnswer, person: Actor) -> Sequence[ConflictView]:
    facts = load_facts(get_report(saved.report_id, person=person))
    found = list_conflicts_of(saved.report_id, saved.field.id)
    languages = reading_order(saved.definition.languages)
    return conflict_views(saved.field, found, facts.photos_of(saved.field.id), languages)


def draw_refused(report_id: UUID, refused: RefusedSave) -> str:
    """The typed text's row version and why it was not saved."""
    return render_text("reports/_field_refused.html", report_id=report_id, refused=refused)


def draw_stored(report_id: UUID, field_id: str, *, person: Actor) -> str:
    """The field as it is stored, with its open conflicts. Raises NotFound."""
    report = get_report(report_id, person=person)
    facts = load_facts(report)
    field = get_field(facts.definition, field_id)
    languages = reading_order(facts.definition.languages)
    photos = facts.photos_of(field_id)
    conflicts = conflict_views(field, list_conflicts_of(report_id, field_id), photos, languages)
    row, own = facts.rows.get(field_id), facts.own.get(field_id)
    view = field_view(field, row, photos, own=own, conflicts=conflicts)
    return render_text(
        "reports/_field_conflict.html", report_id=report_id, view=view, languages=languages
    )
