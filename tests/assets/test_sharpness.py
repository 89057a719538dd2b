"""What the phone says of blurred and dark pictures: sharpness.js over generated scenes."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.assets.building import ASSETS, node
from tests.support.scenes import VIEW, Camera, a_scene, shoot

SCENES = 24
WIDTH = 640
JUDGE = """
import { readFileSync } from "node:fs";
import { judge } from "./src/sharpness.js";
const size = (bytes) => [bytes.readUInt32LE(0), bytes.readUInt32LE(4)];
const found = process.argv.slice(1).map((path) => {
  const bytes = readFileSync(path);
  const [width, height] = size(bytes);
  return judge(new Uint8Array(bytes.subarray(8)), width, height);
});
console.log(JSON.stringify(found));
"""


def judged(folder: Path, pictures: list[Image.Image]) -> list[dict]:
    """The verdicts on pictures, each scaled as a canvas does."""
    paths = []
    for number, picture in enumerate(pictures):
        small = picture.convert("L")
        if small.width > WIDTH:
            height = round(small.height * WIDTH / small.width)
            small = small.resize((WIDTH, height), Image.Resampling.BILINEAR)
        path = folder / f"{number}.grey"
        size = b"".join(side.to_bytes(4, "little") for side in small.size)
        path.write_bytes(size + small.tobytes())
        paths.append(str(path))
    run = subprocess.run(
        [node(), "--input-type=module", "-e", JUDGE, *paths],
        cwd=ASSETS,
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return json.loads(run.stdout)


@cache
def shots(light: float = 1.0, noise: float = 4.0) -> list[Image.Image]:
    camera = {"light": light, "noise": noise}
    return [shoot(a_scene(one), Camera(seed=one, **camera)) for one in range(SCENES)]


def blurred(pictures: list[Image.Image], radius: float) -> list[Image.Image]:
    """Out of focus by so many pixels of 1280."""
    return [one.filter(ImageFilter.GaussianBlur(radius)) for one in pictures]


def shaken(picture: Image.Image, steps: int) -> Image.Image:
    """Moved sideways by so many pixels while the shutter was open."""
    moved = [
        picture.transform(VIEW, Image.Transform.AFFINE, (1, 0, at, 0, 1, 0)) for at in range(steps)
    ]
    result = moved[0]
    for number, one in enumerate(moved[1:], start=2):
        result = Image.blend(result, one, 1 / number)
    return result


@pytest.mark.parametrize("light", [1.0, 0.6, 0.4])
def test_a_sharp_picture_is_left_alone(tmp_path, light):
    found = judged(tmp_path, shots(light))
    assert not any(one["isBlurred"] or one["isDark"] for one in found)


def test_slight_blur_is_left_alone(tmp_path):
    """Two pixels of 1280 cannot be seen in print."""
    found = judged(tmp_path, blurred(shots(), 2))
    assert sum(one["isBlurred"] for one in found) <= 0.1 * SCENES


@pytest.mark.parametrize("radius", [8, 12, 20])
def test_a_blurred_picture_is_noticed(tmp_path, radius):
    found = judged(tmp_path, blurred(shots(), radius))
    assert sum(one["isBlurred"] for one in found) >= 0.95 * SCENES


def test_noise_does_not_hide_blur(tmp_path):
    """A dim room: the sensor's noise is sharp, whatever the lens does."""
    grain = Image.effect_noise(VIEW, 60).convert("RGB")
    noisy = [Image.blend(one, grain, 0.1) for one in blurred(shots(), 12)]
    found = judged(tmp_path, noisy)
    assert sum(one["isBlurred"] for one in found) >= 0.8 * SCENES


def test_a_focused_object_before_a_blurred_room_is_left_alone(tmp_path):
    pictures = []
    for sharp, soft in zip(shots(), blurred(shots(), 16), strict=True):
        picture = soft.copy()
        box = (400, 260, 900, 700)
        picture.paste(sharp.crop(box), box)
        pictures.append(picture)
    found = judged(tmp_path, pictures)
    assert sum(one["isBlurred"] for one in found) <= 0.1 * SCENES


@pytest.mark.parametrize("light", [0.02, 0.06])
def test_a_dark_picture_is_noticed(tmp_path, light):
    found = judged(tmp_path, shots(light, 1.0))
    assert sum(one["isDark"] for one in found) >= 0.95 * SCENES


def test_a_lit_display_in_the_dark_is_left_alone(tmp_path):
    pictures = []
    for dark, lit in zip(shots(0.02, 1.0), shots(), strict=True):
        picture = dark.copy()
        box = (500, 300, 900, 650)
        picture.paste(lit.crop(box), box)
        pictures.append(picture)
    assert not any(one["isDark"] for one in judged(tmp_path, pictures))


@pytest.mark.parametrize("level", [60, 128, 250])
def test_nothing_is_said_of_the_sharpness_of_a_plain_wall(tmp_path, level):
    (found,) = judged(tmp_path, [Image.new("L", (640, 480), level)])
    assert (found["sharpness"], found["isBlurred"], found["isDark"]) == (None, False, False)


@pytest.mark.parametrize("size", [(1, 1), (3, 3), (17, 18), (640, 5)])
def test_tiny_pictures_do_no_harm(tmp_path, size):
    (found,) = judged(tmp_path, [Image.effect_noise(size, 50)])
    assert not found["isBlurred"]
