"""A report's lifecycle: the table of its transitions, and the one function that carries them out.

No other module sets a report's status. Features above reports subscribe to events here, so that
reports does not import them. Preconditions of a transition, such as complete answers, belong to
the packages inside reports.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from flask import Flask, current_app

from app.errors import DomainError, NotAllowed
from app.evidence.service import record, record_now
from app.extensions import db
from app.models import (
    FINISHED_STATUSES,
    MANAGERS,
    OPEN_STATUSES,
    STAFF,
    Actor,
    Report,
    ReportStatus,
    Role,
)
from app.reports.locking import lock_report


class ReportEvent(StrEnum):
    """Something that happens to a report as a whole. All but ASSIGNED are transitions."""

    BEGUN = "begun"
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    PASSED_ON = "passed_on"
    RETURNED = "returned"
    COMPLETED = "completed"
    DISCARDED = "discarded"
    ARCHIVED = "archived"
    REVISED = "revised"
    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True)
class Transition:
    """A row of the table. The subscribers to `event` are called.

    `target` is None if the status does not change. `moments` are the columns that are set to the
    time, `people` those that are set to the actor's account id. `action` is the audit action; None
    if the entry of the first change covers the transition. `is_numbered` adds number and revision
    to the entry. An entry `at_once` is written before the commit, because a snapshot names the
    chain's head.
    """

    event: ReportEvent
    sources: tuple[ReportStatus, ...]
    target: ReportStatus | None
    roles: tuple[Role, ...]
    moments: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    action: str | None = None
    is_numbered: bool = False
    at_once: bool = False


TABLE = (
    # The first answer or photo.
    Transition(
        ReportEvent.BEGUN,
        sources=(ReportStatus.DRAFT,),
        target=ReportStatus.IN_PROGRESS,
        roles=STAFF,
        moments=("started_at",),
    ),
    # Includes drafts: every field may be optional, or filled with the report's own values.
    Transition(
        ReportEvent.SUBMITTED,
        sources=OPEN_STATUSES,
        target=ReportStatus.SUBMITTED,
        roles=STAFF,
        moments=("submitted_at",),
        action="report.submitted",
        at_once=True,
    ),
    # Only while nobody has begun the review.
    Transition(
        ReportEvent.WITHDRAWN,
        sources=(ReportStatus.SUBMITTED,),
        target=ReportStatus.IN_PROGRESS,
        roles=STAFF,
        action="report.withdrawn",
    ),
    # Approved by the first of two reviewers; the second one follows.
    Transition(
        ReportEvent.PASSED_ON,
        sources=(ReportStatus.SUBMITTED,),
        target=None,
        roles=MANAGERS,
    ),
    Transition(
        ReportEvent.RETURNED,
        sources=(ReportStatus.SUBMITTED,),
        target=ReportStatus.RETURNED,
        roles=MANAGERS,
        action="report.returned",
    ),
    # By the last reviewer: reviewing/service.py decides who may. If nobody reviews, the submit also
    # completes the report, so its roles may do both.
    Transition(
        ReportEvent.COMPLETED,
        sources=(ReportStatus.SUBMITTED,),
        target=ReportStatus.COMPLETED,
        roles=STAFF,
        moments=("completed_at",),
        people=("completed_by",),
        action="report.completed",
        at_once=True,
    ),
    # The report is hidden; everything that was entered stays stored.
    Transition(
        ReportEvent.DISCARDED,
        sources=OPEN_STATUSES,
        target=None,
        roles=STAFF,
        moments=("discarded_at",),
        action="report.discarded",
        is_numbered=True,
    ),
    Transition(
        ReportEvent.ARCHIVED,
        sources=(ReportStatus.COMPLETED,),
        target=ReportStatus.ARCHIVED,
        roles=MANAGERS,
        moments=("archived_at",),
        action="report.archived",
        is_numbered=True,
    ),
    # The report itself stays as it is: its next revision is another row (revising/service.py).
    Transition(
        ReportEvent.REVISED,
        sources=FINISHED_STATUSES,
        target=None,
        roles=STAFF,
        action="report.revised",
        is_numbered=True,
    ),
)
TRANSITIONS = {transition.event: transition for transition in TABLE}


class WrongStatus(DomainError):
    """The report's current status does not allow this."""


class StillDraft(WrongStatus):
    """Report %(number)s is a draft. It can be filled in, submitted or discarded."""


class InProgress(WrongStatus):
    """Report %(number)s is in progress. It can be filled in, submitted or discarded."""


class WaitsForReview(WrongStatus):
    """Report %(number)s was submitted and is waiting for review. It can be returned or completed,
    or withdrawn until the review has begun."""


class WasReturned(WrongStatus):
    """Report %(number)s was returned. It can be filled in, submitted or discarded."""


class IsCompleted(WrongStatus):
    """Report %(number)s is completed. It can be archived or corrected; a correction is a new
    revision."""


class IsArchived(WrongStatus):
    """Report %(number)s is archived and cannot be changed. It can be corrected; a correction is a
    new revision."""


REFUSALS: Mapping[ReportStatus, type[WrongStatus]] = {
    ReportStatus.DRAFT: StillDraft,
    ReportStatus.IN_PROGRESS: InProgress,
    ReportStatus.SUBMITTED: WaitsForReview,
    ReportStatus.RETURNED: WasReturned,
    ReportStatus.COMPLETED: IsCompleted,
    ReportStatus.ARCHIVED: IsArchived,
}

# Called with the locked report and the actor, in the transaction of the change.
Subscriber = Callable[[Report, Actor], object]
# Called with the report's id before the report is locked.
EarlySubscriber = Callable[[UUID], object]
Facts = Mapping[str, Any]

SUBSCRIBERS, EARLY_SUBSCRIBERS = "laudo_report_subscribers", "laudo_early_report_subscribers"


def subscribe(app: Flask, event: ReportEvent, subscriber: Subscriber) -> None:
    """Call `subscriber` when this happens to a report. Subscribing twice has no further effect.

    The report is already updated, but the audit chain is not locked yet: the subscriber may lock
    rows without a deadlock.
    """
    app.extensions.setdefault(SUBSCRIBERS, {}).setdefault(event, {})[subscriber] = None


def subscribe_early(app: Flask, event: ReportEvent, subscriber: EarlySubscriber) -> None:
    """Call `subscriber` before a report is locked for a transition.

    It can lock rows that come before the report in the lock order (docs/adr/0020). If the
    transition is refused afterwards, its work is rolled back.
    """
    app.extensions.setdefault(EARLY_SUBSCRIBERS, {}).setdefault(event, {})[subscriber] = None


def announce(event: ReportEvent, report: Report, *, actor: Actor) -> None:
    """Call the subscribers in the order in which they subscribed."""
    subscribers: Mapping[ReportEvent, Mapping[Subscriber, None]] = current_app.extensions.get(
        SUBSCRIBERS, {}
    )
    for subscriber in subscribers.get(event, ()):
        subscriber(report, actor)


def lock_for(event: ReportEvent, report_id: UUID, *, actor: Actor) -> Report:
    """Lock the report for this transition, after all rows that come before it in the lock order.

    Raises NotFound.
    """
    subscribers: Mapping[ReportEvent, Mapping[EarlySubscriber, None]] = current_app.extensions.get(
        EARLY_SUBSCRIBERS, {}
    )
    for subscriber in subscribers.get(event, ()):
        subscriber(report_id)
    return lock_report(report_id, actor=actor)


def get_transition(event: ReportEvent, report: Report, *, actor: Actor) -> Transition:
    """The transition, if the actor may carry it out now. Raises NotAllowed, WrongStatus."""
    transition = TRANSITIONS[event]
    if actor.role not in transition.roles:
        raise NotAllowed
    if report.status not in transition.sources:
        raise REFUSALS[report.status](number=report.number)
    return transition


def carry_out(
    report: Report,
    *events: ReportEvent,
    actor: Actor,
    at: datetime | None = None,
    facts: Mapping[ReportEvent, Callable[[], Facts]] | None = None,
) -> None:
    """Carry out one or several transitions of a locked report, all at the same time `at`.

    The report's columns are set first, then the subscribers run, then the audit entries are
    written in order. An entry locks the audit chain, which comes last in the lock order, so no
    row may be locked after it. `facts` returns additional facts of an entry right before it is
    written. Raises NotAllowed, WrongStatus.
    """
    at = at or datetime.now(UTC)
    for event in events:
        _stamp(get_transition(event, report, actor=actor), report, actor, at)
    db.session.flush()
    for event in events:
        announce(event, report, actor=actor)
    for event in events:
        more = facts[event]() if facts and event in facts else {}
        _record(TRANSITIONS[event], report, actor, more)


def note_change(report: Report, *, actor: Actor, at: datetime) -> bool:
    """Set the time of a change to the locked report's content; the first change begins the report.

    Returns True if this was the first change.
    """
    report.updated_at = at
    if report.status is not ReportStatus.DRAFT:
        return False
    carry_out(report, ReportEvent.BEGUN, actor=actor, at=at)
    return True


def discard_report(*, report_id: UUID, actor: Actor) -> Report:
    """Hide an unsubmitted report; its content and history stay stored.

    Raises NotFound, NotAllowed, WrongStatus.
    """
    report = lock_for(ReportEvent.DISCARDED, report_id, actor=actor)
    carry_out(
        report,
        ReportEvent.DISCARDED,
        actor=actor,
        facts={ReportEvent.DISCARDED: lambda: {"status": report.status.value}},
    )
    return report


def archive_report(*, report_id: UUID, actor: Actor) -> Report:
    """Archive a completed report; an archived one does not change.

    Raises NotFound, NotAllowed, WrongStatus.
    """
    report = lock_for(ReportEvent.ARCHIVED, report_id, actor=actor)
    if report.status is not ReportStatus.ARCHIVED:
        carry_out(report, ReportEvent.ARCHIVED, actor=actor)
    return report


def _stamp(transition: Transition, report: Report, actor: Actor, at: datetime) -> None:
    if transition.target is not None:
        report.status = transition.target
    for column in transition.moments:
        setattr(report, column, at)
    for column in transition.people:
        setattr(report, column, actor.account_id)


def _record(transition: Transition, report: Report, actor: Actor, facts: Facts) -> None:
    if transition.action is None:
        return
    write = record_now if transition.at_once else record
    named = report.named if transition.is_numbered else {}
    write(transition.action, report, actor, **named, **facts)
