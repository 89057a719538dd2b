"""A company's settings for the strip: each choice has its own, reproducible bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops, ImageStat

from app.fonts import Fonts
from app.imaging.derivatives import DerivativeSet, Sizes, make_derivatives, print_recipe
from app.imaging.settings import StripPosition, StripStyle, StripTheme, WatermarkSettings
from app.imaging.watermark import StripText, add_strip, draw_strip
from tests.imaging import pictures

ON = StripStyle(position=StripPosition.ON)
STYLES = [
    StripStyle(),
    StripStyle(StripTheme.DARK),
    ON,
    replace(ON, opacity=40),
    replace(ON, opacity=70, theme=StripTheme.DARK),
]


def made(folder: Path, strip: StripText, fonts: Fonts, style: StripStyle) -> DerivativeSet:
    original = folder / "original.jpg"
    if not original.exists():  # its noise differs each time
        pictures.write_jpeg(original, pictures.texture(1200, 900))
    out = folder / f"{style.theme}-{style.position}-{style.opacity}"
    out.mkdir(exist_ok=True)
    return make_derivatives(original, out, strip, None, fonts=fonts, style=style)


@pytest.mark.parametrize("style", STYLES, ids=str)
def test_the_same_input_and_settings_give_the_same_bytes(tmp_path, strip, fonts, style):
    first = made(tmp_path, strip, fonts, style).print
    again = made(tmp_path, strip, fonts, style).print
    assert (first.sha256, first.recipe) == (again.sha256, again.recipe)


def test_every_style_has_its_own_bytes_and_recipe(tmp_path, strip, fonts):
    prints = [made(tmp_path, strip, fonts, style).print for style in STYLES]
    assert len({one.sha256 for one in prints}) == len(STYLES)
    assert len({one.recipe for one in prints}) == len(STYLES)


def test_a_strip_below_keeps_the_recipe_that_stored_prints_have(strip):
    """Photos drawn before the setting existed must not all be drawn again."""
    parts = {"strip": asdict(strip), "logo": None, "theme": "light", "sizes": asdict(Sizes())}
    digest = hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
    assert print_recipe(strip, None) == f"2-{digest[:16]}"
    assert print_recipe(strip, None, StripStyle(opacity=60)) == print_recipe(strip, None)


def test_on_the_picture_it_covers_the_lower_edge_and_no_more(fonts, strip):
    picture = pictures.texture(960, 720)
    whole = add_strip(picture, 960, strip, None, fonts, ON)
    height = draw_strip(960, 27, strip, None, fonts).height
    assert whole.size == picture.size
    upper = (0, 0, 960, 720 - height)
    assert whole.crop(upper).tobytes() == picture.crop(upper).tobytes()
    lower = whole.crop((0, 720 - height, 960, 720))
    assert lower.tobytes() == draw_strip(960, 27, strip, None, fonts).tobytes()


@pytest.mark.parametrize("theme", StripTheme)
def test_less_opacity_lets_more_of_the_picture_through(fonts, strip, theme):
    picture = pictures.texture(960, 720)

    def hidden(opacity: int) -> float:
        style = StripStyle(theme, StripPosition.ON, opacity)
        whole = add_strip(picture, 960, strip, None, fonts, style)
        return float(sum(ImageStat.Stat(ImageChops.difference(whole, picture)).sum))

    assert hidden(40) < hidden(70) < hidden(100)


@pytest.mark.parametrize("ground", ["#000000", "#ffffff", "#7f7f7f", "#d02020"])
@pytest.mark.parametrize("theme", StripTheme)
def test_words_keep_a_halo_on_a_thin_ground(fonts, strip, ground, theme):
    """Text is next to its own background colour, whatever is underneath."""
    style = StripStyle(theme, StripPosition.ON, 40)
    whole = add_strip(Image.new("RGB", (960, 720), ground), 960, strip, None, fonts, style)
    strip_part = whole.crop((0, 560, 960, 720)).convert("L")
    darkest, lightest = strip_part.getextrema()
    assert lightest - darkest > 200


def test_a_picture_too_low_for_it_has_the_strip_below(fonts, strip):
    low = pictures.texture(960, 300)
    assert add_strip(low, 960, strip, None, fonts, ON).height > 300
    high = pictures.texture(960, 700)
    assert add_strip(high, 960, strip, None, fonts, ON).height == 700


def test_a_narrow_picture_is_centred_under_a_strip_over_it(fonts, strip):
    narrow = pictures.texture(300, 900)
    whole = add_strip(narrow, 640, strip, None, fonts, ON)
    assert whole.size == (640, 900)
    assert whole.crop((170, 0, 470, 400)).tobytes() == narrow.crop((0, 0, 300, 400)).tobytes()


def test_only_changed_settings_are_stored():
    assert WatermarkSettings().overrides() == {}
    chosen = WatermarkSettings(place=False, position=StripPosition.ON, opacity=60)
    assert chosen.overrides() == {"place": False, "position": "on", "opacity": 60}
    assert WatermarkSettings.of(chosen.overrides()) == chosen


@pytest.mark.parametrize(
    "stored",
    [{"opacity": 5}, {"opacity": "much"}, {"theme": "pink"}, {"unknown": 1}, {"position": None}],
)
def test_invalid_stored_settings_fall_back_to_defaults(stored):
    assert WatermarkSettings.of({**stored, "logo": False}) == WatermarkSettings(logo=False)
