"""Makes one preview: a PDF, two of its pages as images, and a watermarked photo. For workers only.

The data are samples (sample.py, photos.py), but the rendering code is the one that reports use. No
transaction is open during rendering, since that takes seconds.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pypdfium2 import PdfDocument
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE
from sqlalchemy import select, update

from app.agreement import places_of, times_of
from app.branding.draft import Draft
from app.branding.preview.photos import draw_photo
from app.branding.preview.sample import MOMENT, NUMBER, PHOTO_QUESTION, PLACE, sample_report
from app.extensions import db
from app.fonts import FONT_FOLDER, Fonts
from app.imaging.derivatives import make_derivatives
from app.jobs.registry import Claim
from app.jobs.runner import FenceLost, publish
from app.models import BrandPreview, Photo, PhotoReading
from app.pdf import context as pdf
from app.pdf.engine import render_pdf
from app.pdf.labels import Labels
from app.photos.drawing import local_logo
from app.photos.strip import StripFrame, nearest_words, site_words, strip_text, time_words
from app.storage import object_key, put_bytes, storage
from app.surroundings import Site, Surroundings
from app.tenancy import require_tenant

PAGE_WIDTH = 1000
"""Width of a page image in pixels: sharp on a desktop screen, but still a small file."""

PHOTO_COUNT = 3
COVER_PAGE = 0
SITE = Site(Decimal("-23.627100"), Decimal("-46.700300"), 1_000)


@dataclass(frozen=True, slots=True)
class PreviewInputs:
    """The draft and the company's settings from the row of a preview, as plain data."""

    draft: Draft
    settings: dict[str, Any]
    frame: StripFrame


def make_preview(claim: Claim) -> None:
    """Make one preview. A retry makes the same bytes under the same keys."""
    inputs = _load(claim)
    with TemporaryDirectory(prefix="laudo-preview-") as name:
        folder = Path(name)
        photos, files = _photos(inputs, folder)
        output = folder / "sample.pdf"
        _render(inputs, photos, files, folder, output)
        cover, page = _page_images(output)
        keys = {
            "cover_key": _store(cover, ".png"),
            "page_key": _store(page, ".png"),
            "photo_key": _store(files[photos[0].key].read_bytes(), ".jpg"),
        }
    with publish(BrandPreview, claim):
        db.session.execute(
            update(BrandPreview)
            .where(BrandPreview.id == claim.id)
            .values(**keys)
            .execution_options(synchronize_session=False)
        )


def _load(claim: Claim) -> PreviewInputs:
    settings = db.session.scalars(
        select(BrandPreview.settings).where(BrandPreview.id == claim.id)
    ).one_or_none()
    db.session.rollback()
    if settings is None:
        raise FenceLost(str(claim))
    draft = Draft.of(settings)
    store, shown = storage(), draft.watermark
    for key in ("logo_key", "second_logo_key"):
        if settings[key] and not store.exists(settings[key]):
            settings = {**settings, key: None}
    frame = StripFrame(
        report=f"{NUMBER}-R0",
        site=PLACE,
        language="pt" if str(settings["locale"]).startswith("pt") else "en",
        time_zone=settings["time_zone"],
        logo_key=settings["logo_key"] if shown.logo else None,
        watermark=shown,
        surroundings=Surroundings(SITE),
    )
    return PreviewInputs(draft, settings, frame)


def _photos(inputs: PreviewInputs, folder: Path) -> tuple[tuple[pdf.Photo, ...], dict[str, Path]]:
    """Draw the sample photos. Returns their PDF data and their watermarked files by key."""
    logo = local_logo(inputs.frame.logo_key, folder)
    fonts = Fonts.from_folder(FONT_FOLDER)
    photos: list[pdf.Photo] = []
    files: dict[str, Path] = {}
    for number in range(PHOTO_COUNT):
        original = draw_photo(folder / f"original-{number}.jpg", number)
        photo, reading = _photo_rows(original, number)
        out = folder / str(number)
        out.mkdir()
        strip = strip_text(photo, reading, inputs.frame)
        made = make_derivatives(
            original, out, strip, logo, fonts=fonts, style=inputs.frame.watermark.style
        )
        files[_key(number)] = made.print.path
        size = made.print.width, made.print.height
        photos.append(_pdf_photo(inputs, photo, reading, number, size))
    return tuple(photos), files


def _photo_rows(original: Path, number: int) -> tuple[Photo, PhotoReading]:
    """Sample rows with the data that a phone and its camera would record. They are never stored."""
    taken = MOMENT - timedelta(minutes=55 - number * 6)
    photo = Photo(
        sha256=hashlib.sha256(original.read_bytes()).hexdigest(),
        client_at=taken,
        created_at=taken + timedelta(seconds=4),
    )
    local = taken - timedelta(hours=3)
    reading = PhotoReading(
        taken_at=local.strftime("%Y-%m-%dT%H:%M:%S"),
        taken_offset="-03:00",
        latitude=Decimal("-23.626612"),
        longitude=Decimal("-46.701234"),
        accuracy_m=Decimal("8"),
        notes=[],
    )
    return photo, reading


def _pdf_photo(
    inputs: PreviewInputs, photo: Photo, reading: PhotoReading, number: int, size: tuple[int, int]
) -> pdf.Photo:
    taken, place = times_of(photo, reading)[0], places_of(photo, reading)[0]
    labels, around = Labels((inputs.frame.language,)), inputs.frame.surroundings
    return pdf.Photo(
        key=_key(number),
        number=f"{PHOTO_QUESTION}-{number + 1}",
        width=size[0],
        height=size[1],
        sha256=photo.sha256,
        time_text=time_words(taken, inputs.frame.language, inputs.frame.time_zone),
        time_source=taken.source,
        coordinates=place.words,
        accuracy=place.accuracy_words,
        place_source=place.source,
        nearest=nearest_words(around.nearest(photo.id, place), labels),
        from_site=site_words(around.site_distance_m(place), labels),
        is_told=inputs.frame.watermark.coordinates,
    )


def _key(number: int) -> str:
    return f"sample/{number}"


def _render(
    inputs: PreviewInputs,
    photos: tuple[pdf.Photo, ...],
    files: dict[str, Path],
    folder: Path,
    output: Path,
) -> None:
    settings = inputs.settings
    logos = {
        key: storage().local_path(key, folder)
        for key in (settings["logo_key"], settings["second_logo_key"])
        if key
    }
    context = sample_report(
        inputs.draft,
        company=settings["name"],
        language=inputs.frame.language,
        time_zone=inputs.frame.time_zone,
        logo_key=settings["logo_key"],
        second_logo_key=settings["second_logo_key"],
        photos=photos,
    )
    render_pdf(context, {**files, **logos}, output)


def _page_images(output: Path) -> tuple[bytes, bytes]:
    """Render the first page and the later one with the most photos as PNG.

    They are the same if a layout has room for the sample on one page.
    """
    document = PdfDocument(output)
    try:
        later = range(1, len(document)) or range(1)
        inside = max(later, key=lambda number: _count_images(document, number))
        return _png(document, COVER_PAGE), _png(document, inside)
    finally:
        document.close()


def _count_images(document: PdfDocument, number: int) -> int:
    return sum(1 for _ in document[number].get_objects(filter=[FPDF_PAGEOBJ_IMAGE]))


def _png(document: PdfDocument, number: int) -> bytes:
    page = document[number]
    picture = page.render(scale=PAGE_WIDTH / page.get_width()).to_pil()
    target = io.BytesIO()
    picture.save(target, "PNG", optimize=True)
    return target.getvalue()


def _store(data: bytes, suffix: str) -> str:
    key = object_key(require_tenant(), "preview", hashlib.sha256(data).hexdigest(), suffix)
    put_bytes(key, data)
    return key
