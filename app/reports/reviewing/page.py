"""The reviewer's page as plain data: what needs a look first, field by field.

The first look shows every field: exceptions, then corrected answers (at a correction, all that it
changed), then the rest in the order of the form. A later look shows only the fields that changed
since, and those with comments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from app.definition.schema import Language, Text
from app.errors import DomainError
from app.models import Actor, Report, Review, ReviewState
from app.reports.exceptions import FieldException
from app.reports.reviewing.admission import why_not
from app.reports.reviewing.changes import (
    Change,
    Changes,
    list_changes_since,
    list_corrections,
    list_revised,
)
from app.reports.reviewing.comments import CommentView, comment_views, names_of
from app.reports.reviewing.rounds import list_reviews
from app.reports.revising.changes import Changes as Revised
from app.reports.revising.changes import read_changes
from app.reports.showing.page import FieldDetails, ReportDetails, SignatureDetails, read_report


class Part(StrEnum):
    """The parts of the page, in their order; REST is divided into the sections of the form."""

    COMMENTED = "commented"
    EXCEPTIONS = "exceptions"
    CHANGED = "changed"
    REST = "rest"


@dataclass(frozen=True, slots=True)
class FieldReview:
    """A field with all that its reviewer weighs."""

    details: FieldDetails
    exceptions: Sequence[FieldException] = ()
    changes: Sequence[Change] = ()
    comments: Sequence[CommentView] = ()
    is_accepted: bool = False

    @property
    def id(self) -> str:
        return self.details.field.id

    @property
    def is_settled(self) -> bool:
        """Whether the reviewer has decided on it: accepted, or commented in this step."""
        return self.is_accepted or any(one.is_new for one in self.comments)


@dataclass(frozen=True, slots=True)
class PartView:
    """A part of the page; `title` is that of a section of the form."""

    part: Part
    fields: Sequence[FieldReview]
    title: Text | None = None


@dataclass(frozen=True, slots=True)
class ReviewPage:
    """Everything that the page shows. `since` is the end of the last look, None at the first one;
    `is_whole` says that all fields are shown. `revised` is what a correction changed of the report
    before it, None if this is none. `refusals` are the reasons why this person may not
    `review` or `approve`."""

    report: Report
    review: Review
    details: ReportDetails
    languages: tuple[Language, ...]
    parts: Sequence[PartView]
    since: datetime | None
    is_whole: bool
    open_comments: int
    submitter: str
    reviewer: str
    refusals: Mapping[str, DomainError]
    revised: Revised | None

    @property
    def may_review(self) -> bool:
        return "review" not in self.refusals

    @property
    def due_signatures(self) -> list[SignatureDetails]:
        """What the approval of the last step asks for; a step before it does without."""
        return [one for one in self.details.signatures if one.is_missing_at_approval]

    @property
    def may_approve(self) -> bool:
        is_unsigned = self.review.is_last_step and bool(self.due_signatures)
        return not (self.refusals or self.open_comments or is_unsigned)

    @property
    def fields(self) -> list[FieldReview]:
        return [field for part in self.parts for field in part.fields]

    @property
    def settled(self) -> int:
        return sum(field.is_settled for field in self.fields)


def review_page(report_id: UUID, *, person: Actor, is_whole: bool = False) -> ReviewPage | None:
    """The page of a submitted report; None if nobody waits for a review. Raises NotFound."""
    details = read_report(report_id, person=person)
    report, reviews = details.report, list_reviews(report_id)
    review = next((one for one in reviews if one.closed_at is None), None)
    if review is None:
        return None
    since, revised = _last_look(review, reviews), read_changes(report)
    fields = _field_reviews(details, review, since, revised)
    names = names_of({review.submitted_by, review.reviewer_id})
    shown_whole = is_whole or since is None
    return ReviewPage(
        report=report,
        review=review,
        details=details,
        languages=details.languages,
        parts=list(_parts(details, fields, since, is_whole=shown_whole)),
        since=since,
        is_whole=shown_whole,
        open_comments=sum(view.comment.is_open for one in fields.values() for view in one.comments),
        submitter=names.get(review.submitted_by, ""),
        reviewer=names.get(review.reviewer_id, "") if review.reviewer_id else "",
        refusals=why_not(report, review, person),
        revised=revised,
    )


def _last_look(review: Review, reviews: Iterable[Review]) -> datetime | None:
    """When this step was last taken in an earlier round: what came later is new to it."""
    looked = (ReviewState.RETURNED, ReviewState.APPROVED)
    ends = [
        one.closed_at
        for one in reviews
        if one.round < review.round and one.step == review.step and one.state in looked
    ]
    return max((end for end in ends if end), default=None)


def _field_reviews(
    details: ReportDetails, review: Review, since: datetime | None, revised: Revised | None
) -> dict[str, FieldReview]:
    report = details.report
    changes = _changes(report, since, revised)
    comments = comment_views(report.id, review.id)
    exceptions: dict[str, list[FieldException]] = {}
    for one in details.exceptions:
        exceptions.setdefault(one.field.id, []).append(one)
    accepted = set(review.accepted)
    return {
        one.field.id: FieldReview(
            details=one,
            exceptions=exceptions.get(one.field.id, ()),
            changes=changes.get(one.field.id, ()),
            comments=comments.get(one.field.id, ()),
            is_accepted=one.field.id in accepted,
        )
        for section in details.sections
        for one in section.fields
        if one.field.is_question
    }


def _changes(report: Report, since: datetime | None, revised: Revised | None) -> Changes:
    if since is not None:
        return list_changes_since(report, since)
    return list_revised(report, revised) if revised else list_corrections(report)


def _parts(
    details: ReportDetails,
    fields: Mapping[str, FieldReview],
    since: datetime | None,
    *,
    is_whole: bool,
) -> Iterable[PartView]:
    """Each field is in the first part that it belongs to, so that it does not move when it is
    accepted or commented on: comments of this step make no part of their own."""
    left = dict(fields)

    def take(part: Part, belongs: Iterable[str]) -> Iterable[PartView]:
        taken = [left.pop(field_id) for field_id in list(belongs) if field_id in left]
        if taken:
            yield PartView(part, taken)

    earlier = [id for id, one in fields.items() if any(not view.is_new for view in one.comments)]
    if since is not None:
        yield from take(Part.COMMENTED, earlier)
        yield from take(Part.CHANGED, [id for id, one in fields.items() if one.changes])
    if not is_whole:
        return
    yield from take(Part.EXCEPTIONS, dict.fromkeys(one.field.id for one in details.exceptions))
    if since is None:
        yield from take(Part.CHANGED, [id for id, one in fields.items() if one.changes])
        yield from take(Part.COMMENTED, earlier)
    for section in details.sections:
        rest = [left.pop(one.field.id) for one in section.fields if one.field.id in left]
        if rest:
            yield PartView(Part.REST, rest, section.title)
