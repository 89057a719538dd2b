"""Reads what the page of a correction shows before it is confirmed, and the links between
revisions. Read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.extensions import db
from app.models import MANAGERS, Actor, Checklist, ChecklistStatus, Report, Role, Version
from app.reports.facts import load_facts
from app.reports.queries import get_report
from app.reports.revising.carrying import CarriedField, Fate, plan_carrying
from app.reports.revisions import find_corrected, find_open_revision, may_see, superseding
from app.rows import own_tenant


@dataclass(frozen=True, slots=True)
class Correction:
    """A completed report before its correction: the newest version of its checklist, None if it
    already has that, and what each version would take over."""

    report: Report
    newer: Version | None
    same: Sequence[CarriedField]
    onto_newer: Sequence[CarriedField]

    def of_fate(self, fate: Fate) -> list[CarriedField]:
        """What the newest version would carry, change or drop."""
        return [one for one in self.onto_newer if one.fate is fate]


@dataclass(frozen=True, slots=True)
class Kin:
    """The revisions beside a report. `newer` supersedes it, `opened` is being filled in, `older` is
    what it corrects; the links are those that the person may follow. `may_correct` is True if the
    person may correct the report now."""

    newer: Report | None = None
    opened: Report | None = None
    older: Report | None = None
    seen: frozenset[UUID] = frozenset()
    may_correct: bool = False


def find_newer_version(report: Report) -> Version | None:
    """The newest published version of the report's checklist, None if the report has it or if no
    more reports are started from the checklist."""
    return db.session.scalars(
        select(Version)
        .join(Checklist, Checklist.id == Version.checklist_id)
        .where(
            Version.checklist_id == report.version.checklist_id,
            Version.number > report.version.number,
            Version.published_at.is_not(None),
            Checklist.status == ChecklistStatus.PUBLISHED,
        )
        .order_by(Version.number.desc())
        .limit(1)
    ).one_or_none()


def get_correction(report_id: UUID, *, person: Actor) -> Correction:
    """What the page of a correction shows. Raises NotFound."""
    report = get_report(report_id, person=person)
    facts, newer = load_facts(report), find_newer_version(report)
    return Correction(
        report=report,
        newer=newer,
        same=plan_carrying(facts, facts.definition),
        onto_newer=plan_carrying(facts, newer.definition) if newer else (),
    )


def read_kin(report: Report, person: Actor) -> Kin:
    """The revisions beside a report that the person may see."""
    older = find_corrected(report)
    newer = superseding(report) if report.is_finished else None
    opened = find_open_revision(report) if report.is_finished else None
    shown = [one for one in (older, newer, opened) if one is not None]
    return Kin(
        newer=newer,
        opened=opened,
        older=older,
        seen=frozenset(one.id for one in shown if may_see(one, person)),
        may_correct=report.is_finished
        and newer is None
        and opened is None
        and _is_corrector(person),
    )


def _is_corrector(person: Actor) -> bool:
    if person.role in MANAGERS:
        return True
    return person.role is Role.TECHNICIAN and own_tenant().technicians_correct
