"""Copies of pictures are named as such, other shots of the same scene only as alike, and unrelated
pictures not at all. Over generated scenes: tests/support/scenes.py."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import pytest
from PIL import Image

from app.imaging.child import run_limited
from app.imaging.corners import STORED_WORDS, WORDS, corners_of, describe
from app.imaging.decode import UndecodableImage
from app.imaging.likeness import Likeness, compare, compare_corners
from app.imaging.pixels import halve
from tests.support.scenes import Camera, a_copy, a_scene, as_jpeg, shoot

SCENES = 40
# Sides by which a copy is cropped, its JPEG quality, its scale.
COPIES = {
    "as it is": {"crop": 0.0, "quality": 90, "scale": 1.0},
    "compressed": {"crop": 0.0, "quality": 50, "scale": 1.0},
    "smaller": {"crop": 0.0, "quality": 80, "scale": 0.5},
    "cropped": {"crop": 0.1, "quality": 90, "scale": 1.0},
    "all of it": {"crop": 0.1, "quality": 50, "scale": 0.5},
}


@cache
def photographed(number: int, shot: int = 0) -> bytes:
    """One of several shots of a scene, each with its own standpoint, light and noise."""
    camera = Camera(seed=1000 * shot + number, light=1.0 - 0.08 * (shot % 3), noise=3 + shot % 3)
    return as_jpeg(shoot(a_scene(number), camera))


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """`pictures(data)` is a file with the thumbnail that a worker makes of a photo."""
    folder = tmp_path_factory.mktemp("likeness")
    count = iter(range(1_000_000))

    def run(data: bytes) -> Path:
        path = folder / f"{next(count)}.jpg"
        path.write_bytes(data)
        with Image.open(path) as whole:
            halve(whole.convert("RGB"), (480, 480)).save(path, "JPEG", quality=80)
        return path

    return run


@cache
def corners(path: Path):
    with Image.open(path) as picture:
        return corners_of(picture.convert("L"))


@pytest.fixture(scope="module")
def originals(pictures) -> list[Path]:
    return [pictures(photographed(number)) for number in range(SCENES)]


@pytest.mark.parametrize("way", COPIES)
def test_copies_are_found_and_named(pictures, originals, way):
    """Found by words among all, and then compared, as a worker does."""
    stored = [frozenset(describe(path).words) for path in originals]
    named = found = 0
    for number, path in enumerate(originals):
        copy = pictures(a_copy(photographed(number), number, **COPIES[way]))
        asked = set(describe(copy).asked)
        found += len(stored[number] & asked) >= 3
        (result,) = compare(copy, [path])
        named += result.likeness is Likeness.SAME
    assert found >= 0.95 * SCENES
    assert named >= 0.95 * SCENES


def test_which_of_the_two_is_the_copy_does_not_matter(pictures, originals):
    for number, path in list(enumerate(originals))[:12]:
        copy = pictures(a_copy(photographed(number), number))
        assert len(set(describe(copy).words) & set(describe(path).asked)) >= 3
        (result,) = compare(path, [copy])
        assert result.likeness is Likeness.SAME


def test_unrelated_pictures_are_never_named(originals):
    """All pairs; more in `bench/likeness.py`."""
    results = [
        compare_corners(corners(one), corners(other)).likeness
        for one, other in combinations(originals, 2)
    ]
    assert len(results) == SCENES * (SCENES - 1) // 2
    assert Counter(results) == {None: len(results)}


def test_another_shot_of_the_scene_is_no_copy(pictures, originals):
    """It may look alike, or not even that: it was taken from elsewhere."""
    others = [pictures(photographed(number, shot=1)) for number in range(SCENES)]
    results = [
        compare(other, [path])[0].likeness for other, path in zip(others, originals, strict=True)
    ]
    assert Likeness.SAME not in results
    assert Likeness.ALIKE in results


def test_a_burst_from_a_steady_hand_is_no_copy(pictures):
    """Moved by some pixels of 1280 between two shots."""
    results = Counter()
    for number in range(SCENES):
        one = Camera(seed=number, sway=60)
        other = replace(one, seed=number + 5000, sway=60)
        first, second = (pictures(as_jpeg(shoot(a_scene(number), each))) for each in (one, other))
        results[compare(second, [first])[0].likeness] += 1
    assert results[Likeness.SAME] == 0


def test_a_changed_detail_shows(pictures, originals):
    """A copy in which something was painted over is no longer the same picture."""
    for number, path in list(enumerate(originals))[:12]:
        with Image.open(path) as whole:
            forged = whole.convert("RGB")
        forged.paste((120, 30, 30), (100, 80, 330, 260))
        changed = path.with_suffix(f".{number}.jpg")
        forged.save(changed, "JPEG", quality=85)
        (result,) = compare(changed, [path])
        assert result.likeness is Likeness.ALIKE


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_picture_without_details_has_no_words_and_is_like_nothing(tmp_path, originals, level):
    path = tmp_path / "wall.png"
    Image.new("RGB", (640, 480), (level,) * 3).save(path)
    described = describe(path)
    assert (described.words, described.asked) == ((), ())
    assert compare(path, originals[:2])[0].likeness is None
    assert compare(originals[0], [path])[0].likeness is None
    assert compare(path, [path])[0].likeness is None


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (40, 40), (64, 64), (480, 33)])
def test_tiny_and_narrow_pictures_do_no_harm(tmp_path, size):
    path = tmp_path / "tiny.png"
    Image.effect_noise(size, 60).convert("RGB").save(path)
    described = describe(path)
    assert len(described.words) <= STORED_WORDS
    compare(path, [path])


def test_the_same_picture_gives_the_same_words(originals):
    for path in originals[:4]:
        one, other = describe(path), describe(path)
        assert one == other
        assert one.words
        assert set(one.words) <= set(one.asked)
        assert all(0 <= word < WORDS for word in one.asked)


def test_a_candidate_that_cannot_be_decoded_is_passed_over(tmp_path, originals):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(originals[0].read_bytes()[:900])
    results = compare(originals[0], [broken, originals[0]])
    assert [one.likeness for one in results] == [None, Likeness.SAME]
    with pytest.raises(UndecodableImage):
        describe(broken)


def test_it_runs_in_a_limited_child(originals):
    described = run_limited(describe, originals[0])
    assert described == describe(originals[0])
    results = run_limited(compare, originals[0], originals[:3])
    assert [one.likeness for one in results] == [Likeness.SAME, None, None]
