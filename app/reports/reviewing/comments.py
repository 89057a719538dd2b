"""The comments of a report with the names of their people, for the reviewer's and the fill page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select

from app.extensions import db
from app.models import Account, ReviewComment, Witness
from app.reports.reviewing.rounds import list_comments


@dataclass(frozen=True, slots=True)
class CommentView:
    """A comment with the names of its people; `is_new` if the reviewer made it in the open step."""

    comment: ReviewComment
    author: str
    replied_by: str
    done_by: str
    is_new: bool


def comment_views(report_id: UUID, review_id: UUID | None = None) -> dict[str, list[CommentView]]:
    """The comments by field, oldest first; those of this step are new."""
    comments = list_comments(report_id)
    people = {id for one in comments for id in (one.author_id, one.replied_by, one.done_by)}
    names = names_of(people) | _witness_names({one.witness_id for one in comments})
    found: dict[str, list[CommentView]] = {}
    for one in comments:
        view = CommentView(
            one,
            author=names.get(one.author_id or one.witness_id, ""),
            replied_by=names.get(one.replied_by, "") if one.replied_by else "",
            done_by=names.get(one.done_by, "") if one.done_by else "",
            is_new=review_id is not None and one.review_id == review_id,
        )
        found.setdefault(one.field_id, []).append(view)
    return found


def _witness_names(ids: set[UUID | None]) -> dict[UUID | None, str]:
    if not ids - {None}:
        return {}
    rows = db.session.execute(select(Witness.id, Witness.name).where(Witness.id.in_(ids - {None})))
    return {row.id: row.name for row in rows}


def names_of(ids: Iterable[UUID | None]) -> dict[UUID | None, str]:
    wanted = {one for one in ids if one}
    if not wanted:
        return {}
    rows = db.session.execute(select(Account.id, Account.name).where(Account.id.in_(wanted)))
    return {row.id: row.name for row in rows}
