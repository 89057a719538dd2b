"""Logos: cleaned and generated."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from PIL import Image

from app.fonts import Fonts
from app.imaging import logo as logos
from app.imaging.logo import UnsupportedLogo, clean_logo, make_initials_logo
from tests.imaging import pictures


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    target = io.BytesIO()
    image.save(target, kind, **options)
    return target.getvalue()


def opened(data: bytes) -> Image.Image:
    assert data.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_pixels_stay_and_metadata_goes(kind: str) -> None:
    data = encoded(pictures.upright(), kind, exif=b"Exif\0\0" + pictures.phone_exif())
    cleaned = clean_logo(data)
    assert pictures.corners(opened(cleaned)) == pictures.CORNERS
    assert opened(cleaned).info == {}
    assert b"eXIf" not in cleaned


def test_transparency_stays() -> None:
    image = pictures.upright().convert("RGBA")
    image.putalpha(100)
    assert opened(clean_logo(encoded(image, "PNG"))).getpixel((9, 9)) == (255, 0, 0, 100)
    assert opened(clean_logo(encoded(image.quantize(8), "PNG"))).mode == "RGBA"


def test_large_ones_are_shrunk_and_small_ones_kept() -> None:
    assert opened(clean_logo(encoded(pictures.upright(3000, 1000), "PNG"))).size == (1200, 400)
    assert opened(clean_logo(encoded(pictures.upright(40, 20), "PNG"))).size == (40, 20)


@pytest.mark.parametrize("mode", ["L", "1", "CMYK", "I;16"])
def test_other_colour_modes_become_rgb(mode: str) -> None:
    image = Image.new("I;16", (8, 8), 128 * 256) if mode == "I;16" else Image.new(mode, (8, 8))
    kind = "JPEG" if mode == "CMYK" else "PNG"
    cleaned = opened(clean_logo(encoded(image, kind)))
    assert cleaned.mode == "RGB"
    if mode == "I;16":
        assert cleaned.getpixel((4, 4)) == (128, 128, 128)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "BMP", "WEBP", "EPS"])
def test_other_formats_are_refused(kind: str) -> None:
    with pytest.raises(UnsupportedLogo):
        clean_logo(encoded(pictures.upright(), kind))


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"8BPS" + bytes(60),
        encoded(pictures.texture(200, 200), "JPEG")[:2000],
        encoded(pictures.texture(200, 200), "PNG")[:2000],
        pictures.bomb_png(12_000, 12_000),
        pictures.bomb_png(30_000, 30_000),
        pictures.bomb_jpeg(65_500, 65_500),
        encoded(pictures.upright(), "PNG") + bytes(logos.MAX_LOGO_BYTES),
    ],
)
def test_vectors_damage_and_bombs_are_refused(data: bytes) -> None:
    with pytest.raises(UnsupportedLogo):
        clean_logo(data)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_whole_picture_beyond_the_pixel_limit_is_refused(kind: str) -> None:
    """The file is not damaged, and Pillow's own limit is much higher."""
    assert logos.MAX_LOGO_PIXELS == 20_000_000
    beyond = encoded(Image.new("L", (5_001, 4_000)), kind)
    with pytest.raises(UnsupportedLogo, match="more than 20000000 pixels"):
        clean_logo(beyond)
    assert opened(clean_logo(encoded(Image.new("L", (5_000, 4_000)), kind))).size == (750, 600)


def test_cleaning_a_logo_loads_no_photo_decoder() -> None:
    code = "import sys, app.imaging.logo; sys.exit('pillow_heif' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_generated_logo_is_the_same_each_time_and_clean(fonts: Fonts) -> None:
    made = make_initials_logo("Engenharia Aurora", "#0f766e", fonts=fonts)
    assert made == make_initials_logo("Engenharia Aurora", "#0f766e", fonts=fonts)
    assert made != make_initials_logo("Engenharia Aurora", "#1d4ed8", fonts=fonts)
    image = opened(made)
    assert image.getpixel((30, 120)) == (15, 118, 110, 255)
    assert image.getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert opened(clean_logo(made)).tobytes() == image.tobytes()


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Engenharia Aurora", "EA"),
        ("Companhia de Energia do Sul", "CE"),
        ("volt", "V"),
        ("Órion & Filhos", "ÓF"),
        ("---", "?"),
        ("", "?"),
    ],
)
def test_initials(name: str, letters: str, fonts: Fonts) -> None:
    assert logos._initials(name) == letters
    assert opened(make_initials_logo(name, "#fbbf24", fonts=fonts)).height == 240


def test_a_long_name_stays_in_the_box(fonts: Fonts) -> None:
    image = opened(make_initials_logo("Companhia Brasileira " * 9, "#111827", fonts=fonts))
    assert image.width <= logos.BOX[0]
