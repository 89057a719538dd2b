"""Asking for everything that a company has, and reading where that stands.

What is in the archive and how it is made is archive.py's, for workers only.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from app.errors import DomainError, NotFound
from app.evidence.service import record
from app.extensions import db
from app.jobs.queue import wake
from app.models import TENANT_ROLES, Actor, Export, WorkState
from app.tenancy import require_tenant

KIND = "export"
QUEUE = "exports"
OPEN = (WorkState.QUEUED, WorkState.RUNNING)
# Codes of `Export.error`: what no further try mends.
NO_ROOM = "no_room"
TOO_LARGE = "too_large"


class NotExported(DomainError):
    """This export has no file: it is not ready yet, or a newer one has taken its place."""


def request_export(*, actor: Actor) -> Export:
    """Everything of the bound tenant as one archive; one that is being made already is that one.

    A superadmin may ask too. Allowed in a company that can only be read.
    """
    statement = (
        insert(Export)
        .values(
            tenant_id=require_tenant(),
            requested_by=actor.account_id if actor.role in TENANT_ROLES else None,
        )
        .on_conflict_do_nothing(
            index_elements=["tenant_id"], index_where=text("state in ('queued', 'running')")
        )
        .returning(Export)
    )
    for _attempt in range(3):
        if export := db.session.scalars(statement).one_or_none():
            record(
                action="export.requested", actor=actor, object_type="export", object_id=export.id
            )
            wake(QUEUE, KIND, export.id)
            return export
        # One that settled in between makes room for the next try.
        if earlier := find_open_export():
            return earlier
    raise RuntimeError("no export could be made")


def get_file(export_id: UUID) -> Export:
    """The export whose file somebody wants. Raises NotFound, NotExported."""
    export = get_export(export_id)
    if export.storage_key is None:
        raise NotExported
    return export


def note_download(*, export_id: UUID, actor: Actor) -> None:
    """Let the audit tell that somebody takes the file. Raises NotFound, NotExported."""
    export = get_file(export_id)
    record(
        action="export.downloaded",
        actor=actor,
        object_type="export",
        object_id=export.id,
        sha256=export.sha256,
    )


def get_export(export_id: UUID) -> Export:
    """Raises NotFound."""
    export = db.session.scalars(select(Export).where(Export.id == export_id)).one_or_none()
    if export is None:
        raise NotFound
    return export


def find_open_export() -> Export | None:
    """The one that waits or is being made."""
    return db.session.scalars(select(Export).where(Export.state.in_(OPEN))).one_or_none()


def find_finished_export() -> Export | None:
    """The newest whose file is there: what a deletion of the company should wait for."""
    return db.session.scalars(
        select(Export)
        .where(Export.state == WorkState.DONE, Export.storage_key.is_not(None))
        .order_by(Export.finished_at.desc())
        .limit(1)
    ).one_or_none()


def list_exports(limit: int = 5) -> list[Export]:
    """The newest first."""
    return list(db.session.scalars(select(Export).order_by(Export.created_at.desc()).limit(limit)))
