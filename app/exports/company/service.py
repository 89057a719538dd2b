"""Requests the export of a whole company and reads its state.

The contents of the archive belong in company/making.py, which only workers use.
"""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select

from app.errors import DomainError
from app.evidence.service import record
from app.extensions import db
from app.jobs.work import ask_once, find_open
from app.models import TENANT_ROLES, Actor, Export, WorkState
from app.rows import one_or_404

# Codes of `Export.error`: errors that a retry cannot fix.
NO_ROOM = "no_room"
TOO_LARGE = "too_large"


class NotExported(DomainError):
    """This export has no file: it is not ready yet, or a newer export has replaced it."""


def request_export(*, actor: Actor) -> Export:
    """Request one archive of all data of the bound tenant.

    If an export is already in progress, returns that one. Superadmins may request it too. Allowed
    in a read-only company.
    """
    is_own = actor.role in TENANT_ROLES
    export, is_new = ask_once(Export, {"requested_by": actor.account_id if is_own else None})
    if is_new:
        record("export.requested", export, actor)
    return export


def get_file(export_id: UUID) -> Export:
    """Return the export if its file exists. Raises NotFound, NotExported."""
    export = get_export(export_id)
    if export.storage_key is None:
        raise NotExported
    return export


def note_download(*, export_id: UUID, actor: Actor) -> None:
    """Record a download in the audit trail. Raises NotFound, NotExported."""
    export = get_file(export_id)
    record("export.downloaded", export, actor, sha256=export.sha256)


def get_export(export_id: UUID) -> Export:
    """Raises NotFound."""
    return one_or_404(select(Export).where(Export.id == export_id))


def find_open_export() -> Export | None:
    """Return the export that is queued or in progress."""
    return find_open(Export)


def find_finished_export() -> Export | None:
    """Return the newest export whose file exists. Deleting the company should wait for one."""
    return db.session.scalars(
        select(Export)
        .where(Export.state == WorkState.DONE, Export.storage_key.is_not(None))
        .order_by(Export.finished_at.desc())
        .limit(1)
    ).one_or_none()


def list_exports(limit: int = 5) -> list[Export]:
    """List the exports, newest first."""
    return list(db.session.scalars(select(Export).order_by(Export.created_at.desc()).limit(limit)))
