"""The PDF contains every good photo, byte for byte; otherwise an error is raised."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageFile

from app.pdf.engine import RenderFailed, render_pdf
from app.pdf.proof import drawn_images, photos_missing
from tests.pdf import samples
from tests.pdf.conftest import Printed
from tests.pdf.reading import text_of

# They share renders of the samples.
pytestmark = pytest.mark.xdist_group("samples")

Printing = Callable[[str], Printed]


def photo_files(printed: Printed) -> dict[str, Path]:
    return {photo.key: printed.sample.files[photo.key] for photo in printed.sample.context.photos()}


@pytest.mark.parametrize("name", ["big", "failed", "photos"])
def test_every_photo_is_embedded_byte_for_byte(printing: Printing, name: str) -> None:
    printed = printing(name)
    files = photo_files(printed)
    derivatives = {hashlib.sha256(path.read_bytes()).hexdigest() for path in files.values()}
    assert set(drawn_images(printed.path)) == derivatives
    assert photos_missing(drawn_images(printed.path), files, {}) == []


def test_forty_photos_are_all_drawn_where_they_belong(printing: Printing) -> None:
    printed = printing("photos")
    drawn = drawn_images(printed.path)
    assert sum(drawn.values()) == 40
    assert len(drawn) == 39, "two placements show the same picture"
    text = text_of(printed.path)
    assert "40 of 40 photos printed" in text
    for photo in printed.sample.context.photos():
        assert f"Photo {photo.number} " in text
        assert photo.caption in text


def test_the_file_is_hardly_larger_than_its_photos(printing: Printing) -> None:
    printed = printing("photos")
    photos = sum(path.stat().st_size for path in photo_files(printed).values())
    assert printed.rendered.bytes <= 1.05 * photos + 500_000


def test_exif_in_a_derivative_does_not_re_encode_it(tmp_path: Path) -> None:
    album = samples.Album(tmp_path, (samples.LANDSCAPE,))
    photo = album.take("With EXIF")
    exif = Image.Exif()
    exif[0x0112] = 6
    path = album.files[photo.key]
    with Image.open(path) as image:
        image.save(path, "JPEG", exif=exif)
    context = with_photo(photo)
    render_pdf(context, album.files, tmp_path / "out.pdf")
    assert photos_missing(drawn_images(tmp_path / "out.pdf"), album.files, {}) == []


def test_a_photo_that_is_not_in_the_pdf_is_named(printing: Printing, tmp_path: Path) -> None:
    other = samples.picture(tmp_path, "other", samples.TINY, 99)
    assert photos_missing(drawn_images(printing("photos").path), {"t/other": other}, {}) == [
        "t/other"
    ]


def test_a_missing_file_stops_the_render_and_leaves_nothing(tmp_path: Path) -> None:
    album = samples.Album(tmp_path, (samples.TINY,))
    context = with_photo(album.take())
    with pytest.raises(RenderFailed, match="lacks 1 of its files"):
        render_pdf(context, {}, tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


def test_a_file_that_is_no_picture_stops_the_render(tmp_path: Path) -> None:
    album = samples.Album(tmp_path, (samples.TINY,))
    photo = album.take()
    album.files[photo.key].write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    with pytest.raises(RenderFailed, match="neither JPEG nor PNG"):
        render_pdf(with_photo(photo), album.files, tmp_path / "out.pdf")
    assert not (tmp_path / "out.pdf").exists()


def test_three_questions_with_a_picture_fit_on_a_page(tmp_path: Path) -> None:
    album = samples.Album(tmp_path, (samples.LANDSCAPE, samples.LANDSCAPE, samples.PORTRAIT))
    questions = tuple(
        samples.Question(
            f"q{n}",
            f"1.{n}",
            samples.PrintedText("The cover is closed", "A tampa está fechada"),
            verdict="ok",
            photos=(album.take("Cover"),),
        )
        for n in range(12)
    )
    context = samples.bare_context(photo_totals=samples.data.PhotoTotals(good=12))
    section = replace(context.sections[0], questions=questions)
    rendered = render_pdf(replace(context, sections=(section,)), album.files, tmp_path / "out.pdf")
    assert rendered.pages <= 7, "cover, contents, four pages of three, evidence"


def test_info_fields_print_their_photos(printing: Printing) -> None:
    assert "Tag plate on the front door" in text_of(printing("big").path)


def test_weasyprint_does_not_make_pillow_accept_truncated_pictures() -> None:
    assert ImageFile.LOAD_TRUNCATED_IMAGES is False


def with_photo(photo: samples.Photo) -> samples.data.ReportContext:
    context = samples.bare_context(photo_totals=samples.data.PhotoTotals(good=1))
    question = replace(context.sections[0].questions[0], photos=(photo,))
    return replace(context, sections=(replace(context.sections[0], questions=(question,)),))
