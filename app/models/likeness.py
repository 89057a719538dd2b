"""Which photos show the same picture: what each is found by, and what a comparison found."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, Numeric, String, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY, BIGINT
from sqlalchemy.orm import Mapped, mapped_column

from app.models.base import StateText, TenantRow, one_of, tenant_key, tenant_table
from app.models.work import Work, work_table


class LikenessKind(StrEnum):
    """How alike two pictures are: a copy, or another photo of the same thing or type of thing."""

    SAME = "same"
    ALIKE = "alike"


class PhotoFeatures(TenantRow):
    """Insert-only. The words by which a picture is found, each mixed with its company's id, so that
    companies share no word; none if the picture has no details. `recipe` names how they were made.
    """

    __tablename__ = "photo_features"
    __table_args__ = tenant_table(
        tenant_key("photo_id", "photos"),
        UniqueConstraint("tenant_id", "photo_id", "recipe"),
        Index("ix_photo_features_words", "words", postgresql_using="gin"),
    )

    photo_id: Mapped[UUID]
    recipe: Mapped[str] = mapped_column(String(40))
    words: Mapped[list[int]] = mapped_column(ARRAY(BIGINT))


class PhotoLikeness(TenantRow):
    """Insert-only. A photo that shows what an earlier one shows. `earlier_id` was received first,
    whichever of the two was compared.

    `pairs` is the number of corners that both have at the same places, `agreement` (0 to 1) how
    well their pixels agree there.
    """

    __tablename__ = "photo_likenesses"
    __table_args__ = tenant_table(
        tenant_key("photo_id", "photos"),
        tenant_key("earlier_id", "photos"),
        UniqueConstraint("tenant_id", "photo_id", "earlier_id"),
        CheckConstraint("photo_id <> earlier_id", name="two_photos"),
        one_of("kind", LikenessKind),
    )

    photo_id: Mapped[UUID]
    earlier_id: Mapped[UUID]
    kind: Mapped[LikenessKind] = mapped_column(StateText(LikenessKind))
    pairs: Mapped[int]
    agreement: Mapped[Decimal] = mapped_column(Numeric(4, 3))


class PhotoComparison(Work):
    """The work of comparing one photo with the company's others. The results are its features and
    the likenesses."""

    __tablename__ = "photo_comparisons"
    __table_args__ = work_table(
        "photo_comparisons",
        tenant_key("photo_id", "photos"),
        UniqueConstraint("tenant_id", "photo_id"),
    )

    photo_id: Mapped[UUID]
