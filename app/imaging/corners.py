"""The corners of a picture, and the words by which pictures with the same corners are found.

For children of workers only (`child.run_limited`): pictures are decoded here. Everything is
computed from a small grey copy of a picture, so that the size of the file and the quality of its
JPEG matter little. Pictures are upright, so nothing here is made to find a turned copy.

A corner is described by the patch around it: the means of 8 x 8 blocks, without their brightness
and contrast. A word is made of the signs of the patch's lowest frequencies.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

# Must be set before numpy is imported: one thread per core is useless here, and workers fork.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
from PIL import Image

from app.imaging.decode import open_picture
from app.imaging.limits import PixelLimits

RECIPE = "1"
"""Raise when the same picture may give other words."""

LONG_EDGE = 480
"""In pixels: the size of a thumbnail, which is what is usually compared."""

CORNERS = 500
STORED_WORDS = 200
WORD_BITS = 28
UNSURE_BITS = 4
WORDS = 1 << WORD_BITS
"""Words are numbers below it."""

# Each level of the pyramid is smaller than the one before by this factor.
_STEP = 2**0.25
_LEVELS = 6
# A patch is so many blocks wide, and a block so many pixels.
_BLOCKS = 8
_BLOCK_PX = 4
_HALF_PX = _BLOCKS * _BLOCK_PX // 2
# Corners of one level are more than so many pixels apart.
APART_PX = 4
_LEAST_CONTRAST = 4.0


@dataclass(frozen=True, slots=True)
class Corners:
    """A grey picture, the places of its corners (x + yi, in its pixels) and their patches (one unit
    vector each), the most distinct first."""

    grey: Image.Image
    places: np.ndarray
    patches: np.ndarray


@dataclass(frozen=True, slots=True)
class Described:
    """What a picture is found by: `words` are stored; a search asks for `asked`, which also has the
    words that result if bits that are hardly decided are different. All are below WORDS.

    A picture without details (a wall, a night) has no words and is not found.
    """

    words: tuple[int, ...]
    asked: tuple[int, ...]


def describe(path: Path, max_pixels: PixelLimits | None = None) -> Described:
    """What the picture in the file is found by. Raises UndecodableImage."""
    return describe_corners(read_corners(path, max_pixels))


def describe_corners(corners: Corners) -> Described:
    waves = _waves(corners.patches)
    words = _words(waves > 0)
    return Described(
        tuple(dict.fromkeys(words[:STORED_WORDS].tolist())), tuple(_neighbours(waves, words))
    )


# --- corners -------------------------------------------------------------------------------


def read_corners(path: Path, max_pixels: PixelLimits | None) -> Corners:
    """The corners of the picture in a file. Raises UndecodableImage."""
    grey = open_picture(path, max_pixels, LONG_EDGE).image.convert("L")
    return corners_of(grey)


def corners_of(grey: Image.Image) -> Corners:
    """The corners of a picture in mode "L", at several scales."""
    places, patches, strengths = [], [], []
    shares = np.array([_STEP ** (-2 * level) for level in range(_LEVELS)])
    for level, share in enumerate(shares / shares.sum()):
        factor = _STEP**level
        size = (round(grey.width / factor), round(grey.height / factor))
        if min(size) <= 2 * (_HALF_PX + APART_PX):
            break
        small = np.asarray(grey.resize(size, Image.Resampling.BOX), np.float32)
        rows, columns, response = _find(small, round(CORNERS * share))
        kept, found = _patches(small, rows, columns)
        scale = np.array([grey.width / size[0], grey.height / size[1]])
        places.append((columns[kept] + 0.5) * scale[0] + 1j * (rows[kept] + 0.5) * scale[1])
        patches.append(found)
        strengths.append(response[kept])
    if not places:
        return Corners(grey, np.zeros(0, np.complex128), np.zeros((0, _BLOCKS**2), np.float32))
    order = np.argsort(-np.concatenate(strengths), kind="stable")
    return Corners(grey, np.concatenate(places)[order], np.concatenate(patches)[order])


def _find(grey: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows, columns and strength of the strongest corners (Harris), away from the border."""
    down, right = np.gradient(grey)
    yy, xx, yx = (_box(one, 2) for one in (down * down, right * right, down * right))
    response = yy * xx - yx * yx - 0.05 * (yy + xx) ** 2
    highest = _highest(response, APART_PX)
    edge = _HALF_PX
    inner = np.zeros_like(response, bool)
    inner[edge:-edge, edge:-edge] = True
    rows, columns = np.nonzero((response == highest) & (response > 0) & inner)
    strength = response[rows, columns]
    order = np.argsort(-strength, kind="stable")[:most]
    return rows[order], columns[order], strength[order]


def _box(values: np.ndarray, reach: int) -> np.ndarray:
    """The sum over the square of `reach` pixels around each pixel."""
    size = 2 * reach + 1
    for _direction in (0, 1):
        total = np.cumsum(np.pad(values, ((reach + 1, reach), (0, 0))), axis=0, dtype=np.float64)
        values = (total[size:] - total[:-size]).T
    return values


def _highest(values: np.ndarray, reach: int) -> np.ndarray:
    """The highest value of the square of `reach` pixels around each pixel."""
    for axis in (0, 1):
        width = [(reach, reach) if one == axis else (0, 0) for one in (0, 1)]
        padded = np.pad(values, width, constant_values=-np.inf)
        windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1, axis=axis)
        values = windows.max(axis=-1)
    return values


def _patches(
    grey: np.ndarray, rows: np.ndarray, columns: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The indexes of the corners with contrast, and their patches as unit vectors."""
    total = np.pad(np.cumsum(np.cumsum(grey, 0, np.float64), 1), ((1, 0), (1, 0)))
    steps = np.arange(-_HALF_PX, _HALF_PX + 1, _BLOCK_PX)
    corners = total[rows[:, None, None] + steps[:, None], columns[:, None, None] + steps]
    blocks = np.diff(np.diff(corners, axis=1), axis=2).reshape(len(rows), _BLOCKS**2) / _BLOCK_PX**2
    blocks -= blocks.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(blocks, axis=1)
    kept = np.nonzero(lengths >= _LEAST_CONTRAST * _BLOCKS)[0]
    return kept, (blocks[kept] / lengths[kept, None]).astype(np.float32)


# --- words ---------------------------------------------------------------------------------


def _cosines() -> np.ndarray:
    """The discrete cosine transform of a row of blocks: frequency by block."""
    at = np.arange(_BLOCKS)
    return np.cos(np.pi * at[:, None] * (2 * at + 1) / (2 * _BLOCKS))


_COSINES = _cosines()
# The lowest frequencies in both directions, without the mean.
_LOWEST = sorted(
    ((y, x) for y in range(_BLOCKS) for x in range(_BLOCKS) if y or x),
    key=lambda one: (one[0] ** 2 + one[1] ** 2, one),
)[:WORD_BITS]


def _waves(patches: np.ndarray) -> np.ndarray:
    """The lowest frequencies of each patch."""
    blocks = patches.reshape(-1, _BLOCKS, _BLOCKS)
    waves = _COSINES @ blocks @ _COSINES.T
    down, right = np.array(_LOWEST).T
    found: np.ndarray = waves[:, down, right]
    return found


def _words(signs: np.ndarray) -> np.ndarray:
    words: np.ndarray = signs.astype(np.int64) @ (1 << np.arange(WORD_BITS, dtype=np.int64))
    return words


def _neighbours(waves: np.ndarray, words: np.ndarray) -> list[int]:
    """The words with each choice of the bits that are the least decided."""
    if not len(words):
        return []
    # Low frequencies are strong by nature: each is judged against its own strength.
    decided = np.abs(waves) / (np.abs(waves).mean(axis=0) + 1e-9)
    unsure = np.argsort(decided, axis=1)[:, :UNSURE_BITS]
    choices = np.arange(1 << UNSURE_BITS)[:, None] >> np.arange(UNSURE_BITS) & 1
    flips = (1 << unsure.astype(np.int64)) @ choices.T
    asked: list[int] = np.unique(words[:, None] ^ flips).tolist()
    return asked
