"""A signature as a finger would draw it: the pad's strokes and the PNG of the same line."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from random import Random

from PIL import Image, ImageDraw

SIZE = (600, 200)


@dataclass(frozen=True, slots=True)
class Drawn:
    """`strokes_json` is what the page's pad sends, `png` the picture of them."""

    strokes_json: bytes
    png: bytes


def draw(rng: Random) -> Drawn:
    """One flowing line with a flourish below it, different for each seed."""
    line = [_point(rng, step / 60) for step in range(61)]
    flourish = [(80 + step * 7.0, 160 + 12 * math.sin(step / 6)) for step in range(61)]
    picture = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    for points in (line, flourish):
        pen.line(points, fill=(20, 30, 60, 255), width=4, joint="curve")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    strokes = [_stroke(points) for points in (line, flourish)]
    pad = {"width": SIZE[0], "height": SIZE[1], "strokes": strokes}
    return Drawn(json.dumps(pad).encode(), buffer.getvalue())


def _point(rng: Random, along: float) -> tuple[float, float]:
    wave = 45 * math.sin(along * 22) * (1 - along / 2) + rng.uniform(-4, 4)
    return 60 + along * 460, 95 + wave


def _stroke(points: list[tuple[float, float]]) -> list[list[float]]:
    return [[round(x, 1), round(y, 1), n * 16.0] for n, (x, y) in enumerate(points)]
