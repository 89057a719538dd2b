"""Small pixel operations shared by photos and logos; nothing here opens a file."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from PIL import Image

_REDUCING_GAP = 2.0
_BAND_ROWS = 512


@dataclass(frozen=True)
class RawPixels:
    """Pixels from a decoder: rows of `stride` bytes, in a Pillow mode with 8 bits per channel."""

    mode: str
    size: tuple[int, int]
    stride: int
    data: memoryview

    def rows(self, top: int, bottom: int) -> Image.Image:
        """A copy of the rows from `top` up to but not including `bottom`."""
        piece = self.data[top * self.stride : bottom * self.stride]
        size = (self.size[0], bottom - top)
        return Image.frombytes(self.mode, size, piece, "raw", (self.mode, self.stride))


def fit(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    """Return `size` scaled to fit `box` with the same proportions; never larger, never below 1."""
    scale = min(1.0, box[0] / size[0], box[1] / size[1])
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))


def shrink(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Return the image shrunk to fit `box`, or the image itself if it already fits."""
    size = fit(image.size, box)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=_REDUCING_GAP)


def halve(image: Image.Image, box: tuple[int, int]) -> Image.Image:
    """Like `shrink`, but in whole steps where they fit, as from a print size to a thumbnail: each
    pixel is the mean of those that it stands for, at a tenth of the time."""
    size = fit(image.size, box)
    if size == image.size:
        return image
    return image.resize(size, Image.Resampling.LANCZOS, reducing_gap=1.0)


def eight_bit(image: Image.Image) -> Image.Image:
    """Convert to a mode that Pillow can resize: L, RGB, RGBA or CMYK, keeping transparency."""
    if image.mode.startswith("I"):  # 16-bit grey; Pillow's own conversion clips at 255
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info:
        return image.convert("RGBA")
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in ("L", "RGB", "RGBA", "CMYK") else image.convert("RGB")


def shrink_raw(raw: RawPixels, box: tuple[int, int]) -> Image.Image:
    """Shrink raw pixels with the result of `shrink`, but without building a full image.

    Pillow needs four bytes a pixel where a decoder needs three: a second copy of 108 MP would be
    432 MB. The first of the two steps of `shrink` is therefore done band by band.
    """
    width, height = raw.size
    size = fit(raw.size, box)
    factors = (_factor(width, size[0]), _factor(height, size[1]))
    if factors == (1, 1):
        return shrink(eight_bit(raw.rows(0, height)), box)
    band = factors[1] * ceil(_BAND_ROWS / factors[1])
    reduced: Image.Image | None = None
    for top in range(0, height, band):
        piece = eight_bit(raw.rows(top, min(top + band, height)))
        if piece.mode == "RGBA":
            piece = piece.convert("RGBa")
        piece = piece.reduce(factors)
        if reduced is None:
            reduced = Image.new(piece.mode, (piece.width, ceil(height / factors[1])))
        reduced.paste(piece, (0, top // factors[1]))
    assert reduced is not None, "a picture has rows"
    edges = (0, 0, width / factors[0], height / factors[1])
    small = reduced.resize(size, Image.Resampling.LANCZOS, edges)
    return small.convert("RGBA") if small.mode == "RGBa" else small


def _factor(whole: int, part: int) -> int:
    """The factor by which `Image.resize` reduces a side before it resamples, with this gap."""
    return max(1, int(whole / part / _REDUCING_GAP))
