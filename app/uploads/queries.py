"""Reads uploads and their parts. An upload is visible to the account that sends it, nobody else."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func, select

from app.extensions import db
from app.models import Actor, PhotoPart, PhotoUpload, UploadState
from app.rows import one_or_404


def get_upload(client_id: UUID, *, person: Actor) -> PhotoUpload:
    """Raises NotFound, also for another account's upload."""
    return one_or_404(
        select(PhotoUpload).where(
            PhotoUpload.client_id == client_id, PhotoUpload.account_id == person.account_id
        )
    )


def find_upload(client_id: UUID) -> PhotoUpload | None:
    """Any account's upload with this client id."""
    return db.session.scalars(
        select(PhotoUpload).where(PhotoUpload.client_id == client_id)
    ).one_or_none()


def list_parts(upload_id: UUID) -> Sequence[PhotoPart]:
    """The parts in the order of their bytes."""
    return db.session.scalars(
        select(PhotoPart).where(PhotoPart.upload_id == upload_id).order_by(PhotoPart.first_byte)
    ).all()


def count_parts(upload_id: UUID) -> int:
    statement = select(func.count(PhotoPart.id)).where(PhotoPart.upload_id == upload_id)
    return db.session.scalar(statement) or 0


def count_waiting(account_id: UUID | None) -> int:
    """The account's uploads that are in no report yet."""
    statement = select(func.count(PhotoUpload.id)).where(
        PhotoUpload.account_id == account_id, PhotoUpload.state != UploadState.PLACED
    )
    return db.session.scalar(statement) or 0
