"""Derivatives: sizes, no metadata, the picture above its strip, the same bytes every time."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from app.fonts import Fonts
from app.imaging.child import run_limited
from app.imaging.decode import Reason, UndecodableImage
from app.imaging.derivatives import (
    DerivativeSet,
    Sizes,
    make_derivatives,
    print_recipe,
    thumbnail_recipe,
)
from app.imaging.logo import make_initials_logo
from app.imaging.settings import StripStyle, StripTheme
from app.imaging.watermark import StripText
from tests.imaging import pictures
from tests.imaging.pictures import CORNERS, corners, phone_exif

WRITERS = [pictures.write_jpeg, pictures.write_png, pictures.write_heic]


@pytest.fixture
def logo(fonts: Fonts, tmp_path: Path) -> Path:
    path = tmp_path / "logo.png"
    path.write_bytes(make_initials_logo("Engenharia Aurora", "#0f766e", fonts=fonts))
    return path


def make(
    original: Path, strip: StripText, fonts: Fonts, folder: str = "out", **options: object
) -> DerivativeSet:
    out = original.parent / folder
    out.mkdir()
    options.setdefault("logo", None)
    return make_derivatives(original, out, strip, fonts=fonts, **options)  # type: ignore[arg-type]


def segments(data: bytes) -> set[int]:
    """The marker numbers of a JPEG's header segments."""
    found, at = set(), 2
    while data[at + 1] != 0xDA:
        found.add(data[at + 1])
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return found


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_both_sizes_are_upright(
    write, orientation: int, tmp_path: Path, fonts: Fonts, strip: StripText, logo: Path
) -> None:
    # Taken in portrait format, so the upright picture is higher than wide.
    image = pictures.stored(orientation, 1200, 1600)
    original = write(tmp_path / "photo", image, phone_exif(orientation=orientation))
    made = make(original, strip, fonts, logo=logo)
    assert (made.width, made.height) == (1200, 1600)
    assert (made.thumbnail.width, made.thumbnail.height) == (360, 480)
    assert made.print.width == 720
    assert made.print.height > 960
    with Image.open(made.thumbnail.path) as image:
        assert corners(image) == CORNERS
    with Image.open(made.print.path) as image:
        assert corners(image.crop((0, 0, 720, 960))) == CORNERS


def test_the_described_file_properties_are_true(
    tmp_path: Path, fonts: Fonts, strip: StripText
) -> None:
    made = make(pictures.write_jpeg(tmp_path / "p", pictures.upright(1920, 1440)), strip, fonts)
    for derivative in (made.thumbnail, made.print):
        data = derivative.path.read_bytes()
        assert derivative.byte_size == len(data)
        assert derivative.sha256 == hashlib.sha256(data).hexdigest()
        with Image.open(derivative.path) as image:
            assert image.format == "JPEG"
            assert image.size == (derivative.width, derivative.height)
            assert image.layer[0][1:3] == (2, 2)  # type: ignore[attr-defined]  # 4:2:0


@pytest.mark.parametrize("write", WRITERS)
def test_no_metadata_is_left(write, tmp_path: Path, fonts: Fonts, strip: StripText) -> None:
    image = pictures.upright(1600, 1200)
    image.info["comment"] = b"a comment"
    original = write(tmp_path / "photo", image, phone_exif())
    made = make(original, strip, fonts)
    for derivative in (made.thumbnail, made.print):
        data = derivative.path.read_bytes()
        assert not segments(data) & ({0xFE} | set(range(0xE1, 0xF0)))
        assert b"Exif" not in data
        assert b"Acme" not in data


@pytest.mark.parametrize("write", WRITERS)
def test_the_same_input_gives_the_same_bytes(
    write, tmp_path: Path, fonts: Fonts, strip: StripText, logo: Path
) -> None:
    original = write(tmp_path / "photo", pictures.texture(500, 300), phone_exif())
    first = make(original, strip, fonts, "first", logo=logo)
    out = tmp_path / "second"
    out.mkdir()
    second = run_limited(
        lambda: make_derivatives(original, out, strip, logo, fonts=fonts),
    )
    assert first.print.sha256 == second.print.sha256
    assert first.thumbnail.sha256 == second.thumbnail.sha256
    assert first.print.recipe == second.print.recipe


def test_another_text_logo_or_theme_is_another_recipe(strip: StripText, logo: Path) -> None:
    recipes = [
        print_recipe(strip, None),
        print_recipe(replace(strip, place="elsewhere"), None),
        print_recipe(strip, logo),
        print_recipe(strip, None, StripStyle(StripTheme.DARK)),
        print_recipe(strip, None, sizes=Sizes(print=800)),
        thumbnail_recipe(),
    ]
    assert len(set(recipes)) == len(recipes)
    assert all(len(recipe) <= 64 for recipe in recipes)


def test_the_strip_is_below_and_covers_nothing(
    tmp_path: Path, fonts: Fonts, strip: StripText
) -> None:
    original = pictures.write_png(tmp_path / "photo", pictures.texture(960, 540))
    made = make(original, strip, fonts)
    with Image.open(original) as before, Image.open(made.print.path) as after:
        difference = ImageChops.difference(
            before.convert("L"), after.crop((0, 0, 960, 540)).convert("L")
        )
        bottom = difference.crop((0, 500, 960, 540))
        # Only JPEG loss, and no more of it next to the strip than elsewhere.
        assert ImageStat.Stat(difference).mean[0] < 6
        assert ImageStat.Stat(bottom).mean[0] < 6
        ground = after.crop((0, 546, 8, after.height))
        assert min(ImageStat.Stat(ground).mean) > 250


@pytest.mark.parametrize("size", [(1, 1), (100, 68), (160, 120), (320, 900), (2400, 40), (9, 3000)])
def test_small_and_odd_shapes_get_a_readable_strip(
    size: tuple[int, int], tmp_path: Path, fonts: Fonts, strip: StripText, logo: Path
) -> None:
    made = make(pictures.write_png(tmp_path / "p", Image.new("RGB", size)), strip, fonts, logo=logo)
    assert made.print.width >= 640
    assert (made.width, made.height) == size
    assert made.thumbnail.width <= min(480, size[0])


def test_a_tiny_picture_is_enlarged_and_centred(
    tmp_path: Path, fonts: Fonts, strip: StripText
) -> None:
    made = make(pictures.write_png(tmp_path / "p", pictures.upright(100, 80)), strip, fonts)
    with Image.open(made.print.path) as image:
        assert corners(image.crop((120, 0, 520, 320))) == CORNERS


def test_the_caller_chooses_the_sizes(tmp_path: Path, fonts: Fonts, strip: StripText) -> None:
    original = pictures.write_jpeg(tmp_path / "p", pictures.upright(1600, 1200))
    made = make(original, strip, fonts, sizes=Sizes(thumbnail=200, print=1280))
    assert (made.thumbnail.width, made.print.width) == (200, 1280)


def test_a_bad_file_writes_nothing(tmp_path: Path, fonts: Fonts, strip: StripText) -> None:
    whole = pictures.write_jpeg(tmp_path / "p", pictures.texture(640, 480)).read_bytes()
    (tmp_path / "p").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UndecodableImage) as caught:
        make(tmp_path / "p", strip, fonts)
    assert caught.value.reason is Reason.TRUNCATED
    assert list((tmp_path / "out").iterdir()) == []
