"""The comments of a report with the names of their people, for the reviewer's and the fill page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.extensions import db
from app.models import Account, ReviewComment
from app.reports.reviewing.rounds import list_comments


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment with the names of its people; `is_new` if it was made in the open step."""

    comment: ReviewComment
    author: str
    replied_by: str
    done_by: str
    is_new: bool


def comment_views(report_id: UUID, review_id: UUID | None = None) -> dict[str, list[CommentView]]:
    """The comments by field, oldest first; those of this step are new."""
    comments = list_comments(report_id)
    people = {id for one in comments for id in (one.author_id, one.replied_by, one.done_by)}
    names = names_of(people)
    found: dict[str, list[CommentView]] = {}
    for one in comments:
        view = CommentView(
            one,
            author=names.get(one.author_id, ""),
            replied_by=names.get(one.replied_by, "") if one.replied_by else "",
            done_by=names.get(one.done_by, "") if one.done_by else "",
            is_new=one.review_id == review_id,
        )
        found.setdefault(one.field_id, []).append(view)
    return found


def names_of(ids: Iterable[UUID | None]) -> dict[UUID, str]:
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))
    return {row.id: row.name for row in rows}
