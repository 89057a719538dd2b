"""Generated scenes for tests of pictures: boards, gauges, nameplates and cables, and cameras that
photograph them. The same numbers give the same picture."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from random import Random

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

# A scene is larger than what a camera sees of it, in pixels.
WORLD = (1600, 1200)
VIEW = (1280, 960)
LETTERS = "ABCDEFGHKLMNPQRSTUVXYZ0123456789-"


def _ground(chance: Random, dark: int, light: int) -> Image.Image:
    """A wall with stains and shadows."""
    numbers = np.random.default_rng(chance.getrandbits(32))
    coarse = numbers.integers(dark, light, (9, 12, 3)).astype(np.uint8)
    fine = numbers.normal(0, 6, (WORLD[1] // 4, WORLD[0] // 4, 1))
    wall = Image.fromarray(coarse).resize(WORLD, Image.Resampling.BICUBIC)
    grain = np.asarray(
        Image.fromarray((128 + fine[..., 0]).clip(0, 255).astype(np.uint8)).resize(WORLD)
    )
    return Image.fromarray(
        (np.asarray(wall, np.int16) + (grain.astype(np.int16) - 128)[..., None])
        .clip(0, 255)
        .astype(np.uint8)
    )


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)


def _word(chance: Random, most: int = 9) -> str:
    return "".join(chance.choice(LETTERS) for _ in range(chance.randint(3, most)))


def _grey(chance: Random, least: int = 20, most: int = 235) -> tuple[int, int, int]:
    level = chance.randint(least, most)
    return tuple(min(255, max(0, level + chance.randint(-20, 20))) for _ in range(3))  # type: ignore[return-value]


def _board(chance: Random) -> Image.Image:
    """A distribution board: rows of breakers, each with its label, and cables between them."""
    picture = _ground(chance, 90, 190)
    pen = ImageDraw.Draw(picture)
    pen.rectangle(
        (120, 80, 1480, 1120), fill=_grey(chance, 150, 230), outline=(20, 20, 20), width=6
    )
    top = 130
    while top < 1000:
        height = chance.randint(110, 190)
        left = 160 + chance.randint(0, 60)
        while left < 1380:
            width = chance.randint(40, 110)
            if chance.random() < 0.85:
                pen.rectangle(
                    (left, top, left + width, top + height),
                    fill=_grey(chance),
                    outline=(10, 10, 10),
                    width=3,
                )
                lever = top + chance.randint(15, max(16, height - 45))
                pen.rectangle((left + 10, lever, left + width - 10, lever + 26), fill=_grey(chance))
                pen.text(
                    (left + 3, top + height + 4),
                    _word(chance, 5),
                    fill=(10, 10, 10),
                    font=_font(18),
                )
            left += width + chance.randint(4, 30)
        for _cable in range(chance.randint(1, 5)):
            start, end = chance.randint(150, 1450), chance.randint(150, 1450)
            pen.line(
                (start, top, end, top + height), fill=_grey(chance), width=chance.randint(4, 10)
            )
        top += height + chance.randint(35, 60)
    return picture


def _gauge(chance: Random) -> Image.Image:
    """One to three dials with scales and hands, and pipes behind them."""
    picture = _ground(chance, 60, 170)
    pen = ImageDraw.Draw(picture)
    for _pipe in range(chance.randint(2, 5)):
        at = chance.randint(0, WORLD[0])
        pen.line(
            (at, 0, at + chance.randint(-500, 500), WORLD[1]),
            fill=_grey(chance),
            width=chance.randint(20, 70),
        )
    for _dial in range(chance.randint(1, 3)):
        x, y, radius = chance.randint(350, 1250), chance.randint(300, 900), chance.randint(150, 280)
        pen.ellipse(
            (x - radius, y - radius, x + radius, y + radius),
            fill=(240, 240, 235),
            outline=(30, 30, 30),
            width=10,
        )
        start, step, fives = (
            chance.uniform(1.5, 3.5),
            chance.uniform(0.07, 0.22),
            chance.choice((4, 5, 10)),
        )
        for tick in range(chance.randint(18, 60)):
            angle = start + tick * step
            inner = radius * (0.75 if tick % fives else 0.65)
            ends = [(x + r * np.cos(angle), y + r * np.sin(angle)) for r in (inner, radius * 0.88)]
            pen.line([*ends[0], *ends[1]], fill=(20, 20, 20), width=4)
            if tick % fives == 0:
                pen.text(
                    (x + radius * 0.5 * np.cos(angle) - 12, y + radius * 0.5 * np.sin(angle) - 12),
                    str(tick * chance.choice((2, 5, 10))),
                    fill=(20, 20, 20),
                    font=_font(26),
                )
        hand = chance.uniform(2.4, 7.0)
        pen.line(
            (x, y, x + radius * 0.8 * np.cos(hand), y + radius * 0.8 * np.sin(hand)),
            fill=(180, 20, 20),
            width=9,
        )
        pen.text((x - 40, y + radius * 0.4), _word(chance, 6), fill=(20, 20, 20), font=_font(30))
    return picture


def _plate(chance: Random) -> Image.Image:
    """A nameplate: lines of text and numbers, screws, perhaps a bar code."""
    picture = _ground(chance, 70, 150)
    pen = ImageDraw.Draw(picture)
    left, top = chance.randint(100, 300), chance.randint(80, 250)
    right, bottom = chance.randint(1300, 1500), chance.randint(950, 1120)
    pen.rectangle(
        (left, top, right, bottom), fill=_grey(chance, 190, 245), outline=(40, 40, 40), width=5
    )
    y = top + 30
    while y < bottom - 120:
        size = chance.choice((24, 30, 40, 56))
        words = "  ".join(_word(chance) for _ in range(chance.randint(1, 4)))
        pen.text((left + chance.randint(30, 90), y), words, fill=(15, 15, 15), font=_font(size))
        y += size + chance.randint(12, 40)
    bar = left + 60
    while bar < right - 300 and chance.random() < 0.995:
        width = chance.choice((3, 5, 8))
        pen.rectangle((bar, bottom - 100, bar + width, bottom - 30), fill=(0, 0, 0))
        bar += width + chance.choice((4, 6, 10))
    return picture


def _cables(chance: Random) -> Image.Image:
    """Trays with bundles of cables, tags hanging from some."""
    picture = _ground(chance, 50, 160)
    pen = ImageDraw.Draw(picture)
    for _bundle in range(chance.randint(12, 30)):
        points = [(x, chance.randint(0, WORLD[1])) for x in range(0, WORLD[0] + 1, 400)]
        pen.line(points, fill=_grey(chance), width=chance.randint(6, 30), joint="curve")
    for _tag in range(chance.randint(4, 12)):
        x, y = chance.randint(60, 1400), chance.randint(60, 1100)
        pen.rectangle((x, y, x + 140, y + 48), fill=(245, 240, 200), outline=(30, 30, 30), width=2)
        pen.text((x + 8, y + 8), _word(chance, 7), fill=(10, 10, 10), font=_font(26))
    return picture


KINDS: tuple[Callable[[Random], Image.Image], ...] = (_board, _gauge, _plate, _cables)


def a_scene(number: int) -> Image.Image:
    """A scene of one of the kinds in turn."""
    return KINDS[number % len(KINDS)](Random(number))


@dataclass(frozen=True)
class Camera:
    """How a scene is photographed. `sway` (pixels of the scene) moves each corner of the view, as a
    hand and a second standpoint do; `light` multiplies, `noise` is a deviation in grey levels, and
    `blur` a radius in pixels."""

    seed: int = 0
    sway: float = 60.0
    light: float = 1.0
    noise: float = 4.0
    blur: float = 0.8


def shoot(scene: Image.Image, camera: Camera) -> Image.Image:
    """The scene through this camera; each seed is another shot."""
    numbers = np.random.default_rng(camera.seed)
    edge = (np.array(WORLD) - np.array(VIEW)) / 2
    square = np.array([(0, 0), (VIEW[0], 0), VIEW, (0, VIEW[1])], float)
    corners = square + edge + numbers.uniform(-camera.sway, camera.sway, (4, 2))
    seen = scene.transform(
        VIEW, Image.Transform.PERSPECTIVE, _perspective(square, corners), Image.Resampling.BICUBIC
    ).filter(ImageFilter.GaussianBlur(camera.blur))
    levels = np.asarray(seen, np.float32) * camera.light
    return Image.fromarray(
        (levels + numbers.normal(0, camera.noise, levels.shape)).clip(0, 255).astype(np.uint8)
    )


def _perspective(here: np.ndarray, there: np.ndarray) -> tuple[float, ...]:
    """Pillow's eight numbers that map the places `here` to those `there`."""
    rows, values = [], []
    for (x, y), (u, v) in zip(here, there, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return tuple(np.linalg.solve(np.array(rows), np.array(values)))


def as_jpeg(picture: Image.Image, quality: int = 88) -> bytes:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return file.getvalue()


def a_copy(
    data: bytes, number: int, *, crop: float = 0.1, quality: int = 50, scale: float = 0.5
) -> bytes:
    """A copy as somebody makes who hides where a picture is from: each side cropped by up to
    `crop`, made smaller, and saved again."""
    chance = Random(number)
    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        left, right = (round(width * chance.uniform(0, crop)) for _ in "lr")
        top, bottom = (round(height * chance.uniform(0, crop)) for _ in "tb")
        cut = picture.crop((left, top, width - right, height - bottom))
        small = cut.resize(
            (round(cut.width * scale), round(cut.height * scale)), Image.Resampling.LANCZOS
        )
    return as_jpeg(small, quality)
