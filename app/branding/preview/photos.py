"""Draws sample photos for the preview: cabinets in a plant room. They are not evidence.

The same seed gives the same bytes. For workers only, because it imports Pillow.
"""

from __future__ import annotations

from pathlib import Path
from random import Random

from PIL import Image, ImageDraw, ImageFilter

SIZE = (1280, 960)
_WALL, _FLOOR, _STEEL, _DOOR, _EDGE = "#8d949b", "#5f656b", "#c9cdd1", "#b9bec4", "#4b5157"
_LAMPS = ("#2fae66", "#d9a21b", "#c8372d")


def draw_photo(path: Path, seed: int) -> Path:
    """Write a JPEG of SIZE to `path` and return it."""
    chance = Random(seed)  # noqa: S311  pixels, not secrets
    image = _room()
    pen = ImageDraw.Draw(image)
    left = 110 + chance.randrange(60)
    for cabinet in range(3):
        _cabinet(pen, left + cabinet * 370, chance)
    image = image.filter(ImageFilter.GaussianBlur(1.1))
    image.save(path, "JPEG", quality=88)
    return path


def _room() -> Image.Image:
    """Draw a wall lit from above, and the floor."""
    light = Image.radial_gradient("L").resize((SIZE[0] * 2, SIZE[1] * 2))
    light = light.crop((SIZE[0] // 2, SIZE[1] // 2 + 180, SIZE[0] * 3 // 2, SIZE[1] * 3 // 2 + 180))
    dark = Image.new("RGB", SIZE, "#3c4146")
    room = Image.composite(dark, Image.new("RGB", SIZE, _WALL), light)
    pen = ImageDraw.Draw(room)
    pen.polygon([(0, 850), (SIZE[0], 850), SIZE, (0, SIZE[1])], fill=_FLOOR)
    pen.line([(0, 850), (SIZE[0], 850)], fill="#464b50", width=4)
    return room


def _cabinet(pen: ImageDraw.ImageDraw, left: int, chance: Random) -> None:
    right, top, foot = left + 320, 120, 850
    pen.rectangle((left + 12, top + 14, right + 14, foot + 14), fill="#33383d")
    pen.rectangle((left, top, right, foot), fill=_STEEL, outline=_EDGE, width=3)
    pen.rectangle((left + 16, top + 70, right - 16, foot - 20), fill=_DOOR, outline=_EDGE, width=2)
    for lamp in range(3):
        x = left + 50 + lamp * 46
        pen.ellipse((x, top + 22, x + 26, top + 48), fill=chance.choice(_LAMPS), outline=_EDGE)
    for row in range(3):
        y = top + 110 + row * 130
        for column in range(5):
            x = left + 40 + column * 48
            pen.rectangle((x, y, x + 40, y + 92), fill="#e9ebed", outline=_EDGE, width=2)
            up = y + (14 if chance.random() > 0.2 else 46)
            pen.rectangle((x + 12, up, x + 28, up + 30), fill="#22272b")
    pen.rectangle((right - 30, top + 300, right - 24, top + 360), fill="#22272b")
    for slot in range(6):
        y = foot - 120 + slot * 14
        pen.line([(left + 60, y), (right - 60, y)], fill=_EDGE, width=4)
