"""The witness's page as plain data: exceptions first, then the rest in the order of the form.

It names no other report and nobody's account but those who signed or answered a comment.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID, uuid4

from sqlalchemy import select

from app.definition.schema import Language, Text
from app.extensions import db
from app.models import Account, Report, ReviewComment
from app.photos.queries import PhotoView, photo_views
from app.reports.content import content_hash, report_content
from app.reports.exceptions import FieldException
from app.reports.facts import load_facts
from app.reports.showing.page import FieldDetails, ReportDetails, read_details
from app.reports.signing.service import SigningPlace, can_be_signed, signing_places
from app.witnessing.items import hashes_of, list_comments_of
from app.witnessing.visits import Visit, get_report_of


@dataclass(frozen=True, slots=True)
class RefusedComment:
    """A comment that was not stored: the words as typed, and why."""

    words: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Item:
    """A question with its photos and what this witness did with it. `is_outdated` says that it
    changed after it was accepted."""

    details: FieldDetails
    photos: Sequence[PhotoView]
    exceptions: Sequence[FieldException]
    comments: Sequence[ReviewComment]
    is_accepted: bool
    is_outdated: bool

    @property
    def id(self) -> str:
        return self.details.field.id

    @property
    def is_settled(self) -> bool:
        return self.is_accepted or bool(self.comments)


@dataclass(frozen=True, slots=True)
class Part:
    """Items under a heading: those with exceptions, the info fields, or a section with `title`."""

    questions: Sequence[Item]
    title: Text | None = None
    is_exceptions: bool = False


@dataclass(frozen=True, slots=True)
class WitnessPage:
    """`content` is the hash of what the page shows, which a signature must cover. `place` is that
    of the witness's role, None if they sign nothing; `can_sign` says that it is open now.
    `repliers` has the names of those who answered comments; `client_id` is the id of a signature
    that this page sends."""

    visit: Visit
    report: Report
    details: ReportDetails
    languages: tuple[Language, ...]
    parts: Sequence[Part]
    content: str
    place: SigningPlace | None
    can_sign: bool
    can_comment: bool
    repliers: Mapping[object, str]
    client_id: UUID = field(default_factory=uuid4)

    @property
    def questions(self) -> list[Item]:
        return [item for part in self.parts for item in part.questions]

    @property
    def settled(self) -> int:
        return sum(item.is_settled for item in self.questions)


def witness_page(visit: Visit) -> WitnessPage:
    """Raises NotFound if the report was discarded."""
    report = get_report_of(visit.witness)
    facts = load_facts(report)
    details = read_details(report, facts)
    content = content_hash(report, facts)
    hashes = hashes_of(report_content(report, facts))
    comments = list_comments_of(visit.witness)
    is_writable = not visit.tenant.is_read_only
    place = next(
        (
            one
            for one in signing_places(facts.definition, facts, content)
            if one.role.id == visit.witness.role_id
        ),
        None,
    )
    return WitnessPage(
        visit=visit,
        report=report,
        details=details,
        languages=details.languages,
        parts=list(_parts(details, visit, hashes, comments)),
        content=content,
        place=place,
        can_sign=place is not None and is_writable and can_be_signed(report, place.role),
        can_comment=is_writable and not report.is_finished,
        repliers=_repliers(comments),
    )


def _parts(
    details: ReportDetails,
    visit: Visit,
    hashes: Mapping[str, str],
    comments: Mapping[str, list[ReviewComment]],
) -> Iterable[Part]:
    """Each question is in one part only."""
    exceptions: dict[str, list[FieldException]] = {}
    for one in details.exceptions:
        exceptions.setdefault(one.field.id, []).append(one)
    sections = [
        (section.title, [one for one in section.fields if one.field.is_question])
        for section in details.sections
    ]

    def item(one: FieldDetails) -> Item:
        field_id = one.field.id
        accepted = visit.witness.accepted.get(field_id)
        holds = accepted is not None and accepted == hashes.get(field_id, "")
        return Item(
            details=one,
            photos=photo_views(one.photos, one.field),
            exceptions=exceptions.get(field_id, ()),
            comments=comments.get(field_id, ()),
            is_accepted=holds,
            is_outdated=accepted is not None and not holds,
        )

    noted = [
        item(one) for _title, fields in sections for one in fields if one.field.id in exceptions
    ]
    if noted:
        yield Part(noted, is_exceptions=True)
    for title, fields in sections:
        rest = [item(one) for one in fields if one.field.id not in exceptions]
        if rest:
            yield Part(rest, title)


def _repliers(comments: Mapping[str, list[ReviewComment]]) -> dict[object, str]:
    ids = {one.replied_by for said in comments.values() for one in said if one.replied_by}
    if not ids:
        return {}
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(ids)))
    return {row.id: row.name for row in rows}
