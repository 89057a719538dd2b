"""The strip: below the picture, complete, within its edges, in both themes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from app.fonts import Fonts
from app.imaging.logo import make_initials_logo
from app.imaging.settings import StripTheme
from app.imaging.watermark import (
    StripText,
    draw_strip,
    join,
    load_logo,
    text_size,
)
from tests.imaging import pictures

LONG = "Obra " * 30 + "palavra-sem-nenhum-espaço-" * 4


@pytest.fixture(scope="module")
def logo(fonts: Fonts, tmp_path_factory: pytest.TempPathFactory) -> Image.Image:
    path = tmp_path_factory.mktemp("logo") / "logo.png"
    path.write_bytes(make_initials_logo("Engenharia Aurora", "#0f766e", fonts=fonts))
    return load_logo(path)


def ink_box(strip: Image.Image) -> tuple[int, int, int, int]:
    """The bounding box of everything drawn below the top rule."""
    inner = strip.crop((0, 4, strip.width, strip.height))
    ground = Image.new("RGB", inner.size, inner.getpixel((0, inner.height - 1)))
    box = ImageChops.difference(inner, ground).getbbox()
    assert box is not None
    return box


@pytest.mark.parametrize("theme", StripTheme)
@pytest.mark.parametrize(("width", "size"), [(640, 16), (720, 24), (960, 24), (1600, 40)])
@pytest.mark.parametrize("place", ["", "São Paulo", LONG])
@pytest.mark.parametrize("with_logo", [False, True])
def test_everything_stays_inside(
    fonts: Fonts, strip: StripText, logo: Image.Image, theme, width, size, place, with_logo
) -> None:
    drawn = draw_strip(
        width,
        size,
        replace(strip, place=place, site=place),
        logo if with_logo else None,
        fonts,
        theme,
    )
    assert drawn.width == width
    left, top, right, bottom = ink_box(drawn)
    edge = size // 2
    assert left >= edge
    assert right <= width - edge
    assert top >= edge - 4
    assert bottom <= drawn.height - 4 - edge


def test_more_text_makes_it_higher_and_never_cuts(fonts: Fonts, strip: StripText) -> None:
    short = draw_strip(640, 16, strip, None, fonts)
    long = draw_strip(640, 16, replace(strip, place=LONG), None, fonts)
    assert long.height > short.height


def test_empty_lines_take_no_room(fonts: Fonts, strip: StripText) -> None:
    whole = draw_strip(960, 24, strip, None, fonts).height
    for names in (("position", "place"), ("place", "from_site"), ("site",)):
        bare = replace(strip, **dict.fromkeys(names, ""))
        assert draw_strip(960, 24, bare, None, fonts).height < whole, names
    nothing = StripText("", "", "", "", "")
    assert draw_strip(960, 24, nothing, None, fonts).height > 0


def test_the_site_is_separate_below_the_facts(
    fonts: Fonts, strip: StripText, logo: Image.Image
) -> None:
    """The project's name changes no pixel above the horizontal line."""
    for mark in (None, logo):
        without = draw_strip(960, 24, replace(strip, site=""), mark, fonts)
        seen = without.crop((0, 0, 960, without.height - 18))
        for site in ("Site: Here", "Site: A longer name · A street"):
            whole = draw_strip(960, 24, replace(strip, site=site), mark, fonts)
            assert whole.crop((0, 0, 960, seen.height)).tobytes() == seen.tobytes()
            rule = whole.crop((18, seen.height, 942, whole.height)).getcolors(1 << 16)
            assert rule and len(rule) > 1


def test_only_the_first_digits_of_the_hash_are_drawn(fonts: Fonts, strip: StripText) -> None:
    other = replace(strip, sha256=strip.sha256[:12] + "f" * 52)
    changed = replace(strip, sha256="f" + strip.sha256[1:])
    drawn = draw_strip(960, 24, strip, None, fonts).tobytes()
    assert draw_strip(960, 24, other, None, fonts).tobytes() == drawn
    assert draw_strip(960, 24, changed, None, fonts).tobytes() != drawn


def test_each_theme_is_the_reverse_of_the_other(fonts: Fonts, strip: StripText) -> None:
    light = draw_strip(960, 24, strip, None, fonts, StripTheme.LIGHT)
    dark = draw_strip(960, 24, strip, None, fonts, StripTheme.DARK)
    assert light.size == dark.size
    assert light.getpixel((2, light.height - 2)) == (255, 255, 255)
    assert max(dark.getpixel((2, dark.height - 2))) < 60  # type: ignore[arg-type]


def test_the_picture_keeps_every_pixel(fonts: Fonts, strip: StripText) -> None:
    picture = pictures.texture(500, 300)
    drawn = draw_strip(640, 16, strip, None, fonts)
    whole = join(picture, drawn, StripTheme.LIGHT)
    assert whole.size == (640, 300 + drawn.height)
    assert whole.crop((70, 0, 570, 300)).tobytes() == picture.tobytes()
    assert whole.crop((0, 300, *whole.size)).tobytes() == drawn.tobytes()


def test_text_stays_legible() -> None:
    assert text_size(960, 720) == 27
    assert text_size(720, 960) == 30
    assert text_size(100, 80) == 15


def test_a_logo_is_a_png(tmp_path: Path) -> None:
    path = pictures.write_jpeg(tmp_path / "logo", pictures.upright())
    with pytest.raises(OSError, match="cannot identify"):
        load_logo(path)
