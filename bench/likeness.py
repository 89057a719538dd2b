"""How many copies of photos are found, and how often other pictures are named.

    python -m bench.likeness [--scenes 160] [--photos FOLDER]

Over the generated scenes of tests/support/scenes.py, and over a folder of photos. For each way of
copying it prints how many copies share enough words to become candidates, and how many of those are
called the same or alike; then the same for other shots of each scene, and for all unrelated pairs.
"""

from __future__ import annotations

import argparse
import io
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps

from app.imaging.corners import Described, corners_of, describe_corners
from app.imaging.likeness import Compared, Likeness, compare_corners
from app.photos.comparing import LEAST_SHARED, MOST_CANDIDATES
from tests.support.scenes import Camera, a_copy, a_scene, as_jpeg, shoot

WAYS = {
    "compressed (50)": {"crop": 0.0, "quality": 50, "scale": 1.0},
    "half size": {"crop": 0.0, "quality": 85, "scale": 0.5},
    "cropped by up to 10 %": {"crop": 0.1, "quality": 90, "scale": 1.0},
    "all three": {"crop": 0.1, "quality": 50, "scale": 0.5},
}
# Photos are scaled to this before anything else, so that a run takes minutes.
LONG_EDGE = 1600
PAIRS = 20_000


class Picture:
    """A photo as a worker sees it: its thumbnail's corners and words."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        with Image.open(io.BytesIO(data)) as whole:
            small = ImageOps.contain(whole.convert("RGB"), (480, 480), Image.Resampling.LANCZOS)
        file = io.BytesIO()
        small.save(file, "JPEG", quality=80)
        with Image.open(file) as thumbnail:
            self.corners = corners_of(thumbnail.convert("L"))
        self.described: Described = describe_corners(self.corners)
        self.words = frozenset(self.described.words)

    def shared_with(self, other: Picture) -> int:
        """The words of the other that a search for this one finds."""
        return len(other.words.intersection(self.described.asked))

    def compared_with(self, other: Picture) -> Compared:
        return compare_corners(other.corners, self.corners)


def photos_in(folder: Path) -> Iterator[bytes]:
    pillow_heif.register_heif_opener()
    for path in sorted(folder.iterdir()):
        try:
            with Image.open(path) as picture:
                upright = ImageOps.exif_transpose(picture).convert("RGB")
        except OSError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            continue
        yield as_jpeg(ImageOps.contain(upright, (LONG_EDGE, LONG_EDGE)), 92)


def scenes(count: int, shot: int = 0, **camera: float) -> Iterator[bytes]:
    for number in range(count):
        yield as_jpeg(shoot(a_scene(number), Camera(seed=shot * 100_000 + number, **camera)))


def report_copies(name: str, originals: Sequence[Picture], per_photo: int) -> None:
    for way, how in WAYS.items():
        copies = [
            (Picture(a_copy(one.data, 1000 * number + turn, **how)), one)
            for number, one in enumerate(originals)
            for turn in range(per_photo)
        ]
        _print(f"{name}, {way}", copies, originals)


def _print(title: str, pairs: Iterable[tuple[Picture, Picture]], among: Sequence[Picture]) -> None:
    counts: Counter[str] = Counter()
    worst = 1.0
    least = 10_000
    for copy, original in pairs:
        counts["pairs"] += 1
        better = sum(
            copy.shared_with(other) > copy.shared_with(original)
            for other in among
            if other is not original
        )
        shared = copy.shared_with(original)
        counts["found"] += shared >= LEAST_SHARED and better < MOST_CANDIDATES
        result = copy.compared_with(original)
        counts[result.likeness or "none"] += 1
        worst, least = min(worst, result.agreement), min(least, result.pairs)
    total = counts["pairs"]
    print(
        f"{title:48} {total:6} pairs, found {counts['found'] / total:6.1%},"
        f" same {counts[Likeness.SAME] / total:6.1%}, alike {counts[Likeness.ALIKE] / total:6.1%},"
        f" least pairs {least}, least agreement {worst:.2f}"
    )


def report_unrelated(name: str, pictures: Sequence[Picture]) -> None:
    """Every pair, or PAIRS of them; and those that chance would make candidates."""
    pairs = list(combinations(pictures, 2))
    if len(pairs) > PAIRS:
        pairs = random.Random(1).sample(pairs, PAIRS)
    counts: Counter[str] = Counter()
    most = 0
    started = time.process_time()
    for one, other in pairs:
        result = one.compared_with(other)
        counts[result.likeness or "none"] += 1
        most = max(most, result.pairs)
        counts["candidates"] += one.shared_with(other) >= LEAST_SHARED
    spent = (time.process_time() - started) / len(pairs)
    print(
        f"{name + ', unrelated':48} {len(pairs):6} pairs, candidates {counts['candidates']},"
        f" same {counts[Likeness.SAME]}, alike {counts[Likeness.ALIKE]}, most pairs {most},"
        f" {1000 * spent:.1f} ms a pair"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scenes", type=int, default=160)
    parser.add_argument("--photos", type=Path)
    chosen = parser.parse_args()
    started = time.process_time()
    generated = [Picture(data) for data in scenes(chosen.scenes)]
    print(f"{chosen.scenes} scenes in {time.process_time() - started:.0f} s of processor time")
    report_copies("scenes", generated, 1)
    for sway in (60.0, 20.0, 8.0):
        others = [Picture(data) for data in scenes(chosen.scenes, 1, sway=sway)]
        firsts = [Picture(data) for data in scenes(chosen.scenes, 2, sway=sway)]
        pairs = list(zip(others, firsts, strict=True))
        _print(f"another shot, corners within {sway:.0f} of 1280 px", pairs, firsts)
    report_unrelated("scenes", generated)
    if chosen.photos:
        taken = [Picture(data) for data in photos_in(chosen.photos)]
        report_copies("photos", taken, 20)
        report_unrelated("photos", taken)
        mixed = [*taken, *generated]
        crossed = [(one, other) for one in taken for other in generated]
        named = sum(one.compared_with(other).likeness is not None for one, other in crossed)
        print(f"photos with scenes: {len(crossed)} pairs of {len(mixed)} pictures, named {named}")


if __name__ == "__main__":
    main()
