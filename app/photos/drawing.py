"""Draws a photo's derivatives under resource limits and stores their bytes. For workers only.

Untrusted files are decoded in a child process; web processes never import this module. Callers
write the rows, in the transaction that publishes their work.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

from flask import current_app
from sqlalchemy.dialects.postgresql import insert

from app.extensions import db
from app.fonts import FONT_FOLDER, Fonts
from app.imaging import derivatives as imaging
from app.imaging.child import run_limited
from app.imaging.limits import PixelLimits
from app.imaging.settings import StripStyle
from app.imaging.watermark import StripText
from app.models import Derivative, DerivativeKind
from app.storage import object_key, storage
from app.tenancy import require_tenant


@dataclass(frozen=True, slots=True)
class DrawingOrder:
    """What to draw: the original's key and the strip. Plain data without a session."""

    photo_id: UUID
    storage_key: str
    strip: StripText


@dataclass(frozen=True, slots=True)
class StoredDerivative:
    """A derivative whose bytes are stored under `key`; sizes in pixels and bytes."""

    photo_id: UUID
    kind: DerivativeKind
    recipe: str
    key: str
    sha256: str
    byte_size: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Drawing:
    """Both derivatives of a photo; `width` and `height` are those of the upright original.

    `is_damaged` is True if the decoder reported damage inside the original.
    """

    width: int
    height: int
    is_damaged: bool
    drawn: tuple[StoredDerivative, ...]


def draw(
    order: DrawingOrder, original: Path, logo: Path | None, style: StripStyle, out: Path
) -> Drawing:
    """Draw the thumbnail and the print of a local original and store them.

    Raises UndecodableImage, ChildFailed, FontsMissing, StorageFull.
    """
    limits = PixelLimits.up_to(current_app.config["MAX_PICTURE_PIXELS"])
    make = partial(
        imaging.make_derivatives,
        fonts=Fonts.from_folder(FONT_FOLDER),
        style=style,
        max_pixels=limits,
    )
    made = run_limited(make, original, out, order.strip, logo)
    kinds = ((DerivativeKind.THUMBNAIL, made.thumbnail), (DerivativeKind.PRINT, made.print))
    drawn = tuple(_store(order.photo_id, kind, file) for kind, file in kinds)
    return Drawing(made.width, made.height, made.is_damaged, drawn)


def local_logo(key: str | None, folder: Path) -> Path | None:
    """The logo as a local PNG, None if the company has none or the file is missing.

    A missing decoration must not block evidence.
    """
    return storage().local_path(key, folder) if key and storage().exists(key) else None


def add_rows(drawn: Iterable[StoredDerivative]) -> None:
    """Write the rows; rows that another worker has already written stay."""
    rows = [
        {
            "tenant_id": require_tenant(),
            "photo_id": one.photo_id,
            "kind": one.kind,
            "recipe": one.recipe,
            "storage_key": one.key,
            "sha256": one.sha256,
            "byte_size": one.byte_size,
            "width": one.width,
            "height": one.height,
        }
        for one in drawn
    ]
    if rows:
        db.session.execute(insert(Derivative).values(rows).on_conflict_do_nothing())


def _store(photo_id: UUID, kind: DerivativeKind, file: imaging.Derivative) -> StoredDerivative:
    key = object_key(require_tenant(), "derived", file.sha256, ".jpg")
    storage().put(key, file.path)
    return StoredDerivative(
        photo_id, kind, file.recipe, key, file.sha256, file.byte_size, file.width, file.height
    )
