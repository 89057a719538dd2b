"""Requests and finds brand previews. Each person has at most one unfinished preview.

The contents of a preview belong in sample.py, the rendering in making.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, select

from app.branding.draft import Draft, as_settings
from app.errors import NotFound
from app.extensions import db
from app.jobs.work import ask, supersede
from app.locks import Turn, take_turn
from app.models import OPEN_STATES, BrandPreview, WorkState
from app.rows import own_tenant

PARTS = {"cover": "image/png", "page": "image/png", "photo": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A person's newest preview, and the newest finished one, which is shown in the meantime."""

    newest: BrandPreview | None
    shown: BrandPreview | None

    @property
    def is_waiting(self) -> bool:
        return self.newest is not None and not self.newest.is_settled

    @property
    def has_failed(self) -> bool:
        return self.newest is not None and self.newest.state is WorkState.FAILED


def request_preview(draft: Draft, *, account_id: UUID) -> BrandPreview:
    """Return the newest preview if it shows this draft, else request a new one.

    A new request cancels an unfinished preview. Not audited, because a preview changes nothing. The
    lock keeps concurrent requests of one person from creating two previews.
    """
    take_turn(Turn.PREVIEW, account_id)
    settings = as_settings(draft, own_tenant())
    newest = find_view(account_id).newest
    if newest and newest.settings == settings and newest.state is not WorkState.FAILED:
        return newest
    _discard_previews(account_id)
    preview = ask(BrandPreview(requested_by=account_id, settings=settings))
    db.session.flush()
    return preview


def find_view(account_id: UUID) -> PreviewView:
    rows = list(
        db.session.scalars(
            select(BrandPreview)
            .where(BrandPreview.requested_by == account_id)
            .order_by(BrandPreview.queued_at.desc())
            .execution_options(populate_existing=True)
        )
    )
    done = (row for row in rows if row.state is WorkState.DONE)
    return PreviewView(next(iter(rows), None), next(done, None))


def shows_draft(view: PreviewView, draft: Draft) -> bool:
    """True if the newest preview shows this draft, or will show it when it is finished."""
    if view.newest is None or view.has_failed:
        return False
    return bool(view.newest.settings == as_settings(draft, own_tenant()))


def get_picture(preview_id: UUID, part: str) -> str:
    """The storage key of one of PARTS. Raises NotFound, also if the image does not exist yet."""
    preview = db.session.scalars(
        select(BrandPreview).where(BrandPreview.id == preview_id)
    ).one_or_none()
    key: str | None = getattr(preview, f"{part}_key") if preview else None
    if key is None:
        raise NotFound
    return key


def _discard_previews(account_id: UUID) -> None:
    """Cancel unfinished previews and delete settled ones, except the newest finished one.

    A cancelled row is deleted with the next request. Its new fence, and later its absence, keep the
    worker that still holds it from publishing. The storage sweep deletes images without a row.
    """
    own = BrandPreview.requested_by == account_id
    shown = find_view(account_id).shown
    settled = delete(BrandPreview).where(own, BrandPreview.state.not_in(OPEN_STATES))
    if shown:
        settled = settled.where(BrandPreview.id != shown.id)
    db.session.execute(settled.execution_options(synchronize_session=False))
    supersede(BrandPreview, own)
    db.session.expire_all()
