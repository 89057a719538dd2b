"""Whether two pictures show the same, by their corners and their pixels.

For children of workers only (`child.run_limited`): pictures are decoded here. docs/adr/0040 has the
measurements behind the thresholds.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import degrees
from pathlib import Path

# Must be set before numpy is imported: one thread per core is useless here, and workers fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image, ImageFilter

from app.imaging.corners import APART_PX, LONG_EDGE, Corners, read_corners
from app.imaging.decode import UndecodableImage
from app.imaging.limits import PixelLimits

# Patches match if they correlate, and the second best correlates clearly less.
_LEAST_CORRELATION = 0.8
_RATIO = 0.8
_REACH_PX = 3.0
_TRIALS = 600
SAME_PAIRS = 30
ALIKE_PAIRS = 80
_LEAST_BREADTH_PX = 16.0
_MAX_TURN = 0.3
_MAX_SHEAR = 0.005
_MAX_SCALE = 2.2
_LEAST_OVERLAP = 0.5
SAME_AGREEMENT = 0.95
# The sides of the squares whose pixels are compared, and the least contrast (grey levels) that
# says anything.
_SQUARE = 32
_SQUARE_CONTRAST = 6.0
_WORST_PERCENT = 10.0


class Likeness(StrEnum):
    """SAME is a copy, perhaps cropped, smaller or compressed; ALIKE may be a second photo from the
    same place, or of an object of the same type."""

    SAME = "same"
    ALIKE = "alike"


@dataclass(frozen=True, slots=True)
class Compared:
    """Two pictures. `pairs` of corners lie at the same places of a flat object, seen from two
    points; `agreement` (0 to 1) is how well the pixels agree after a mere move."""

    likeness: Likeness | None
    pairs: int = 0
    agreement: float = 0.0


def compare(
    path: Path, others: Sequence[Path], max_pixels: PixelLimits | None = None
) -> list[Compared]:
    """The picture in a file compared with each of the others. Raises UndecodableImage if the first
    one cannot be decoded; another that cannot is unlike it."""
    mine = read_corners(path, max_pixels)
    results = []
    for other in others:
        try:
            results.append(compare_corners(read_corners(other, max_pixels), mine))
        except UndecodableImage:
            results.append(Compared(None))
    return results


def compare_corners(theirs: Corners, mine: Corners) -> Compared:
    source, target = _matches(theirs, mine)
    move = _find_move(source, target)
    if move is None:
        return Compared(None)
    fitting = _fitting(source, target, *move)
    source, target = source[fitting], target[fitting]
    pairs = _count_different(target)
    if pairs < SAME_PAIRS or _breadth(target) < _LEAST_BREADTH_PX:
        return Compared(None, pairs)
    agreement = _agreement(theirs.grey, mine.grey, *move)
    if agreement >= SAME_AGREEMENT and _is_of_copies(move[0], _shear(source, target)):
        return Compared(Likeness.SAME, pairs, agreement)
    return Compared(Likeness.ALIKE if pairs >= ALIKE_PAIRS else None, pairs, agreement)


# --- pairs ---------------------------------------------------------------------------------


def _matches(theirs: Corners, mine: Corners) -> tuple[np.ndarray, np.ndarray]:
    """The places of corners that are each other's best match."""
    nothing = np.zeros(0, np.complex128)
    if min(len(theirs.places), len(mine.places)) < 2:
        return nothing, nothing
    alike = theirs.patches @ mine.patches.T
    best = alike.argmax(axis=1)
    each = np.arange(len(best))
    top = alike[each, best]
    rest = alike.copy()
    # Another corner at the same place, at another scale, is no competitor.
    near = np.abs(mine.places[best][:, None] - mine.places[None, :]) <= 2 * APART_PX
    rest[near] = -1.0
    second = rest.max(axis=1)
    is_clear = (1 - top) < _RATIO * (1 - second)
    is_mutual = alike.argmax(axis=0)[best] == each
    kept = (top >= _LEAST_CORRELATION) & is_clear & is_mutual
    return theirs.places[kept], mine.places[best[kept]]


def _find_move(source: np.ndarray, target: np.ndarray) -> tuple[complex, complex] | None:
    """The (a, b) for which a * source + b is near the target for the most pairs: a scales and
    turns, b moves. None if there are too few."""
    if len(source) < SAME_PAIRS:
        return None
    chance = np.random.default_rng(1)
    one, two = chance.integers(0, len(source), (2, _TRIALS))
    apart = np.abs(source[one] - source[two]) > 4 * APART_PX
    one, two = one[apart], two[apart]
    if not len(one):
        return None
    a = (target[one] - target[two]) / (source[one] - source[two])
    b = target[one] - a * source[one]
    is_near = np.abs(a[:, None] * source + b[:, None] - target) <= _REACH_PX
    inside = is_near[is_near.sum(axis=1).argmax()]
    for _refit in range(3):
        if inside.sum() < 2:
            return None
        a_best, b_best = _fit(source[inside], target[inside])
        inside = np.abs(a_best * source + b_best - target) <= _REACH_PX
    return a_best, b_best


def _fit(source: np.ndarray, target: np.ndarray) -> tuple[complex, complex]:
    """The move with the least squares."""
    from_mean, to_mean = source.mean(), target.mean()
    spread = (np.abs(source - from_mean) ** 2).sum()
    a = ((target - to_mean) * (source - from_mean).conj()).sum() / max(spread, 1e-9)
    return complex(a), complex(to_mean - a * from_mean)


def _fitting(source: np.ndarray, target: np.ndarray, a: complex, b: complex) -> np.ndarray:
    """Which pairs fit one perspective, grown from those that are near a move. Objects of one type,
    such as dials, share a few corners; another view of the same object shares most."""
    near: np.ndarray = np.abs(a * source + b - target) <= 2 * _REACH_PX
    for _refit in range(5):
        if near.sum() < SAME_PAIRS // 2:
            break
        near = np.abs(_seen_from(source, target, near) - target) <= _REACH_PX
    return near


def _seen_from(source: np.ndarray, target: np.ndarray, near: np.ndarray) -> np.ndarray:
    """The places of `source` under the perspective that fits the `near` pairs best."""
    x, y, u, v = (part / LONG_EDGE for one in (source, target) for part in (one.real, one.imag))
    one, none = np.ones_like(x), np.zeros_like(x)
    across = np.stack([x, y, one, none, none, none, -u * x, -u * y], axis=1)[near]
    along = np.stack([none, none, none, x, y, one, -v * x, -v * y], axis=1)[near]
    wanted = np.concatenate([u[near], v[near]])
    (p, q, r, s, t, w, g, h), *_rest = np.linalg.lstsq(np.concatenate([across, along]), wanted)
    depth = g * x + h * y + 1
    depth = np.where(np.abs(depth) < 1e-6, 1e-6, depth)
    places: np.ndarray = ((p * x + q * y + r) + 1j * (s * x + t * y + w)) / depth * LONG_EDGE
    return places


def _count_different(places: np.ndarray) -> int:
    """The number of places: a corner is found at several scales, and counts once."""
    return len(np.unique(np.round(places / APART_PX)))


def _breadth(places: np.ndarray) -> float:
    """The deviation of places across their main direction, in pixels: a row of letters or bars fits
    another row, whatever they say."""
    spread = np.linalg.eigvalsh(np.cov(places.real, places.imag))
    return float(np.sqrt(max(spread[0], 0.0)))


def _shear(source: np.ndarray, target: np.ndarray) -> float:
    """How far the pairs are from a mere move: what their best fit adds to it, as a share."""
    terms = np.stack([source, source.conj(), np.ones_like(source)], axis=1)
    (a, sheared, _shift), *_rest = np.linalg.lstsq(terms, target)
    return float(abs(sheared) / abs(a))


def _is_of_copies(a: complex, shear: float) -> bool:
    """Whether a crop and a change of size explain the move: people who take another photo turn and
    tilt the camera a little."""
    is_straight = abs(degrees(np.angle(a))) <= _MAX_TURN and shear <= _MAX_SHEAR
    return is_straight and 1 / _MAX_SCALE <= abs(a) <= _MAX_SCALE


# --- pixels --------------------------------------------------------------------------------


def _agreement(theirs: Image.Image, mine: Image.Image, a: complex, b: complex) -> float:
    """How well the pixels agree where both pictures show something, square by square, from 0 to 1.

    Brightness and contrast of a square do not count. It is what all but the worst tenth of the
    squares reach, so that something that was added or taken away shows.
    """
    back = 1 / a
    start = -back * b
    data = (back.real, -back.imag, start.real, back.imag, back.real, start.imag)
    moved = theirs.transform(mine.size, Image.Transform.AFFINE, data, Image.Resampling.BICUBIC)
    seen = Image.new("L", theirs.size, 255).transform(mine.size, Image.Transform.AFFINE, data)
    one, other = (
        _squares(picture.filter(ImageFilter.GaussianBlur(1.5))) for picture in (moved, mine)
    )
    covered = _squares(seen).min(axis=1) == 255
    if covered.mean() < _LEAST_OVERLAP:
        return 0.0
    one, other = one[covered], other[covered]
    one = one - one.mean(axis=1, keepdims=True)
    other = other - other.mean(axis=1, keepdims=True)
    spread, other_spread = one.std(axis=1), other.std(axis=1)
    telling = np.maximum(spread, other_spread) >= _SQUARE_CONTRAST
    if not telling.any():
        return 0.0
    both = (one * other).mean(axis=1) / np.maximum(spread * other_spread, 1.0)
    return float(np.clip(np.percentile(both[telling], _WORST_PERCENT), 0.0, 1.0))


def _squares(picture: Image.Image) -> np.ndarray:
    """The pixels of each whole square of a picture, one row for each."""
    values = np.asarray(picture, np.float32)
    rows, columns = values.shape[0] // _SQUARE, values.shape[1] // _SQUARE
    whole = values[: rows * _SQUARE, : columns * _SQUARE]
    cut = whole.reshape(rows, _SQUARE, columns, _SQUARE).swapaxes(1, 2)
    return cut.reshape(rows * columns, _SQUARE * _SQUARE)
