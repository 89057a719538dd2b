"""A signature as a finger would draw it: signature_pad's strokes and the PNG of the same line."""

from __future__ import annotations

import io
import json
import math
from dataclasses import dataclass
from random import Random
from typing import Any

from PIL import Image, ImageDraw

SIZE = (600, 200)


@dataclass(frozen=True, slots=True)
class Drawn:
    """`strokes_json` is signature_pad's list of point groups, `png` the picture of them."""

    strokes_json: bytes
    png: bytes


def draw(rng: Random) -> Drawn:
    """One flowing line with a flourish below it, never twice the same for another seed."""
    line = [_point(rng, step / 60) for step in range(61)]
    flourish = [(80 + step * 7.0, 160 + 12 * math.sin(step / 6)) for step in range(61)]
    picture = Image.new("RGBA", SIZE, (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    for points in (line, flourish):
        pen.line(points, fill=(20, 30, 60, 255), width=4, joint="curve")
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    strokes = [_group(points) for points in (line, flourish)]
    return Drawn(json.dumps(strokes).encode(), buffer.getvalue())


def _point(rng: Random, along: float) -> tuple[float, float]:
    wave = 45 * math.sin(along * 22) * (1 - along / 2) + rng.uniform(-4, 4)
    return 60 + along * 460, 95 + wave


def _group(points: list[tuple[float, float]]) -> dict[str, Any]:
    return {
        "penColor": "#141e3c",
        "points": [
            {"x": round(x, 1), "y": round(y, 1), "time": n * 16, "pressure": 0.5}
            for n, (x, y) in enumerate(points)
        ],
    }
