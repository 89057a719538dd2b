"""Compares a photo with the company's earlier ones: the work of kind 'photo_comparison'.

For workers only. It says where the same picture was used before, and what looks alike; it judges
nobody and blocks nothing. Pictures are compared by their thumbnails, which are small, carry no
strip and are made in the same way of every original.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from flask import current_app
from sqlalchemy import BigInteger, Numeric, Uuid, cast, column, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert

from app.extensions import db
from app.imaging.child import run_limited
from app.imaging.corners import RECIPE, WORDS, Described, describe
from app.imaging.decode import Reason, UndecodableImage
from app.imaging.likeness import Compared, Likeness, compare
from app.imaging.limits import PixelLimits
from app.jobs.registry import Claim
from app.jobs.runner import WorkFailed, keep, publish
from app.models import (
    Derivative,
    DerivativeKind,
    LikenessKind,
    Photo,
    PhotoComparison,
    PhotoFeatures,
    PhotoLikeness,
)
from app.storage import CorruptObject, MissingObject, storage
from app.tenancy import require_tenant

# A photo with so many words in common is looked at; copies have dozens (docs/adr/0040).
LEAST_SHARED = 5
MOST_CANDIDATES = 12
# A picture that was used everywhere, such as a label, is named this often.
MOST_NAMED = 8
TRIES_WHEN_HEAVY = 3
# A bigint that is never negative holds a word, and above it as much of a company's id as fits.
_COMPANIES = (1 << 63) // WORDS


@dataclass(frozen=True, slots=True)
class Subject:
    """A photo to compare; `key` is the object to look at: the thumbnail, else the original."""

    id: UUID
    sha256: str
    received_at: datetime
    key: str

    @property
    def order(self) -> tuple[datetime, UUID]:
        return self.received_at, self.id


@dataclass(frozen=True, slots=True)
class Found:
    other: Subject
    kind: LikenessKind
    pairs: int
    agreement: float


def compare_photo(claim: Claim) -> None:
    """Carry out a photo_comparison. Repeating it adds nothing.

    The words are kept before others are searched for: of two photos that are compared at the same
    time, at least one finds the other. Raises WorkFailed if the stored bytes are missing or were
    changed.
    """
    photo = _load(claim.id)
    with TemporaryDirectory(prefix="laudo-likeness-") as folder:
        picture = _local(photo, Path(folder))
        described = _describe(picture, claim.attempt)
        with keep(PhotoComparison, claim):
            _add_features(photo, described)
        copies, candidates = _search(photo, described)
        found = [*copies, *_look_at(picture, candidates, Path(folder))]
    with publish(PhotoComparison, claim):
        _add_likenesses(photo, found)


def mixed(words: Iterable[int]) -> list[int]:
    """The words with the bound company's id, so that no other company has one of them."""
    company = require_tenant().int % _COMPANIES * WORDS
    return [company + word for word in words]


def _load(comparison_id: UUID) -> Subject:
    row = db.session.execute(
        select(Photo)
        .join(PhotoComparison, PhotoComparison.photo_id == Photo.id)
        .where(PhotoComparison.id == comparison_id)
    ).scalar_one()
    photo = _subjects([row])[0]
    # Decoding takes a while; no transaction may stay open that long.
    db.session.rollback()
    return photo


def _subjects(photos: Sequence[Photo]) -> list[Subject]:
    thumbnails: Mapping[UUID, str] = {
        row.photo_id: row.storage_key
        for row in db.session.scalars(
            select(Derivative)
            .where(
                Derivative.photo_id.in_([one.id for one in photos]),
                Derivative.kind == DerivativeKind.THUMBNAIL,
            )
            .order_by(Derivative.created_at, Derivative.id)
        )
    }
    return [
        Subject(one.id, one.sha256, one.created_at, thumbnails.get(one.id, one.storage_key))
        for one in photos
    ]


def _local(photo: Subject, folder: Path) -> Path:
    try:
        return storage().local_path(photo.key, folder)
    except MissingObject as error:
        raise WorkFailed("bytes_missing") from error
    except CorruptObject as error:
        raise WorkFailed("bytes_changed") from error


def _limits() -> PixelLimits:
    return PixelLimits.up_to(current_app.config["MAX_PICTURE_PIXELS"])


def _describe(picture: Path, attempt: int) -> Described:
    """What the picture is found by: nothing if it cannot be decoded."""
    try:
        return run_limited(describe, picture, _limits())
    except UndecodableImage as error:
        if error.reason is Reason.TOO_HEAVY and attempt < TRIES_WHEN_HEAVY:
            raise
        return Described((), ())


def _add_features(photo: Subject, described: Described) -> None:
    row = {
        "tenant_id": require_tenant(),
        "photo_id": photo.id,
        "recipe": RECIPE,
        "words": mixed(described.words),
    }
    db.session.execute(insert(PhotoFeatures).values(row).on_conflict_do_nothing())


def _search(photo: Subject, described: Described) -> tuple[list[Found], list[Subject]]:
    """The photos with the same bytes, and those that may show the same."""
    same_bytes = db.session.scalars(
        select(Photo)
        .where(Photo.sha256 == photo.sha256, Photo.id != photo.id)
        .order_by(Photo.created_at, Photo.id)
        .limit(MOST_NAMED)
    ).all()
    asked = cast(mixed(described.asked), ARRAY(BigInteger))
    near = func.find_photos_by_words(asked, LEAST_SHARED, MOST_CANDIDATES + 1).table_valued(
        column("photo_id", Uuid), column("weight", Numeric), name="near"
    )
    alike = db.session.scalars(
        select(Photo)
        .join(near, near.c.photo_id == Photo.id)
        .where(Photo.id != photo.id, Photo.sha256 != photo.sha256)
        .order_by(near.c.weight.desc(), Photo.id)
        .limit(MOST_CANDIDATES)
    ).all()
    copies = [Found(one, LikenessKind.SAME, 0, 1.0) for one in _subjects(same_bytes)]
    candidates = _subjects(alike)
    db.session.rollback()
    return copies, candidates


def _look_at(picture: Path, candidates: Sequence[Subject], folder: Path) -> list[Found]:
    """The candidates that show the same or look alike. One whose file is gone is passed over."""
    files = storage().local_paths({one.key for one in candidates}, folder) if candidates else {}
    there = [one for one in candidates if one.key in files]
    if not there:
        return []
    results: list[Compared] = run_limited(
        compare, picture, [files[one.key] for one in there], _limits()
    )
    return [
        Found(one, _KINDS[result.likeness], result.pairs, result.agreement)
        for one, result in zip(there, results, strict=True)
        if result.likeness
    ]


_KINDS = {Likeness.SAME: LikenessKind.SAME, Likeness.ALIKE: LikenessKind.ALIKE}


def _add_likenesses(photo: Subject, found: Sequence[Found]) -> None:
    """Name each pair under the photo that was received later."""
    best = sorted(found, key=lambda one: (one.kind is LikenessKind.ALIKE, -one.agreement))
    rows = []
    for one in best[:MOST_NAMED]:
        earlier, later = sorted((photo, one.other), key=lambda each: each.order)
        rows.append(
            {
                "tenant_id": require_tenant(),
                "photo_id": later.id,
                "earlier_id": earlier.id,
                "kind": one.kind,
                "pairs": one.pairs,
                "agreement": Decimal(repr(one.agreement)).quantize(Decimal("0.001")),
            }
        )
    if rows:
        db.session.execute(insert(PhotoLikeness).values(rows).on_conflict_do_nothing())
