"""Photos: the received bytes (insert-only), what a worker read from them, and their placements."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, DateTime, Index, Numeric, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.models.base import (
    Changing,
    StateText,
    TenantRow,
    one_of,
    own_key,
    tenant_key,
    tenant_table,
)
from app.models.work import Work, work_table


class PhotoVerdict(StrEnum):
    GOOD = "good"
    QUARANTINED = "quarantined"


class PhotoSource(StrEnum):
    CAMERA = "camera"
    FILE = "file"


class DerivativeKind(StrEnum):
    THUMBNAIL = "thumbnail"
    PRINT = "print"


def _point_index(table: str) -> Index:
    """The index of positions on the earth, used by find_photos_near."""
    return Index(
        f"ix_{table}_point",
        text("point(longitude::float8, latitude::float8)"),
        postgresql_using="gist",
        postgresql_where=text("latitude is not null and longitude is not null"),
    )


class Photo(TenantRow):
    """Insert-only. The bytes as received, and the place and time reported by the browser.

    `sha256` is of the stored bytes (hex); `latitude`/`longitude`/`accuracy_m` are the browser's
    (degrees, metres); `position_at` and `client_at` are the phone's clock; `created_at` is the
    time of receipt. An upload that is sent again finds this row by `client_id`.
    `is_hash_confirmed`: the phone computed the same hash before it sent the bytes; None in rows of
    releases that did not keep this.
    """

    __tablename__ = "photos"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("uploaded_by", "accounts"),
        UniqueConstraint("tenant_id", "client_id"),
        Index("ix_photos_tenant_id_report_id", "tenant_id", "report_id"),
        Index("ix_photos_tenant_id_sha256", "tenant_id", "sha256"),
        Index("ix_photos_tenant_id_byte_size", "tenant_id", postgresql_include=["byte_size"]),
        _point_index("photos"),
        one_of("source", PhotoSource),
        own_key("storage_key", kind="orig", sha256="sha256"),
    )

    report_id: Mapped[UUID]
    client_id: Mapped[UUID]
    sha256: Mapped[str] = mapped_column(String(64))
    byte_size: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(40))
    storage_key: Mapped[str] = mapped_column(String(200))
    source: Mapped[PhotoSource] = mapped_column(StateText(PhotoSource))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    accuracy_m: Mapped[Decimal | None] = mapped_column(Numeric(10, 1))
    position_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    client_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    uploaded_by: Mapped[UUID]
    is_hash_confirmed: Mapped[bool | None]

    reading: Mapped[PhotoReading | None] = relationship(back_populates="photo", viewonly=True)
    derivatives: Mapped[list[Derivative]] = relationship(viewonly=True)


class PhotoReading(TenantRow):
    """Insert-only. What a worker read from the original bytes.

    `taken_at` is the camera's local clock as written ('2026-11-22T14:05:09', no zone),
    `taken_offset` its zone if EXIF has one ('-03:00'). `reason` is the code (app.imaging) of why
    a picture is quarantined.
    """

    __tablename__ = "photo_readings"
    __table_args__ = tenant_table(
        tenant_key("photo_id", "photos"),
        UniqueConstraint("tenant_id", "photo_id"),
        _point_index("photo_readings"),
        one_of("verdict", PhotoVerdict),
    )

    photo_id: Mapped[UUID]
    verdict: Mapped[PhotoVerdict] = mapped_column(StateText(PhotoVerdict))
    reason: Mapped[str | None] = mapped_column(String(40))
    width: Mapped[int | None]
    height: Mapped[int | None]
    orientation: Mapped[int | None]
    taken_at: Mapped[str | None] = mapped_column(String(32))
    taken_offset: Mapped[str | None] = mapped_column(String(6))
    latitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    longitude: Mapped[Decimal | None] = mapped_column(Numeric(9, 6))
    altitude_m: Mapped[Decimal | None] = mapped_column(Numeric(10, 1))
    accuracy_m: Mapped[Decimal | None] = mapped_column(Numeric(10, 1))
    device: Mapped[str | None] = mapped_column(String(200))
    exif: Mapped[dict[str, Any]] = mapped_column(server_default=text("'{}'"))
    notes: Mapped[list[Any]] = mapped_column(server_default=text("'[]'"))
    parser_version: Mapped[str] = mapped_column(String(40))

    photo: Mapped[Photo] = relationship(back_populates="reading", viewonly=True)


class Derivative(TenantRow):
    """Insert-only. A picture made from the original by `recipe`; a new recipe is a new row."""

    __tablename__ = "derivatives"
    __table_args__ = tenant_table(
        tenant_key("photo_id", "photos"),
        UniqueConstraint("tenant_id", "photo_id", "kind", "recipe"),
        one_of("kind", DerivativeKind),
        own_key("storage_key", kind="derived", sha256="sha256", suffix=".jpg"),
        Index("ix_derivatives_tenant_id_byte_size", "tenant_id", postgresql_include=["byte_size"]),
    )

    photo_id: Mapped[UUID]
    kind: Mapped[DerivativeKind] = mapped_column(StateText(DerivativeKind))
    recipe: Mapped[str] = mapped_column(String(64))
    storage_key: Mapped[str] = mapped_column(String(200))
    sha256: Mapped[str] = mapped_column(String(64))
    byte_size: Mapped[int] = mapped_column(BigInteger)
    width: Mapped[int]
    height: Mapped[int]


class PhotoPlacement(Changing, TenantRow):
    """The place of a photo in a report: field, caption, order. Removing it hides it; bytes and
    audit stay.

    A photo may have several placements, also in reports other than the one that received it.
    `quarantine_reason` is the technician's explanation if the picture cannot be taken again,
    `position_reason` if it has no position although its question requires one. `row_version` counts
    the captions, from 1 for the one that it came with; `captioned_by` and `captioned_at` are those
    of the last change. `carried_from` is the placement in the revision that the report corrects.
    """

    __tablename__ = "photo_placements"
    __table_args__ = tenant_table(
        tenant_key("report_id", "reports"),
        tenant_key("photo_id", "photos"),
        tenant_key("captioned_by", "accounts"),
        tenant_key("carried_from", "photo_placements"),
        Index("ix_photo_placements_tenant_id_photo_id", "tenant_id", "photo_id"),
        Index("ix_photo_placements_tenant_id_report_id", "tenant_id", "report_id"),
        Index(
            "ix_photo_placements_tenant_id_carried_from",
            "tenant_id",
            "carried_from",
            postgresql_where=text("carried_from is not null"),
        ),
    )

    report_id: Mapped[UUID]
    photo_id: Mapped[UUID]
    field_id: Mapped[str] = mapped_column(String(80))
    block_key: Mapped[str] = mapped_column(String(80), server_default="")
    row_version: Mapped[int] = mapped_column(server_default=text("1"))
    caption: Mapped[str] = mapped_column(String(500), server_default="")
    captioned_by: Mapped[UUID | None]
    captioned_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    position: Mapped[int] = mapped_column(server_default=text("0"))
    quarantine_reason: Mapped[str] = mapped_column(String(1000), server_default="")
    position_reason: Mapped[str] = mapped_column(String(1000), server_default="")
    removed_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    carried_from: Mapped[UUID | None]

    photo: Mapped[Photo] = relationship(viewonly=True)


class PhotoCheck(Work):
    """The work of reading one photo. The results are the PhotoReading and the derivatives."""

    __tablename__ = "photo_checks"
    __table_args__ = work_table(
        "photo_checks",
        tenant_key("photo_id", "photos"),
        UniqueConstraint("tenant_id", "photo_id"),
    )

    photo_id: Mapped[UUID]
