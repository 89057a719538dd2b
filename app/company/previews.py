"""Asking for a preview of the brand, and finding it. One person has one preview in the making.

What a preview shows is preview_sample.py, how it is made previewing.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import delete, func, select, text, update

from app.company.draft import Draft, as_settings
from app.errors import NotFound
from app.extensions import db
from app.jobs.queue import wake
from app.models import BrandPreview, Tenant, WorkState
from app.tenancy import require_tenant

KIND = "brand_preview"
QUEUE = "previews"
# The error of a preview that a newer one overtook.
SUPERSEDED = "superseded"
PARTS = {"cover": "image/png", "page": "image/png", "photo": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class PreviewView:
    """A person's newest preview, and the newest that is done: its pictures stay until then."""

    newest: BrandPreview | None
    shown: BrandPreview | None

    @property
    def is_waiting(self) -> bool:
        return self.newest is not None and not self.newest.is_settled

    @property
    def has_failed(self) -> bool:
        return self.newest is not None and self.newest.state is WorkState.FAILED


def request_preview(draft: Draft, *, account_id: UUID) -> BrandPreview:
    """The preview of this draft: the newest one when it shows just that, else a new one.

    An older one still in the making gives way. Not audited: a preview changes nothing.
    """
    _take_turn(account_id)
    settings = as_settings(draft, _tenant())
    newest = find_view(account_id).newest
    if newest and newest.settings == settings and newest.state is not WorkState.FAILED:
        return newest
    _clear_away(account_id)
    preview = BrandPreview(requested_by=account_id, settings=settings)
    db.session.add(preview)
    db.session.flush()
    wake(QUEUE, KIND, preview.id)
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


def shows(view: PreviewView, draft: Draft) -> bool:
    """Whether the newest preview is, or will be, of this draft."""
    if view.newest is None or view.has_failed:
        return False
    return bool(view.newest.settings == as_settings(draft, _tenant()))


def get_picture(preview_id: UUID, part: str) -> str:
    """The storage key of one of PARTS. Raises NotFound, also while it is not made yet."""
    preview = db.session.scalars(
        select(BrandPreview).where(BrandPreview.id == preview_id)
    ).one_or_none()
    key: str | None = getattr(preview, f"{part}_key") if preview else None
    if key is None:
        raise NotFound
    return key


def _take_turn(account_id: UUID) -> None:
    """Two requests of one person follow each other."""
    db.session.execute(
        text("select pg_advisory_xact_lock(hashtextextended(:key, 7205007))"),
        {"key": str(account_id)},
    )


def _clear_away(account_id: UUID) -> None:
    """Stop what is in the making, and delete what is settled but for the newest that is done.

    A row in the making fails now and goes with the next request; its raised fence, and then its
    absence, let the worker that holds it publish nothing. Pictures without a row are swept with
    the storage.
    """
    own = BrandPreview.requested_by == account_id
    shown = find_view(account_id).shown
    settled = delete(BrandPreview).where(
        own, BrandPreview.state.in_((WorkState.DONE, WorkState.FAILED))
    )
    if shown:
        settled = settled.where(BrandPreview.id != shown.id)
    db.session.execute(settled.execution_options(synchronize_session=False))
    db.session.execute(
        update(BrandPreview)
        .where(own, BrandPreview.state.in_((WorkState.QUEUED, WorkState.RUNNING)))
        .values(
            state=WorkState.FAILED,
            error=SUPERSEDED,
            fence=BrandPreview.fence + 1,
            lease_until=None,
            finished_at=func.clock_timestamp(),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.expire_all()


def _tenant() -> Tenant:
    return db.session.scalars(select(Tenant).where(Tenant.id == require_tenant())).one()
