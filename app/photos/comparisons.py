"""Plans the comparison of photos: of a new one as soon as it is read, of older ones little by
little. comparing.py carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.dialects.postgresql import insert

from app.extensions import db
from app.jobs.queue import wake
from app.jobs.registry import kind_of
from app.jobs.work import count_open
from app.models import PhotoComparison, PhotoReading, PhotoVerdict, asking_request
from app.storage.references import list_tenant_ids
from app.tenancy import require_tenant, tenant_scope

# So many comparisons of a company may wait. An idle worker does a few in a second, so the photos of
# years are compared within days, and at no time does a queue hold a million rows.
MOST_WAITING = 5_000
PLANNED_AT_ONCE = 500


def plan_comparison(photo_id: UUID) -> None:
    """Plan the comparison of a photo that was read, once in its life."""
    comparison_id = db.session.scalar(
        insert(PhotoComparison)
        .values(tenant_id=require_tenant(), photo_id=photo_id, request_id=asking_request())
        .on_conflict_do_nothing()
        .returning(PhotoComparison.id)
    )
    if comparison_id:
        wake(kind_of(PhotoComparison), comparison_id)


def catch_up(must_stop: Callable[[], bool]) -> Iterator[None]:
    """Plan the comparison of photos that were read before there were comparisons, the oldest
    first. Commit at each yield."""
    for tenant_id in list_tenant_ids():
        with tenant_scope(tenant_id):
            while not must_stop() and _plan_older():
                yield


def _plan_older() -> int:
    """Plan some; returns how many. The relay wakes the workers."""
    room = min(MOST_WAITING - count_open(PhotoComparison), PLANNED_AT_ONCE)
    if room <= 0:
        return 0
    is_planned = select(PhotoComparison.id).where(PhotoComparison.photo_id == PhotoReading.photo_id)
    older = (
        select(literal(require_tenant()), PhotoReading.photo_id)
        .where(PhotoReading.verdict == PhotoVerdict.GOOD, ~is_planned.exists())
        .order_by(PhotoReading.created_at)
        .limit(room)
    )
    rows = db.session.execute(
        insert(PhotoComparison)
        .from_select(["tenant_id", "photo_id"], older)
        .on_conflict_do_nothing()
        .returning(PhotoComparison.id)
    ).all()
    return len(rows)
